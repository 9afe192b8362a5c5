"""A cluster's pods and their logs, by the client of the package kubernetes: read only.

Pods are listed again and again, not watched: nothing expires, and a list that fails is tried again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import StoreError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEME = "k8s://"
PIECE = 1 << 20
_PAGE = 200
_GONE = 410
_TRIES = 6
_PATIENCE = (10, 300)


@dataclass(frozen=True, slots=True)
class Container:
    """A container after so many restarts: what one log is of. `over`: it has ended, and its log grows no more."""

    name: str
    restart: int
    previous: bool
    over: bool


class Unavailable(Exception):  # noqa: N818 - told as what could not be had
    """A log that the API does not give."""


class Cluster:
    """The API server that a kubeconfig or the pod's own service account leads to."""

    def __init__(self, context: str | None = None) -> None:
        try:
            from kubernetes import client, config
        except ImportError:
            hint = "pip install 'dlaasgen[cluster]'"
            raise StoreError([Finding("C121", "a cluster needs the package kubernetes", hint=hint)]) from None
        load: Any = config
        try:
            try:
                load.load_incluster_config()
            except config.ConfigException:
                load.load_kube_config(context=context)
        except (config.ConfigException, OSError) as error:
            message = f"there is no way to a cluster: {error}"
            raise StoreError([Finding("C140", message, hint="set KUBECONFIG, or run in a pod")]) from None
        # Its types do not know of answers that are not read yet.
        self._api: Any = client.CoreV1Api()
        self._api.api_client.configuration.retries = False

    def pods(self, namespace: str, selector: str) -> list[dict[str, Any]]:
        """All pods that a label selector means, as the API's JSON. Raises StoreError when the API refuses."""
        found: dict[str, dict[str, Any]] = {}
        token: str | None = None
        while True:
            page = self._tried(self._page, namespace, selector, token)
            if page is None:  # the list has expired: begin it again
                token = None
                continue
            found |= {pod["metadata"]["uid"]: pod for pod in page["items"]}
            token = page["metadata"].get("continue")
            if not token:
                return list(found.values())

    def log(self, namespace: str, pod: str, container: Container) -> Iterator[bytes]:
        """A container's log with its times. Raises Unavailable when there is none."""
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        try:
            response = self._api.read_namespaced_pod_log(
                pod,
                namespace,
                container=container.name,
                previous=container.previous,
                timestamps=True,
                _preload_content=False,
                _request_timeout=_PATIENCE,
            )
            yield from response.stream(PIECE)
        except ApiException as error:
            raise Unavailable(_words(error)) from None
        except HTTPError as error:
            raise Unavailable(f"the connection broke: {type(error).__name__}") from None

    def _page(self, namespace: str, selector: str, token: str | None) -> dict[str, Any]:
        import orjson

        more = {"_continue": token} if token else {}
        common = {"label_selector": selector, "limit": _PAGE, "_preload_content": False, "_request_timeout": _PATIENCE}
        if namespace:
            response = self._api.list_namespaced_pod(namespace, **common, **more)
        else:
            response = self._api.list_pod_for_all_namespaces(**common, **more)
        data: dict[str, Any] = orjson.loads(response.data)
        return data

    def _tried(self, function: Any, *args: Any) -> dict[str, Any] | None:
        """The function's value, tried again while the server is away; None when what it goes on from is gone."""
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        wait = 0.5
        problem: Exception | None = None
        for attempt in range(_TRIES):
            try:
                found: dict[str, Any] = function(*args)
            except ApiException as error:
                if error.status == _GONE:
                    return None
                if (error.status or 0) < 500 and error.status != 429:
                    hint = "it takes the right to list pods and to get pods/log" if error.status in {401, 403} else None
                    raise StoreError([Finding("C140", f"the cluster refuses: {_words(error)}", hint=hint)]) from None
                problem = error
            except HTTPError as error:
                problem = error
            else:
                return found
            if attempt < _TRIES - 1:
                time.sleep(wait)
                wait *= 2
        words = " ".join(str(problem).split())[:200]
        raise StoreError([Finding("C140", f"the cluster does not answer: {words}")]) from problem


def containers(pod: dict[str, Any]) -> Iterator[Container]:
    """The logs that a pod has: of each container that has run, and of its run before the last restart."""
    status = pod.get("status") or {}
    for told in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        count = told.get("restartCount", 0)
        if count:
            yield Container(told["name"], count - 1, previous=True, over=True)
        state = told.get("state") or {}
        if "waiting" not in state and state:
            yield Container(told["name"], count, previous=False, over="terminated" in state)


def _words(error: Any) -> str:
    import orjson

    try:
        return str(orjson.loads(error.body)["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return f"{error.status} {error.reason}"
