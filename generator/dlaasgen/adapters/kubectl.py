"""kubectl: the one on PATH, called with every argument as its own word."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import ClusterError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_WORDS = 600
_LOGGED = re.compile(r"[EIW][0-9]{4} ").match


def run(arguments: Sequence[str], given: str = "", accepted: Sequence[int] = (0,)) -> tuple[int, str, str]:
    """(exit code, output, errors) of kubectl; `given` is its standard input. Raises ClusterError for another code."""
    path = shutil.which("kubectl")
    if path is None:
        hint = "install it: https://kubernetes.io/docs/tasks/tools/"
        raise ClusterError([Finding("A114", "kubectl is not on PATH", hint=hint)])
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the words are checked by whoever calls
            [path, *arguments], input=given, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    except OSError as error:
        raise ClusterError([Finding("A114", f"kubectl cannot be started: {error.strerror}", file=path)]) from None
    if done.returncode not in accepted:
        # Its libraries' own log lines stand before what kubectl itself has to say.
        lines = [line for line in (done.stderr or done.stdout).splitlines() if not _LOGGED(line)]
        said = " ".join(" ".join(lines).split())[:_MOST_WORDS]
        verb = next((a for a in arguments if not a.startswith("-")), "")
        raise ClusterError([Finding("A115", f"kubectl {verb} failed: {said or f'exit code {done.returncode}'}")])
    return done.returncode, done.stdout, done.stderr


def context_of(server: str) -> str:
    """The context whose cluster is at `server`; the current one for "". Raises ClusterError when there is none."""
    if not server:
        return run(["config", "current-context"])[1].strip()
    config: Any = json.loads(run(["config", "view", "--output=json"])[1] or "null") or {}
    clusters = {c.get("name") for c in config.get("clusters") or [] if (c.get("cluster") or {}).get("server") == server}
    for context in config.get("contexts") or []:
        if (context.get("context") or {}).get("cluster") in clusters:
            return str(context["name"])
    hint = "dlaasgen ks env set ENVIRONMENT --context NAME names the context itself"
    raise ClusterError([Finding("A115", f"no context of kubectl leads to {server:.200}", hint=hint)])
