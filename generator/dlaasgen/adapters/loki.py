"""Loki's HTTP API: the streams that a selector means, and all of their lines in order, a page at a time.

https://grafana.com/docs/loki/latest/reference/loki-http-api/, https://github.com/grafana/loki/tree/v3.7.8/pkg/loghttp:
`start` is inclusive, `end` exclusive and after it, times are nanoseconds as text, a limit above the server's is a 400.
Credentials come from the environment, under the names that logcli has for them.
"""

from __future__ import annotations

import base64
import contextlib
import email.utils
import http.client
import os
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from dlaasgen.errors import StoreError, UsageError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SCHEMES = ("loki+http://", "loki+https://")
# What Loki gives at once unless its operator says otherwise; what is asked for where one instant has more.
LIMIT = 5000
MOST = 80_000
LARGEST = 64 << 20
_ENDS, _NO_JSON = "the URL ends before /loki/api/v1", "what comes is no JSON, but a login's page perhaps"
_TRIES = 6
_PATIENCE = 300
_LONGEST_WAIT = 60.0
_SECOND = 10**9
_SMALLEST_WINDOW = 60 * _SECOND
_LIMIT_SAID = re.compile(r"max entries limit.*\(\d+ > (\d+)\)")
_TOO_LONG = re.compile(r"query time range exceeds the limit|would read too many bytes|too many chunks")
_TOO_LARGE = re.compile(r"larger than max|ResourceExhausted.*message")


class Entry(NamedTuple):
    """A line: when it was written (nanoseconds since 1970), the labels of its stream, and its text."""

    time: int
    labels: Mapping[str, str]
    line: str


class Unavailable(Exception):  # noqa: N818 - told as what could not be had
    """Lines that the server does not give."""


class _LimitError(Exception):
    """The server gives fewer lines at once; `most` is how many, where it says."""

    def __init__(self, words: str, most: int | None = None) -> None:
        super().__init__(words)
        self.most = most


class _RangeError(Exception):
    """The server looks through less time at once."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nobody elsewhere: the credentials are for this server."""

    def redirect_request(self, *_: Any) -> None:
        """No request."""


class Loki:
    """The server at a URL `loki+https://HOST[:PORT][/PREFIX]`. Raises UsageError for another one."""

    def __init__(self, text: str) -> None:
        split = urllib.parse.urlsplit(text.removeprefix("loki+"))
        try:
            usable = bool(split.hostname) and split.port != 0
        except ValueError:
            usable = False
        if split.username is not None or split.password is not None:
            told = Finding("C146", "a login stands in Loki's URL", expected="LOKI_USERNAME and LOKI_PASSWORD")
            raise UsageError([told])
        if not usable or split.query or split.fragment:
            expected = "loki+https://HOST[:PORT][/PREFIX]"
            raise UsageError([Finding("C146", "that is no place of Loki's", found=text[:200], expected=expected)])
        self.name = f"{split.scheme}://{split.netloc}{split.path.rstrip('/')}"
        self._headers = _headers()
        self._opener = urllib.request.build_opener(_Stay, urllib.request.HTTPSHandler(context=_tls()))
        self._limit, self._most, self._window = LIMIT, MOST, 0

    def series(self, matchers: str, start: int, end: int) -> list[dict[str, str]]:
        """The labels of every stream that has lines from `start` to before `end` (ns)."""
        found: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        while start < end:
            stop = min(end, start + (self._window or end - start))
            wanted = {"match[]": f"{{{matchers}}}", "start": str(start), "end": str(stop)}
            try:
                told = self._get("series", wanted)
            except _RangeError as error:
                self._narrow(error, stop - start)
                continue
            try:
                for labels in told["data"] or ():
                    found[tuple(sorted(labels.items()))] = labels
            except (KeyError, TypeError, AttributeError) as error:
                raise self._form(error) from None
            start = stop
        return [found[key] for key in sorted(found)]

    def entries(self, query: str, start: int, end: int, lost: Callable[[str], None]) -> Iterator[Entry]:
        """Every line from `start` to before `end` (ns), by time. `lost` is told what could not be had.

        The last instant of a full page may have more lines than the page: it is left to the next page, which begins
        with it. So the lines of one instant always come from one answer, in the order in which each stream has them.
        """
        size = self._limit
        while start < end:
            stop = min(end, start + (self._window or end - start))
            try:
                page = self._page(query, start, stop, size, lost)
            except _RangeError as error:
                self._narrow(error, stop - start)
                continue
            except _LimitError as error:
                # Loki says how many it gives, a proxy's or gRPC's limit on the answer's size does not.
                most = error.most or size // 2
                if not 0 < most < size:
                    raise Unavailable(f"a line that is too large for the server: {error}") from None
                self._most, self._limit = most, min(most, self._limit)
                size = most
                continue
            if len(page) < size:
                yield from page
                start, size = stop, self._limit
                continue
            last = page[-1].time
            if page[0].time < last:
                yield from (entry for entry in page if entry.time < last)
                start, size = last, self._limit
            elif size < self._most:
                size = min(2 * size, self._most)
            else:
                yield from page
                lost(f"Loki gives {size} lines at once, and there may be more at {last} ns: those are left out")
                start, size = last + 1, self._limit

    def weight(self, query: str, start: int, end: int) -> int | None:
        """What the lines from `start` to before `end` (ns) come to: their bytes, and one for each of them.

        None where the server does not count so: it is another one than Loki, old, or its limits are too narrow.
        """
        drop = "" if query.endswith("}") else " | drop __error__, __error_details__"
        # The window of such a query begins after its first instant and holds its last one.
        lines = f"{query}{drop} [{end - start}ns]"
        asked = f"sum(bytes_over_time({lines})) + sum(count_over_time({lines}))"
        if drop:  # what is unpacked may end in a newline, which is no part of the line
            asked += f' - (sum(count_over_time({query}{drop} |~ "\\n$" [{end - start}ns])) or vector(0))'
        try:
            found = self._get("query", {"query": asked, "time": str(end - 1)}, tries=2)["data"]["result"]
            return round(float(found[0]["value"][1])) if found else 0
        except (StoreError, _LimitError, _RangeError, KeyError, TypeError, ValueError, IndexError):
            return None

    def _page(self, query: str, start: int, end: int, limit: int, lost: Callable[[str], None]) -> list[Entry]:
        wanted = {"query": query, "start": str(start), "end": str(end), "limit": str(limit), "direction": "forward"}
        told = self._get("query_range", wanted)
        try:
            data = told["data"]
            if data["resultType"] != "streams":
                expected = '{label="value", ...}, and filters after it'
                raise UsageError([Finding("C146", "the query gives no lines", found=query[:200], expected=expected)])
            found = [
                Entry(int(value[0]), stream["stream"], str(value[1]))
                for stream in sorted(data["result"], key=lambda one: sorted(one["stream"].items()))
                for value in stream["values"]
            ]
            for words in (*(told.get("warnings") or ()), *(data.get("warnings") or ())):
                lost(f"Loki warns: {' '.join(str(words).split())[:300]}")
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise self._form(error) from None
        # Each stream's lines of one instant stay in their order.
        return sorted(found, key=lambda entry: entry.time)

    def _narrow(self, error: _RangeError, tried: int) -> None:
        if tried <= _SMALLEST_WINDOW:
            raise Unavailable(f"the server looks through less than {_SMALLEST_WINDOW // _SECOND} s at once: {error}")
        self._window = tried // 2

    def _get(self, what: str, wanted: Mapping[str, str], tries: int = _TRIES) -> dict[str, Any]:
        """The JSON of an answer, asked for again while the server is away or busy."""
        url = f"{self.name}/loki/api/v1/{what}?{urllib.parse.urlencode(wanted)}"
        with contextlib.suppress(UsageError):  # the token in a file is another one now and then
            self._headers = _headers()
        request = urllib.request.Request(url, headers=self._headers)  # noqa: S310 - http or https
        wait, problem = 0.5, ""
        for attempt in range(tries):
            pause = wait
            try:
                with self._opener.open(request, timeout=_PATIENCE) as answer:
                    body = answer.read(LARGEST + 1)
                if len(body) > LARGEST:
                    raise _LimitError(f"an answer of more than {LARGEST >> 20} MiB")
                found = orjson.loads(body)
                if isinstance(found, dict):
                    return found
                raise self._form(f"a {type(found).__name__}")
            except urllib.error.HTTPError as error:
                problem, again = self._refused(error)
                pause = max(pause, again)
            except (OSError, http.client.HTTPException, orjson.JSONDecodeError) as error:
                reason = _NO_JSON if isinstance(error, orjson.JSONDecodeError) else getattr(error, "reason", error)
                problem = " ".join(str(reason).split())[:300]
                if isinstance(reason, ssl.SSLCertVerificationError):
                    raise self._told(problem, "LOKI_CA_CERT_PATH names the authority's certificate") from None
            if attempt < tries - 1:
                time.sleep(pause)
                wait *= 2
        raise self._told(f"it does not answer: {problem}")

    def _refused(self, error: urllib.error.HTTPError) -> tuple[str, float]:
        """What to say of a status, and how long the server wants to be left alone; raises when it is for good."""
        try:
            words = " ".join(error.read(4000).decode(errors="replace").split())[:300]
        except (OSError, http.client.HTTPException):
            words = ""
        said = f"{error.code} {words}".strip()
        if (match := _LIMIT_SAID.search(words)) is not None:
            raise _LimitError(said, int(match[1])) from None
        if _TOO_LONG.search(words):
            raise _RangeError(said) from None
        if _TOO_LARGE.search(words):
            raise _LimitError(said) from None
        if error.code < 500 and error.code != http.client.TOO_MANY_REQUESTS:
            hint = _ENDS if error.code == http.client.NOT_FOUND else None
            if error.code in {401, 403} or "no org id" in words:
                hint = "LOKI_USERNAME and LOKI_PASSWORD, LOKI_BEARER_TOKEN or LOKI_BEARER_TOKEN_FILE; LOKI_ORG_ID"
            raise self._told(f"it refuses: {said}", hint) from None
        return said, _retry_after(error.headers.get("Retry-After"))

    def _form(self, what: object) -> StoreError:
        shown = f"{type(what).__name__} {what}" if isinstance(what, Exception) else what
        return self._told(f"its answer has another form: {shown}", _ENDS)

    def _told(self, words: str, hint: str | None = None) -> StoreError:
        return StoreError([Finding("C145", f"Loki at {self.name}: {words}", hint=hint)])


def _headers() -> dict[str, str]:
    """The headers of every request, with the credentials of the environment."""
    told = {name: os.environ.get(f"LOKI_{name}", "") for name in ("USERNAME", "PASSWORD", "BEARER_TOKEN", "ORG_ID")}
    token = told["BEARER_TOKEN"]
    if file := os.environ.get("LOKI_BEARER_TOKEN_FILE"):
        if token:
            expected = "one of LOKI_BEARER_TOKEN and LOKI_BEARER_TOKEN_FILE"
            raise UsageError([Finding("C146", "there are two tokens for Loki", expected=expected)])
        try:
            with open(file, encoding="utf-8") as opened:
                token = opened.read(1 << 16).strip()
        except (OSError, ValueError) as error:
            raise UsageError([Finding("C146", f"LOKI_BEARER_TOKEN_FILE cannot be read: {error}")]) from None
    found = {"Accept": "application/json", "User-Agent": "dlaasgen"}
    if told["USERNAME"] and token:
        expected = "LOKI_USERNAME and LOKI_PASSWORD, or a token"
        raise UsageError([Finding("C146", "there are two ways to log in to Loki", expected=expected)])
    if told["USERNAME"]:
        pair = f"{told['USERNAME']}:{told['PASSWORD']}".encode()
        found["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    elif token:
        found["Authorization"] = f"Bearer {token}"
    if told["ORG_ID"]:
        found["X-Scope-OrgID"] = told["ORG_ID"]
    if not all(value.isprintable() and value.isascii() for value in found.values()):
        raise UsageError([Finding("C146", "a LOKI_ variable holds what no header can", expected="ASCII")])
    return found


def _tls() -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=os.environ.get("LOKI_CA_CERT_PATH") or None)
    except (OSError, ValueError) as error:
        raise UsageError([Finding("C146", f"LOKI_CA_CERT_PATH cannot be read: {error}")]) from None


def _retry_after(text: str | None) -> float:
    """Seconds that a Retry-After header asks for; it may name a date instead. At most a minute."""
    if not text:
        return 0.0
    if text.strip().isdecimal():
        return min(float(text), _LONGEST_WAIT)
    try:
        return min(max(email.utils.parsedate_to_datetime(text).timestamp() - time.time(), 0.0), _LONGEST_WAIT)
    except (ValueError, OverflowError):
        return 0.0
