from __future__ import annotations

import pytest

from dlaasgen.errors import UsageError
from dlaasgen.images_build import IMAGES, Build, command, plan
from support import ROOT


def test_an_image_comes_after_the_one_that_it_is_made_from() -> None:
    assert [b.name for b in plan([], "p/", "t", {})] == list(IMAGES)
    assert plan(["benchmarks-mkl", "mkl"], "p/", "t", {"A": "b"}) == [
        Build("base", "base.Dockerfile", "p/base:t", {"A": "b"}),
        Build("mkl", "mkl.Dockerfile", "p/mkl:t", {"PARENT_IMAGE": "p/base:t", "A": "b"}),
        Build("benchmarks-mkl", "benchmarks.Dockerfile", "p/benchmarks-mkl:t", {"PARENT_IMAGE": "p/mkl:t", "A": "b"}),
    ]


def test_a_name_that_is_none_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        plan(["bsae", "zzz"], "", "", {})
    assert [str(f) for f in caught.value.findings] == [
        'error[I112]: there is no image "bsae" to build; did you mean base?',
        'error[I112]: there is no image "zzz" to build; expected base, eigen, mkl, benchmarks-eigen or benchmarks-mkl',
    ]


def test_a_command_line_is_a_list() -> None:
    assert command("/usr/bin/buildah", Build("n", "n.Dockerfile", "n:t", {"A": "; x"}), "/c") == [
        "/usr/bin/buildah", "build", "--file", "/c/n.Dockerfile", "--tag", "n:t", "--build-arg", "A=; x", "/c",
    ]  # fmt: skip


def test_every_image_has_its_dockerfile() -> None:
    files = {dockerfile for dockerfile, _ in IMAGES.values()}
    assert files == {p.name for p in (ROOT / "images").glob("*.Dockerfile")}
