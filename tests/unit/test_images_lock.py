"""The lock of images: what it may hold, how it is written, and what `image:NAME` becomes in a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen import matrix_yaml
from dlaasgen.adapters import matrix_files
from dlaasgen.cells import expand
from dlaasgen.errors import MatrixError
from dlaasgen.images_lock import ImageLock, LockedImage, dump, parse, refers, split_reference
from dlaasgen.matrix_parser import parse as parse_matrix

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
LOCK = ImageLock(
    {
        "eigen": LockedImage("eigen", "ghcr.io/acme/eigen", "1.4", ONE),
        "mkl": LockedImage("mkl", "localhost:5000/mkl", "latest", TWO, "note"),
    },
    "images.lock.yaml",
)
EIGEN, MKL = f"ghcr.io/acme/eigen@{ONE}", f"localhost:5000/mkl@{TWO}"


def document(**keys: Any) -> dict[str, Any]:
    return {"apiVersion": "dlaasgen/v1", "name": "m", "prototype": "tfjob", **keys}


def refused(call: Any, *args: Any) -> list[str]:
    with pytest.raises(MatrixError) as caught:
        call(*args)
    return [str(f) for f in caught.value.findings]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("debian", ("debian", "latest")),
        ("ghcr.io/acme/a-b_c.d:1.4", ("ghcr.io/acme/a-b_c.d", "1.4")),
        ("localhost:5000/mkl", ("localhost:5000/mkl", "latest")),
        ("localhost:5000/mkl:x", ("localhost:5000/mkl", "x")),
        ("UPPER/case", ("UPPER/case", "latest")),
        ("Upper", None),
        ("a@sha256:" + "1" * 64, None),
        ("a:" + "t" * 129, None),
        ("a/" * 300 + "b", None),
        ("a b", None),
        ("a\n", None),
        ("../a", None),
        ("--flag", None),
        ("", None),
    ],
)
def test_a_reference_is_repository_and_tag(text: str, parts: tuple[str, str] | None) -> None:
    assert split_reference(text) == parts


def test_what_is_written_is_read_back() -> None:
    text = dump(LOCK)
    loaded = matrix_yaml.load(text.encode(), "images.lock.yaml")
    assert parse(loaded.document, loaded.where, "images.lock.yaml") == LOCK
    assert text.count("digest: sha256:") == 2


def test_everything_wrong_in_a_lock_is_told_at_once() -> None:
    assert refused(parse, []) == [
        "error[M161]: a lock of images is an object; expected apiVersion and images",
    ]
    wrong = {
        "apiVersion": "dlaasgen/v2",
        "image": {},
        "images": {
            "Bad": {"image": "a", "digest": ONE},
            "list": [],
            "empty": {},
            "more": {"image": "A", "digest": "sha256:1", "note": 1, "tag": "x"},
        },
    }
    assert [f.removeprefix("images.") for f in refused(parse, wrong)] == [
        "image: error[M161]: a lock of images has no key image; expected apiVersion and images",
        'apiVersion: error[M161]: the lock is of another version; found "dlaasgen/v2"; expected dlaasgen/v1',
        "Bad: error[M161]: \"Bad\" cannot be the name of an image; expected lower-case letters, digits, '.', '_' "
        "and '-', at most 63",
        "list: error[M161]: an image is an object; found []; expected {image: ..., digest: ...}",
        "empty.image: error[M161]: image is no reference; found null; expected [registry/]name[:tag], in lower case, "
        "such as ghcr.io/acme/benchmarks-mkl:1.4",
        "empty.digest: error[M161]: digest is none; found null; expected sha256: and 64 hexadecimal digits",
        "more.tag: error[M161]: an image has no key tag; expected image, digest or note",
        'more.image: error[M161]: image is no reference; found "A"; expected [registry/]name[:tag], in lower case, '
        "such as ghcr.io/acme/benchmarks-mkl:1.4",
        'more.digest: error[M161]: digest is none; found "sha256:1"; expected sha256: and 64 hexadecimal digits',
        "more.note: error[M161]: note is no text; found 1",
    ]
    assert refused(parse, {"images": []}) == [
        "images: error[M161]: images is no object; found []; expected {NAME: {image, digest}}"
    ]


def test_axes_params_includes_and_excludes_are_resolved() -> None:
    matrix = parse_matrix(
        document(
            params={"sidecar": "image:mkl", "plain": "x", "listed": ["image:eigen", 1]},
            axes={
                "image": [{"id": "e", "value": "image:eigen", "base": "image:mkl"}, "image:mkl", "docker.io/a:1"],
                "n": [1, 2],
            },
            exclude=[{"image": "image:mkl", "n": 1}, {"image": ["image:eigen"], "n": 2}],
            include=[{"image": "image:mkl", "n": 3}, {"n": 2, "other": "image:eigen"}, {"image": ["image:eigen"]}],
        ),
        lock=LOCK,
    )
    assert matrix.params == {"sidecar": MKL, "plain": "x", "listed": [EIGEN, 1]}
    assert [(v.id, v.value, dict(v.extra)) for v in matrix.axes[0].values] == [
        ("e", EIGEN, {"base": MKL}),
        ("mkl", MKL, {}),
        ("docker.io/a:1", "docker.io/a:1", {}),
    ]
    assert matrix.images == {"eigen": EIGEN, "mkl": MKL}
    cells = {tuple(c.axes.values()): c.params for c in expand(matrix)}
    assert ("mkl", "1") not in cells
    assert ("e", "2") not in cells
    assert cells["mkl", "3"]["image"] == MKL
    assert cells["mkl", "2"]["other"] == EIGEN


def test_an_include_may_bring_an_image_that_the_axis_has_not() -> None:
    matrix = parse_matrix(
        document(axes={"image": ["image:eigen"]}, include=[{"image": "image:mkl"}]),
        lock=LOCK,
    )
    assert [(dict(c.axes), c.params["image"]) for c in expand(matrix)] == [
        ({"image": "eigen"}, EIGEN),
        ({"image": "mkl"}, MKL),
    ]


def test_a_name_that_the_lock_lacks_is_told_with_the_nearest() -> None:
    wrong = document(axes={"image": ["image:egen", {"id": "x", "value": "image:other"}]})
    assert refused(parse_matrix, wrong, None, "m.yaml", (), LOCK) == [
        'm.yaml: axes.image[0]: error[M160]: images.lock.yaml has no image egen; found "image:egen"; '
        "did you mean eigen?",
        'm.yaml: axes.image[1].value: error[M160]: images.lock.yaml has no image other; found "image:other"; '
        "expected eigen or mkl; `dlaasgen images lock other=REGISTRY/IMAGE:TAG` adds it",
    ]
    assert refused(parse_matrix, document(axes={"image": ["image:mkl"]})) == [
        "axes.image[0]: error[M160]: there is no images.lock.yaml that says which image mkl is; "
        'found "image:mkl"; `dlaasgen images lock mkl=REGISTRY/IMAGE:TAG` makes it'
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {"params": "image:mkl"},
        {"axes": "image:mkl"},
        {"axes": {"image": "image:mkl"}},
        {"axes": {"n": [1]}, "include": ["image:mkl"], "exclude": ["image:mkl"]},
        {"axes": {"n": [1]}, "include": "image:mkl"},
    ],
)
def test_what_has_the_wrong_shape_is_left_to_the_parser(odd: dict[str, Any]) -> None:
    assert all(
        "M112" in f or "M160" in f or "M111" in f for f in refused(parse_matrix, document(**odd), None, None, (), LOCK)
    )


def test_only_names_are_references() -> None:
    assert not refers({"axes": {"image": ["image:", "image:A", "image:a/b", "an image:mkl", "image"]}, "n": 1})
    assert refers({"a": [{"b": "image:x"}]})


def test_the_nearest_lock_above_the_matrix_counts(tmp_path: Path) -> None:
    (tmp_path / "matrix" / "deep").mkdir(parents=True)
    file = tmp_path / "matrix" / "deep" / "m.yaml"
    file.write_text("apiVersion: dlaasgen/v1\nname: m\nprototype: tfjob\naxes: {image: [image:mkl]}\n")
    assert "M160" in refused(matrix_files.read, str(file))[0]
    (tmp_path / "images.lock.yaml").write_text(dump(LOCK))
    assert matrix_files.read(str(file)).images == {"mkl": MKL}
    (tmp_path / "matrix" / "images.lock.yaml").write_text("images: {mkl: {image: b, digest: 1}}\n")
    (said,) = refused(matrix_files.read, str(file))
    assert "matrix/images.lock.yaml:1:34: images.mkl.digest: error[M161]: digest is none; found 1;" in said
