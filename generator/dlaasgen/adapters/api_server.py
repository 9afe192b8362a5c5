"""A cluster's API server, spoken to in HTTP: many requests at a time, on connections that stay open.

The package kubernetes reads kubeconfig and knows how to log in; its typed objects are left aside.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from dlaasgen.errors import ClusterError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

AT_ONCE = 16
MANAGER = "dlaasgen"
_TRIES = 8
_PAGE = 500
_PATIENCE = (10.0, 120.0)
_LATER = frozenset({429, 503})
# What reading may meet while the server or its store starts: a change is not sent twice for these.
_BROKEN = frozenset({500, 502, 504})
_LONGEST_WAIT = 30.0
# A watch is ended by the server after so many seconds, and given up a little later.
_WATCH = 120
_PIECE = 1 << 20


class GoneError(Exception):
    """The server does not know the state any more that a watch was to go on from: it takes a new list."""


class RefusedError(Exception):
    """The server does not give what was asked for. `lasting`: asking again will not help."""

    def __init__(self, message: str, *, lasting: bool) -> None:
        super().__init__(message)
        self.lasting = lasting


class ApiServer:
    """The server that a context of kubeconfig leads to; without one, the pod's own, or that of the current context.

    away  how often a server that cannot be reached is tried again
    Raises ClusterError when there is no way to one.
    """

    def __init__(self, context: str | None, *, away: int = 3) -> None:
        try:
            from kubernetes import client, config
        except ImportError:
            hint = "pip install 'dlaasgen[cluster]'"
            raise ClusterError([Finding("S101", "a cluster needs the package kubernetes", hint=hint)]) from None
        settings: Any = client.Configuration()
        try:
            _load(config, settings, context)
        except (config.ConfigException, OSError) as error:
            named = context or "a cluster"
            hint = "kubectl config get-contexts lists them" if context else "set KUBECONFIG, or run in a pod"
            raise ClusterError([Finding("S101", f"there is no way to {named}: {error}", hint=hint)]) from None
        settings.connection_pool_maxsize = AT_ONCE
        settings.retries = False
        self._client: Any = client.ApiClient(settings)
        self._login = threading.Lock()
        self._kinds: dict[tuple[str, str], tuple[str, bool] | None] = {}
        self._away = away
        self.context = context
        self.server = str(settings.host)

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content: str = "application/json",
    ) -> tuple[int, dict[str, Any]]:
        """(status, answer). Tried again, later each time, while the server is too busy or cannot be reached."""
        import orjson
        from urllib3.exceptions import HTTPError

        data = None if body is None else orjson.dumps(body)
        later = _LATER | _BROKEN if method == "GET" else _LATER
        said = ""
        for attempt in range(_TRIES):
            pause = min(0.2 * 2**attempt, _LONGEST_WAIT)
            try:
                answer = self._send(method, path, query, _PATIENCE[1], body=data, content=content)
            except HTTPError as error:
                said = type(error).__name__
                if attempt >= self._away:
                    break
            else:
                if answer.status not in later:
                    return answer.status, _parsed(answer.data)
                said = f"HTTP {answer.status}"
                with contextlib.suppress(ValueError):
                    pause = min(max(pause, float(answer.headers.get("Retry-After", 0))), _LONGEST_WAIT)
                if answer.status not in _LATER and attempt >= max(self._away, 1):
                    return answer.status, _parsed(answer.data)
            time.sleep(pause)
        raise ClusterError([Finding("S102", f"the API server {self.server} does not answer: {said}")])

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        patience: float,
        *,
        body: bytes | None = None,
        content: str = "application/json",
        **more: Any,
    ) -> Any:
        import urllib3

        url = f"{self.server}{path}{'?' + urlencode(query) if query else ''}"
        timeout = urllib3.Timeout(connect=_PATIENCE[0], read=patience)
        pool = self._client.rest_client.pool_manager
        headers = self._headers(content)
        return pool.request(method, url, body=body, headers=headers, timeout=timeout, redirect=False, **more)

    def _headers(self, content: str) -> dict[str, str]:
        headers = {"Accept": "application/json", "Content-Type": content, "User-Agent": MANAGER}
        with self._login:  # a token may have to be had anew
            self._client.update_params_for_auth(headers, [], ["BearerToken"], "", "GET", None)
        return headers

    def path(self, version: str, kind: str, namespace: str | None, name: str | None = None) -> str | None:
        """The path of an object, or of all of its kind; None when the server has no such kind."""
        known = self._resource(version, kind)
        if known is None:
            return None
        plural, namespaced = known
        base = f"/apis/{version}" if "/" in version else f"/api/{version}"
        inside = f"/namespaces/{quote(namespace, safe='')}" if namespaced and namespace else ""
        return f"{base}{inside}/{plural}" + ("" if name is None else f"/{quote(name, safe='')}")

    def namespaced(self, version: str, kind: str) -> bool:
        """Whether objects of a kind lie in namespaces."""
        known = self._resource(version, kind)
        return known is None or known[1]

    def _resource(self, version: str, kind: str) -> tuple[str, bool] | None:
        if (version, kind) not in self._kinds:
            where = f"/apis/{quote(version, safe='/')}" if "/" in version else f"/api/{quote(version, safe='')}"
            status, answer = self.request("GET", where)
            if status in {401, 403}:
                raise _refusal(status, answer)
            self._kinds[version, kind] = None
            for r in answer.get("resources") or ():
                if "/" not in r["name"]:
                    self._kinds[version, r["kind"]] = (r["name"], bool(r["namespaced"]))
        return self._kinds[version, kind]

    def every(self, path: str, **query: str) -> list[dict[str, Any]]:
        """All objects of a list, in pages."""
        return self.listing(path, None, **query)[0]

    def listing(
        self, path: str, slim: Callable[[dict[str, Any]], dict[str, Any]] | None = None, **query: str
    ) -> tuple[list[dict[str, Any]], str]:
        """(all objects of a list, the version from which a watch goes on). `slim` makes each smaller, page by page."""
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            more = {"continue": token} if token else {}
            status, answer = self.request("GET", path, {"limit": str(_PAGE), **query, **more})
            if status == 410 and token:  # the list has expired: begin it again
                found, token = [], ""
                continue
            if status >= 300:
                raise _refusal(status, answer)
            items = answer.get("items") or []
            found += map(slim, items) if slim else items
            told = answer.get("metadata") or {}
            token = told.get("continue") or ""
            if not token:
                return found, str(told.get("resourceVersion") or "")

    def watch(self, path: str, version: str, **query: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(ADDED, MODIFIED, DELETED or BOOKMARK; the object) of what happens after a version, until the server ends it.

        Raises GoneError when the version is too old, RefusedError, and OSError when the connection breaks.
        """
        import orjson

        more = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(_WATCH), "resourceVersion": version}
        rest = b""
        for piece in self.stream(path, {**query, **more}, patience=_WATCH + 30.0):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if not line.strip():
                    continue
                try:
                    event = orjson.loads(line)
                except orjson.JSONDecodeError:
                    raise OSError("what the API server sent of a watch is no JSON") from None
                told = event.get("object") or {}
                if event.get("type") == "ERROR":
                    if told.get("code") == 410:
                        raise GoneError
                    raise RefusedError(str(told.get("message") or told.get("code")), lasting=False)
                yield str(event.get("type")), told

    def stream(
        self, path: str, query: Mapping[str, str] | None = None, *, patience: float = _PATIENCE[1]
    ) -> Iterator[bytes]:
        """The bytes of an answer as they come.

        Raises GoneError, RefusedError when the server says no, and OSError when the connection breaks: not tried again.
        """
        from urllib3.exceptions import HTTPError

        try:
            answer = self._send("GET", path, query, patience, preload_content=False)
            try:
                if answer.status == 410:
                    raise GoneError
                if answer.status >= 300:
                    message = str(_parsed(answer.read(_PIECE)).get("message") or f"HTTP {answer.status}")
                    raise RefusedError(message, lasting=answer.status < 500 and answer.status != 429)
                yield from answer.stream(_PIECE)
            finally:
                answer.close()
        except HTTPError as error:
            raise OSError(f"the connection broke: {type(error).__name__}") from None


def _load(config: Any, settings: Any, context: str | None) -> None:
    if context is None:
        with contextlib.suppress(config.ConfigException):
            config.load_incluster_config(client_configuration=settings)
            return
    config.load_kube_config(context=context, client_configuration=settings)


def _parsed(data: bytes) -> dict[str, Any]:
    """An answer's object, or what it says instead."""
    import orjson

    with contextlib.suppress(orjson.JSONDecodeError):
        found = orjson.loads(data)
        if isinstance(found, dict):
            return found
    return {"message": data.decode(errors="replace")[:200]}


def _refusal(status: int, answer: Mapping[str, Any]) -> ClusterError:
    hint = "it takes the right to get, list and watch it" if status in {401, 403} else None
    return ClusterError([Finding("S102", f"the API server refuses: {answer.get('message', status)}", hint=hint)])


def at_once(work: Callable[[Any], Any], items: Iterable[Any], count: int = AT_ONCE) -> Iterator[Any]:
    """What `work` makes of each item, in their order, a bounded number at a time."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(count)
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
