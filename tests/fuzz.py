"""Runs the targets of fuzz_targets.py with atheris, one after the other, each in a process of its own.

    fuzz.py [TARGET ...] [--seconds N] [--corpus DIR]

What the fuzzer found stays in DIR for the next run. An input that breaks something is written to fuzz_inputs/ beside
this file, where the ordinary tests find it.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# A line, and a log of some lines. What takes longer than this for so little is no linear time.
LONGEST = 8192
SLOW_SECONDS = 5


def one(target: str, options: list[str]) -> None:
    """Fuzz one target until libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["dlaasgen"]):
        from fuzz_targets import TARGETS
    atheris.Setup([sys.argv[0], *options], TARGETS[target])
    atheris.Fuzz()


def main() -> None:
    """Fuzz the targets that were named, or all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument("--corpus", type=Path, default=HERE.parent / ".cache/fuzz", help="what was found before")
    if sys.argv[1:2] == ["--only"]:
        one(sys.argv[2], sys.argv[3:])
        return
    given = parser.parse_args()
    from fuzz_targets import TARGETS, seeds

    unknown = sorted({*given.targets} - {*TARGETS})
    if unknown:
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    failed = []
    for target in given.targets or TARGETS:
        corpus, inputs = given.corpus / target, HERE / "fuzz_inputs" / target
        corpus.mkdir(parents=True, exist_ok=True)
        inputs.mkdir(parents=True, exist_ok=True)
        for seed in seeds(target):
            (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed[:LONGEST])
        line = [sys.executable, __file__, "--only", target, str(corpus), str(inputs), f"-artifact_prefix={inputs}/"]
        line += [f"-max_total_time={given.seconds}", f"-timeout={SLOW_SECONDS}", f"-max_len={LONGEST}", "-verbosity=0"]
        sys.stderr.write(f"== {target}\n")
        if subprocess.run([*line, "-print_final_stats=1"], check=False).returncode:
            failed.append(target)
        if not any(inputs.iterdir()):
            inputs.rmdir()
    if failed:
        raise SystemExit(f"broken: {', '.join(failed)}; the inputs are in {HERE / 'fuzz_inputs'}")


if __name__ == "__main__":
    main()
