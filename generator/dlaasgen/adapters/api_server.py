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
_LONGEST_WAIT = 30.0


class ApiServer:
    """The server that a context of kubeconfig leads to. Raises ClusterError when there is no way to one."""

    def __init__(self, context: str) -> None:
        try:
            from kubernetes import client, config
        except ImportError:
            hint = "pip install 'dlaasgen[cluster]'"
            raise ClusterError([Finding("S101", "a cluster needs the package kubernetes", hint=hint)]) from None
        settings: Any = client.Configuration()
        loader: Any = config
        try:
            loader.load_kube_config(context=context, client_configuration=settings)
        except (config.ConfigException, OSError) as error:
            hint = "kubectl config get-contexts lists them"
            raise ClusterError([Finding("S101", f"there is no way to {context}: {error}", hint=hint)]) from None
        settings.connection_pool_maxsize = AT_ONCE
        settings.retries = False
        self._client: Any = client.ApiClient(settings)
        self._login = threading.Lock()
        self._kinds: dict[tuple[str, str], tuple[str, bool] | None] = {}
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

        url = f"{self.server}{path}{'?' + urlencode(query) if query else ''}"
        data = None if body is None else orjson.dumps(body)
        said = ""
        for attempt in range(_TRIES):
            pause = min(0.2 * 2**attempt, _LONGEST_WAIT)
            try:
                answer = self._pool.request(
                    method, url, body=data, headers=self._headers(content), timeout=self._timeout(), redirect=False
                )
            except HTTPError as error:
                said = type(error).__name__
                if attempt >= 3:
                    break
            else:
                if answer.status not in _LATER:
                    with contextlib.suppress(orjson.JSONDecodeError):
                        found = orjson.loads(answer.data)
                        if isinstance(found, dict):
                            return answer.status, found
                    return answer.status, {"message": answer.data.decode(errors="replace")[:200]}
                said = f"HTTP {answer.status}"
                with contextlib.suppress(ValueError):
                    pause = min(max(pause, float(answer.headers.get("Retry-After", 0))), _LONGEST_WAIT)
            time.sleep(pause)
        raise ClusterError([Finding("S102", f"the API server {self.server} does not answer: {said}")])

    @property
    def _pool(self) -> Any:
        return self._client.rest_client.pool_manager

    def _timeout(self) -> Any:
        import urllib3

        return urllib3.Timeout(connect=_PATIENCE[0], read=_PATIENCE[1])

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
                raise ClusterError([Finding("S102", f"the API server refuses: {answer.get('message', status)}")])
            self._kinds[version, kind] = None
            for r in answer.get("resources") or ():
                if "/" not in r["name"]:
                    self._kinds[version, r["kind"]] = (r["name"], bool(r["namespaced"]))
        return self._kinds[version, kind]

    def every(self, path: str, **query: str) -> list[dict[str, Any]]:
        """All objects of a list, in pages."""
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            more = {"continue": token} if token else {}
            status, answer = self.request("GET", path, {"limit": str(_PAGE), **query, **more})
            if status == 410 and token:  # the list has expired: begin it again
                found, token = [], ""
                continue
            if status >= 300:
                raise ClusterError([Finding("S102", f"the API server refuses: {answer.get('message', status)}")])
            found += answer.get("items") or []
            token = (answer.get("metadata") or {}).get("continue") or ""
            if not token:
                return found


def at_once(work: Callable[[Any], Any], items: Iterable[Any], count: int = AT_ONCE) -> Iterator[Any]:
    """What `work` makes of each item, in their order, a bounded number at a time."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(count)
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
