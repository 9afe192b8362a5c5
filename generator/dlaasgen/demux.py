"""One stream of several pods' lines, taken apart: `kubectl logs --prefix` and stern. No I/O here.

The lines are kept as they came, prefix and all; the parsers peel it off.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_KUBECTL = re.compile(rb"\[pod/([a-z0-9][a-z0-9.-]{0,252})/([a-z0-9][a-z0-9-]{0,62})\] ?")
_POD = rb"([a-z0-9][a-z0-9.-]{0,252}-(?:\d+|[a-z0-9]{5}))"
_STERN = re.compile(rb"(?:([a-z0-9][a-z0-9-]{0,62}) )?" + _POD + rb" ([a-z0-9][a-z0-9-]{0,62}) ")
_JSON_POD = re.compile(rb"\"podName\": ?\"([a-z0-9][a-z0-9.-]{0,252})\"")
_JSON_CONTAINER = re.compile(rb"\"containerName\": ?\"([a-z0-9][a-z0-9-]{0,62})\"")
_JSON_NAMESPACE = re.compile(rb"\"namespace\": ?\"([a-z0-9][a-z0-9-]{0,62})\"")
_ANSI = re.compile(rb"\x1b\[[0-9;]*m")
# A prefix stands at the start; no more of a line than this is looked at.
_HEAD = 1024
SAMPLE = 40

# A namespace, a pod and a container; "" for what is not said.
Whose = tuple[str, str, str]


def form(lines: Iterable[bytes]) -> str | None:
    """How the first lines of a stream name their pods: "kubectl", "stern", "json"; None when they do not."""
    heads = [line[:_HEAD] if not line.startswith(b"{") else line for line in lines if line.strip()][:SAMPLE]
    for name in ("kubectl", "json", "stern"):
        if heads and all(whose(name, head) for head in heads):
            return name
    return None


def whose(form: str, line: bytes) -> Whose | None:
    """Whose line it is; None when it does not say: it belongs to the pod of the line before."""
    head = line[:_HEAD]
    if form == "kubectl":
        match = _KUBECTL.match(head)
        return ("", match[1].decode(), match[2].decode()) if match else None
    if form == "json":
        if not (line.startswith(b"{") and (match := _JSON_POD.search(line))):
            return None
        container, namespace = _JSON_CONTAINER.search(line), _JSON_NAMESPACE.search(line)
        return (
            namespace[1].decode() if namespace else "",
            match[1].decode(),
            container[1].decode() if container else "",
        )
    match = _STERN.match(_ANSI.sub(b"", head) if head.startswith(b"\x1b") else head)
    return ((match[1] or b"").decode(), match[2].decode(), match[3].decode()) if match else None
