"""The command line: one file a command. Commands parse, call the pipeline and print; errors leave by one door."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING

from dlaasgen.errors import DlaasgenError

if TYPE_CHECKING:
    from types import FrameType

INTERRUPTED = 130
DEFECT = 70


class Interrupted(BaseException):
    """SIGINT or SIGTERM. No Exception, so that nothing takes it for a fault."""


def main() -> None:
    """Run the command line and exit: the console script."""
    sys.exit(run())


def run() -> int:
    """Run the command line; its exit code (see dlaasgen.errors)."""
    # Typer answers KeyboardInterrupt itself, and says nothing. SIGTERM ends like Ctrl-C: staged files are thrown away.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    # A command lives for a second or two and makes little that is cyclic: looking for it costs more than it frees.
    gc.disable()
    try:
        from dlaasgen.cli.app import app  # takes long enough to be interrupted in

        app(prog_name="dlaasgen")
    except DlaasgenError as error:
        from dlaasgen.cli.output import complain

        complain(error)
        return error.exit_code
    except Interrupted:
        return _interrupted()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception as error:  # a defect of ours: one line, and how to tell us more
        if isinstance(error.__cause__, Interrupted):  # the making of a class wraps whatever is raised in it
            return _interrupted()
        if os.environ.get("DLAASGEN_TRACEBACK"):
            raise
        kind = type(error).__name__
        print(
            f"dlaasgen: a defect in dlaasgen, not in your files: {kind}: {error}; DLAASGEN_TRACEBACK=1 shows where",
            file=sys.stderr,
        )
        return DEFECT
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Interrupted


def _interrupted() -> int:
    print("dlaasgen: interrupted; every tree is whole, as it was or as it should be", file=sys.stderr)
    return INTERRUPTED
