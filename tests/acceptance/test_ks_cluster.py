"""`dlaasgen ks` and a cluster: what kubectl is told, and what happens without one."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from applications import Ks


KUBECTL = """#!/bin/sh
case "$*" in
  "config current-context") echo here; exit 0 ;;
  "config view --output=json") cat "$0.json"; exit 0 ;;
esac
echo "$@" >> "$0.log"
cat >> "$0.log"
test "$1" != diff
"""


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """A kubectl that notes what it is told, with a configuration of one context."""
    file = tmp_path / "bin/kubectl"
    file.parent.mkdir()
    file.write_text(KUBECTL, encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    config: dict[str, Any] = {
        "clusters": [{"name": "c", "cluster": {"server": "https://c"}}],
        "contexts": [{"name": "at-c", "context": {"cluster": "c"}}],
    }
    file.with_name("kubectl.json").write_text(json.dumps(config), encoding="utf-8")
    return file


@pytest.mark.outside
def test_the_cluster_is_called(ks: Ks, fake: Path) -> None:
    path = {"PATH": f"{fake.parent}:/usr/bin:/bin"}
    said = ks("apply", "default", "-c", "small", **path).ok().out
    assert said == "kubectl apply: 1 object, context here, namespace dlaas\n"
    log = fake.with_name("kubectl.log")
    head, _, rest = log.read_text(encoding="utf-8").partition("\n")
    assert head == "apply --context=here --namespace=dlaas --filename=-"
    assert rest == ks("show", "default").out
    log.unlink()
    ks("env", "set", "default", "--server", "https://c").ok()
    ks("delete", "default", "--dry-run", **path).ok()
    assert log.read_text(encoding="utf-8").startswith(
        "delete --context=at-c --namespace=dlaas --ignore-not-found=true --wait=false --dry-run=client --filename=-\n"
    )
    ks("env", "set", "default", "--context", "named").ok()
    ks("diff", "default", **path).exits(1)
    ks("env", "set", "default", "--context", "", "--server", "https://elsewhere").ok()
    told = ks("apply", "default", **path).exits(8).err
    assert told.startswith("error[A115]: no context of kubectl leads to https://elsewhere")
    log.unlink()
    words = ("--kubeconfig", "./k", "-n", "own", "--grace-period=5")
    said = ks("delete", "default", *words, **path).ok().out
    assert said == "kubectl delete: 1 object, context as the options say, namespace dlaas\n"
    assert log.read_text(encoding="utf-8").startswith(
        "delete --kubeconfig=./k --namespace=dlaas --ignore-not-found=true --wait=false --grace-period=5 --filename=-\n"
    )
    log.unlink()
    ks("diff", "remote:default", "local:default", "--context=there", **path).exits(1)
    assert log.read_text(encoding="utf-8").startswith("diff --context=there --namespace=dlaas --filename=-\n")


@pytest.mark.outside
def test_no_kubectl_and_no_cluster(ks: Ks, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert "error[A114]: kubectl is not on PATH" in ks("apply", "default", PATH=str(tmp_path / "none")).exits(8).err
    config = str(tmp_path / "no-config")
    assert "error[A115]: kubectl config failed: " in ks("apply", "default", KUBECONFIG=config).exits(8).err
