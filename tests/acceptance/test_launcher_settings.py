"""What the launcher is given: TF_CONFIG right and wrong, settings, commands that cannot be started."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from launching import LAUNCHER, Launch, benchmark, pythons

pytestmark = pytest.mark.outside
BOTH = pythons()


@pytest.mark.parametrize("python", BOTH)
def test_without_tf_config_nothing_is_added(python: str) -> None:
    with Launch(*benchmark(python), python=python, env={"DLAASGEN_CELL": "resnet50-bs32"}) as launch:
        assert launch.ended() == 0
    start = launch.records[0]
    assert start["command"] == benchmark(python)
    assert start["task"] == {"role": None, "index": 0, "source": "none"}
    assert start["cell"] == launch.end["cell"] == "resnet50-bs32"
    assert start["launch"] == launch.end["launch"]
    assert b"total images/sec" in launch.output


HOSTILE = [
    "{",
    "[]",
    '"text"',
    "[" * 50_000,
    '{"cluster": []}',
    '{"cluster": {"worker": "a:1"}}',
    '{"cluster": {"worker": ["a:1,b:2", "c:3"]}, "task": {"type": "worker", "index": 0}}',
    '{"cluster": {"worker": ["a:1\\n", "c:3"]}, "task": {"type": "worker", "index": 0}}',
    '{"cluster": {"worker": ["--x=$(reboot):1", "c:3"]}, "task": {"type": "worker", "index": 0}}',
    '{"cluster": {"worker": ["a:99999", "c:3"]}, "task": {"type": "worker", "index": 0}}',
    '{"cluster": {"worker": ["a:1", "c:3"]}}',
    '{"cluster": {"worker": ["a:1", "c:3"]}, "task": []}',
    '{"cluster": {"worker": ["a:1", "c:3"]}, "task": {"type": "worker", "index": 2}}',
    '{"cluster": {"worker": ["a:1", "c:3"]}, "task": {"type": "worker", "index": -1}}',
    '{"cluster": {"worker": ["a:1", "c:3"]}, "task": {"type": "worker", "index": true}}',
    '{"cluster": {"worker": ["a:1", "c:3"]}, "task": {"type": "worker", "index": 1e400}}',
    '{"cluster": {"worker": ["a:1", "c:3"]}, "task": {"type": "\\u001b[2J", "index": 0}}',
    '{"cluster": {"worker": ["a:1"], "Worker": ["c:3"]}, "task": {"type": "worker", "index": 0}}',
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_wrong_tf_config_is_told_and_nothing_is_run(text: str, tmp_path: Path) -> None:
    with Launch("touch", tmp_path / "ran", env={"TF_CONFIG": text}, python=BOTH[0]) as launch:
        assert launch.ended() == 64
    assert launch.err == b""
    assert (launch.end["reason"], launch.end["retryable"]) == ("bad-config", False)
    assert launch.out.isascii()
    assert b"\x1b" not in launch.out
    assert not (tmp_path / "ran").exists()


def test_a_wrong_setting_is_told() -> None:
    with Launch("true", env={"DLAASGEN_GRACE": "soon"}) as launch:
        assert launch.ended() == 64
    assert launch.end["message"] == "DLAASGEN_GRACE: 'soon' is no number of seconds"


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_without_a_command_it_says_how_it_is_used(arguments: tuple[str, ...]) -> None:
    with Launch(*arguments) as launch:
        assert launch.ended() == 64
    assert launch.end["message"] == "no command; usage: launcher.py COMMAND [ARGUMENT...]"


def test_a_command_that_cannot_be_started(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    with Launch("/nowhere/at/all") as missing, Launch(plain) as forbidden:
        assert (missing.ended(), forbidden.ended()) == (127, 126)
    assert missing.end["message"] == "/nowhere/at/all: No such file or directory"
    assert forbidden.end["reason"] == "not-started"


def test_any_other_program_gets_tf_config_made_complete() -> None:
    env = {"WORKER_HOSTS": "127.0.0.1:2222,127.0.0.1:2223", "TASK_INDEX": "1"}
    show = "import os; print(os.environ['TF_CONFIG'], os.environ['PYTHONUNBUFFERED'], 'DLAASGEN_POLL' in os.environ)"
    with Launch(sys.executable, "-c", show, env=env) as launch:
        assert launch.ended() == 0
    assert launch.output.decode() == (
        '{"cluster": {"worker": ["127.0.0.1:2222", "127.0.0.1:2223"]}, '
        '"task": {"type": "worker", "index": 1}, "environment": "cloud"} 1 False\n'
    )


def test_nothing_is_written(tmp_path: Path) -> None:
    copy = tmp_path / "opt" / "launcher.py"
    copy.parent.mkdir()
    shutil.copy(LAUNCHER, copy)
    subprocess.run([sys.executable, copy, "true"], cwd=tmp_path / "opt", check=True, capture_output=True)
    assert [p.relative_to(tmp_path) for p in tmp_path.rglob("*")] == [Path("opt"), Path("opt/launcher.py")]
