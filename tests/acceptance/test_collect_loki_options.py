"""How Loki is named to `dlaasgen collect`: places, variables and options that cannot be used are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dlaasgen.adapters import loki
from dlaasgen.errors import UsageError
from lokis import Loki, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support import Run


pytestmark = pytest.mark.outside


@pytest.fixture
def server() -> Iterator[Loki]:
    with serving() as served:
        yield served


@pytest.mark.parametrize("text", [
    "loki+http://", "loki+https://u:p@host", "loki+https://h:x/", "loki+https://h?limit=1", "loki+https://h#x",
])  # fmt: skip
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        loki.Loki(text)
    assert "C146" in str(caught.value)
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize(("env", "said"), [
    ({"LOKI_BEARER_TOKEN": "a", "LOKI_BEARER_TOKEN_FILE": "b"}, "two tokens"),
    ({"LOKI_BEARER_TOKEN_FILE": "/nowhere"}, "LOKI_BEARER_TOKEN_FILE cannot be read"),
    ({"LOKI_BEARER_TOKEN": "a", "LOKI_USERNAME": "b"}, "two ways"),
    ({"LOKI_ORG_ID": "a\nb"}, "what no header can"),
    ({"LOKI_CA_CERT_PATH": "/nowhere"}, "LOKI_CA_CERT_PATH cannot be read"),
])  # fmt: skip
def test_variables_that_cannot_be_used_are_told(
    env: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=said):
        loki.Loki("loki+https://host")


@pytest.mark.parametrize(("words", "said"), [
    (("--from", "LOKI"), "C131"), (("--from", "LOKI", "--query", 'rate({a="b"}[5m])'), "no query for lines"),
    (("--from", "LOKI", "--query", '{a="b"}', "--since", "yesterday"), "--since is no time"),
    (("--from", "LOKI", "--query", '{a="b"}', "--since", "1m", "--until", "2h"), "not before --until"),
    (("--from", "LOKI", "--query", '{a="b"}', "--follow", "--until", "2h"), "do not go together"),
    (("--from", ".", "--since", "1m"), "--since is for Loki"), (("--from", ".", "--follow"), "--follow needs"),
])  # fmt: skip
def test_options_that_do_not_fit_are_told(
    server: Loki, dlaasgen: Run, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    line = [server.url if word == "LOKI" else word for word in words]
    told = dlaasgen("collect", *line, "--store", "s.db", cwd=tmp_path)
    assert (told.code, said in told.err) == (2, True), told.err
    assert not (tmp_path / "s.db").exists()
    assert server.asked == []
