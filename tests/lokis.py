"""A server that answers as Loki does, over HTTP: streams by matchers, times in ns as text, limits and their words."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

if TYPE_CHECKING:
    from collections.abc import Iterator

_WEIGHT = re.compile(
    r"sum\(bytes_over_time\((?P<lines>(?P<of>\{.*?\})(?P<pipeline>| .*) \[(?P<range>\d+)ns\])\)\)"
    r" \+ sum\(count_over_time\((?P=lines)\)\)"
    r'(?P<newline>| - \(sum\(count_over_time\((?P=of)(?P=pipeline) \|~ "\\n\$" \[(?P=range)ns\]\)\) or vector\(0\)\))'
)
_SELECTOR = re.compile(r'^\{(?:"(?:[^"\\]|\\.)*"|[^"}])*\}')
_MATCHER = re.compile(r'\s*(\w+)\s*(=~|!=|=)\s*("(?:[^"\\]|\\.)*")\s*(?:,|$)')


@dataclass
class Loki:
    """Lines of streams, as (ns, labels, line).

    metadata  labels that are each line's own (structured metadata), not its stream's
    most      the largest limit; `longest` the largest range, in ns; `largest` the most bytes of lines in one answer
    refuse    (status, body, headers) that the next requests get instead
    """

    lines: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    metadata: set[str] = field(default_factory=set)
    most: int = 5000
    longest: int = 721 * 3600 * 10**9
    largest: int = 1 << 40
    refuse: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    body: bytes | None = None
    away: bool = False
    counts: bool = True
    turn: int = 0
    url: str = ""

    def push(self, time: int, labels: dict[str, str], line: str) -> None:
        """A line; one that is there already is dropped, as Loki does."""
        if (time, labels, line) not in self.lines:
            self.lines.append((time, labels, line))

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        url = urlparse(path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        self.asked.append((url.path, query))
        if self.away:
            return 503, b"no healthy upstream", {}
        if self.refuse:
            return self.refuse.pop(0)
        if self.body is not None:
            return 200, self.body, {}
        if url.path == "/prefix/loki/api/v1/query":
            return self._weight(query["query"], int(query["time"]))
        start, end = int(query["start"]), int(query["end"])
        found = [one for one in self.lines if start <= one[0] < end]
        if url.path == "/prefix/loki/api/v1/series":
            found = [one for one in found if _fits(query["match[]"], self._stream(one[1]))]
            streams = {json.dumps(self._stream(labels)): self._stream(labels) for _, labels, _ in found}
            return 200, json.dumps({"status": "success", "data": list(streams.values())}).encode(), {}
        assert url.path == "/prefix/loki/api/v1/query_range"
        assert query["direction"] == "forward"
        if end <= start:
            return 400, b"end timestamp must not be before or equal to start time", {}
        if end - start > self.longest:
            return 400, b"the query time range exceeds the limit (query length: 168h0m0s, limit: 24h0m0s)", {}
        limit = int(query["limit"])
        if limit > self.most:
            said = f"max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {self.most})"
            return 400, said.encode(), {}
        return self._lines(query["query"], found, limit)

    def _lines(
        self, query: str, found: list[tuple[int, dict[str, str], str]], limit: int
    ) -> tuple[int, bytes, dict[str, str]]:
        (selector,) = _SELECTOR.findall(query)[:1]
        found = [one for one in found if _fits(selector, self._stream(one[1]))]
        # Streams come in any order, and so do the lines of one instant from several of them.
        self.turn += 1
        found.sort(key=lambda one: (one[0], json.dumps(one[1])[:: (-1) ** self.turn]))
        streams: dict[str, Any] = {}
        for time, labels, line in found[:limit]:
            stream = streams.setdefault(json.dumps(labels), {"stream": labels, "values": []})
            stream["values"].append([str(time), line])
        if sum(len(line) for _, _, line in found[:limit]) > self.largest:
            return (
                500,
                b"rpc error: code = ResourceExhausted desc = grpc: received message larger than max (9 vs. 4)",
                {},
            )
        data = {"resultType": "streams", "result": list(streams.values())[:: (-1) ** self.turn]}
        return 200, json.dumps({"status": "success", "warnings": self.warnings, "data": data}).encode(), {}

    def _weight(self, query: str, time: int) -> tuple[int, bytes, dict[str, str]]:
        """The two sums that are asked for, and what is taken off for newlines at the ends of lines."""
        match = _WEIGHT.fullmatch(query)
        if match is None or not self.counts:
            return 400, b"parse error at line 1, col 1: syntax error: unexpected IDENTIFIER", {}
        # After the window's begin, to its end and with it.
        start = time - int(match["range"])
        found = [one for one in self.lines if start < one[0] <= time]
        found = [one for one in found if _fits(match["of"], self._stream(one[1]))]
        total = sum(len(line.encode()) + 1 for _, _, line in found)
        if match["newline"]:
            total -= sum(line.endswith("\n") for _, _, line in found)
        result = [{"metric": {}, "value": [time / 10**9, str(total)]}] if found else []
        return 200, json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode(), {}

    def _stream(self, labels: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in labels.items() if name not in self.metadata}


def _fits(selector: str, labels: dict[str, str]) -> bool:
    text, at = selector.strip()[1:-1], 0
    while at < len(text):
        match = _MATCHER.match(text, at)
        assert match, f"no matcher at {at} of {text}"
        name, how, value = match[1], match[2], json.loads(match[3])
        has = labels.get(name, "")
        fits = re.fullmatch(value, has) is not None if how == "=~" else (has == value) is (how == "=")
        if not fits:
            return False
        at = match.end()
    return True


@contextlib.contextmanager
def serving() -> Iterator[Loki]:
    """A server; its `url` is what --from takes."""
    served = Loki()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.headers.append(dict(self.headers))
            status, body, headers = served.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    served.url = f"loki+http://127.0.0.1:{http.server_port}/prefix"
    try:
        yield served
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
