"""What a machine needs to run the test cluster, and how to get it."""

from __future__ import annotations

import os
import shutil
import sys

# Debian's names. Nothing of them has to run: the cluster starts its own.
PACKAGES = (
    "buildah",
    "busybox-static",
    "containerd",
    "containernetworking-plugins",
    "etcd-server",
    "git",
    "iproute2",
    "mmdebstrap",
    "openssl",
    "redis-server",
    "runc",
    "util-linux",
)
PROGRAMS = (
    *("buildah", "containerd", "ctr", "etcd", "git", "ip", "mmdebstrap", "mount", "openssl", "redis-server", "runc"),
    *("setpriv", "unshare", "/bin/busybox", "/usr/lib/cni/bridge"),
)


def missing() -> str:
    """Why there can be no cluster on this machine, and what to do about it; empty when there can."""
    if not sys.platform.startswith("linux"):
        return "the test cluster needs Linux"
    if os.geteuid() != 0:
        return "the test cluster needs root: a kubelet mounts file systems and makes networks (try `sudo make e2e`)"
    if lacking := [name for name in PROGRAMS if not _there(name)]:
        packages = ", ".join(PACKAGES)
        return f"the test cluster needs {', '.join(lacking)}: run `.ci/install-e2e` (Debian packages {packages})"
    if shutil.which("go") is None:
        return (
            "the test cluster is built with Go 1.26 or newer, from the Go module proxy: install Go and put it on PATH"
        )
    return ""


def _there(name: str) -> bool:
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return shutil.which(name, path=search) is not None
