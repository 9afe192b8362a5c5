"""dlaasgen collector manifests, as a user runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

IMAGE = "registry.example/dlaasgen@sha256:" + "a" * 64
LOKI = ("--loki", "loki+https://loki.example", "--query", '{namespace="dlaas"}')


@pytest.mark.parametrize("how", [("--store-secret", "results"), ("--store-claim", "results", "--follow")])
def test_the_manifests_have_no_findings_and_kubectl_reads_them(
    dlaasgen: Run, kubectl: Run, tmp_path: Path, how: tuple[str, ...]
) -> None:
    line = ("collector", "manifests", "--image", IMAGE, "--watch", "a", "--watch", "b", *how)
    made = dlaasgen(*line, cwd=tmp_path).ok().out
    (tmp_path / "collector.yaml").write_text(made)
    assert "checked 6 manifests: no findings" in dlaasgen("check", "collector.yaml", cwd=tmp_path).ok().out
    read = kubectl("annotate", "--local", "-f", "collector.yaml", "a=b", "-o", "name", cwd=tmp_path).ok().out
    workload = "deployment.apps" if "--follow" in how else "cronjob.batch"
    assert read.split() == [
        f"{kind}/dlaasgen-collector"
        for kind in ("serviceaccount", *("role.rbac.authorization.k8s.io", "rolebinding.rbac.authorization.k8s.io") * 2,
                     workload)
    ]  # fmt: skip


@pytest.mark.parametrize("how", [(), ("--follow", "--loki-secret", "loki", "--loki-ca", "kube-root-ca.crt")])
def test_the_manifests_for_loki_have_no_findings_and_kubectl_reads_them(
    dlaasgen: Run, kubectl: Run, tmp_path: Path, how: tuple[str, ...]
) -> None:
    line = ("collector", "manifests", "--image", IMAGE, "--store-secret", "results", *LOKI, *how)
    made = dlaasgen(*line, cwd=tmp_path).ok().out
    (tmp_path / "collector.yaml").write_text(made)
    assert "checked 2 manifests: no findings" in dlaasgen("check", "collector.yaml", cwd=tmp_path).ok().out
    read = kubectl("annotate", "--local", "-f", "collector.yaml", "a=b", "-o", "name", cwd=tmp_path).ok().out
    workload = "deployment.apps" if "--follow" in how else "cronjob.batch"
    assert read.split() == [f"{kind}/dlaasgen-collector-loki" for kind in ("serviceaccount", workload)]


def test_what_is_for_loki_only_is_refused_without_it(dlaasgen: Run, tmp_path: Path) -> None:
    said = dlaasgen("collector", "manifests", "--image", IMAGE, "--query", "{}", cwd=tmp_path).exits(2).err
    assert "--query is for Loki" in said
    # Credentials never stand on a command line, nor in a manifest.
    login = ("--loki", "loki+https://me:secret@loki.example", "--query", '{a="b"}', "--store-secret", "results")
    told = dlaasgen("collector", "manifests", "--image", IMAGE, *login, cwd=tmp_path).exits(2)
    assert "without a login" in told.err
    assert "secret@" not in told.out + told.err


def test_a_store_in_no_place_is_refused(dlaasgen: Run, tmp_path: Path) -> None:
    said = dlaasgen("collector", "manifests", "--image", IMAGE, cwd=tmp_path).exits(2).err
    assert "either --store-secret or --store-claim" in said
