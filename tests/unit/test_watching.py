"""Watching: what is asked of the API server after each thing that it may say, and how long it is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen.adapters.api_server import GoneError, RefusedError
from dlaasgen.errors import ClusterError
from dlaasgen.findings import Finding
from dlaasgen.pipeline.watching import Source, Watched, events

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCE = Source("Pod", "n", "/pods", "a=b")


def thing(version: int, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": "x", "resourceVersion": str(version), "managedFields": []}, "spec": {}, **more}


class Server:
    """Says what the test has laid out: for a list its version, for a watch its events; an exception is raised."""

    def __init__(self, *said: Any) -> None:
        self.said = list(said)
        self.asked: list[str] = []

    def _next(self) -> Any:
        found = self.said.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def listing(self, path: str, slim: Any, **query: str) -> tuple[list[dict[str, Any]], str]:
        assert (path, query) == ("/pods", {"labelSelector": "a=b"})
        self.asked.append("list")
        version = self._next()
        return [slim(thing(version))], str(version)

    def watch(self, path: str, version: str, **query: str) -> Iterator[tuple[str, dict[str, Any]]]:
        assert (path, query) == ("/pods", {"labelSelector": "a=b"})
        self.asked.append(f"watch {version}")
        for found in self._next():
            if isinstance(found, Exception):
                raise found
            yield found


def happened(*said: Any) -> tuple[list[tuple[str, str]], list[str], list[float]]:
    """(what the events are and say, what was asked, how long was slept) until the server has no more to say."""
    server = Server(*said)
    slept: list[float] = []
    found: list[tuple[str, str]] = []
    with pytest.raises(IndexError):  # noqa: PT012 - it ends when the server has no more to say
        for event in events(server, SOURCE, slept.append):  # type: ignore[arg-type]
            found.append((event.what, event.said))
            assert all("spec" not in one and "managedFields" not in one["metadata"] for one in event.objects)
    return found, server.asked, slept


def test_a_watch_goes_on_from_the_last_version_a_bookmark_too() -> None:
    first = [("ADDED", thing(6)), ("BOOKMARK", {"metadata": {"resourceVersion": "9"}})]
    found, asked, _ = happened(5, first, [("DELETED", thing(10))], [])
    assert found == [("LISTED", ""), ("ADDED", ""), ("DELETED", "")]
    assert asked == ["list", "watch 5", "watch 9", "watch 10", "watch 10"]


@pytest.mark.parametrize("gone", [GoneError(), RefusedError("forbidden", lasting=True)])
def test_a_state_that_is_too_old_or_refused_is_listed_again(gone: Exception) -> None:
    found, asked, _ = happened(5, [("ADDED", thing(6)), gone], 20, [])
    assert [what for what, _ in found if what != "AWAY"] == ["LISTED", "ADDED", "LISTED"]
    assert asked == ["list", "watch 5", "list", "watch 20", "watch 20"]


def test_a_server_that_is_away_is_told_once_and_asked_less_often() -> None:
    away = ClusterError([Finding("S102", "does not answer")])
    found, asked, slept = happened(*[away] * 9, 5, [OSError("the connection broke")], [("ADDED", thing(6))], [])
    assert found == [("AWAY", "does not answer"), ("LISTED", ""), ("AWAY", "the connection broke"), ("ADDED", "")]
    assert asked[:9] == ["list"] * 9
    assert asked[9:] == ["list", "watch 5", "watch 5", "watch 6", "watch 6"]
    for number, pause in enumerate(slept[:10]):
        longest = min(0.5 * 2**number, 30)
        assert longest / 2 <= pause <= longest, (number, slept)
    # Something has come: it is asked again at once, or nearly.
    assert slept[10] <= 0.5


def test_a_defect_in_a_watch_ends_the_collector_and_not_the_watch_alone() -> None:
    watched = Watched(Server(5, [("ADDED", {})]), [SOURCE])  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        watched.taken(10)


def test_nothing_comes_when_nothing_happens() -> None:
    quiet: Sequence[Source] = []
    assert Watched(Server(), quiet).taken(0) == []  # type: ignore[arg-type]
