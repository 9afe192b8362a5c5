"""The flags of tf_cnn_benchmarks, and how absl reads a command line. No I/O here.

What is known of the program (`Facts`) is data, which adapters/benchmark_facts.py reads. absl's rules: `--x=y`, `--x y`
and one dash for two; `--x` and `--nox` for booleans, which take no separate value; reading stops at `--` and at the
first word without a dash, and every word after that is one too many; the last of two values
wins. Source: absl-py, absl/flags/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# absl's own, which every program has: True when the flag is a boolean.
ABSL = {
    "help": True, "helpfull": True, "helpshort": True, "helpxml": True, "only_check_args": True, "pdb": True,
    "run_with_pdb": True, "pdb_post_mortem": True, "run_with_profiling": True, "use_cprofile_for_profiling": True,
    "logtostderr": True, "alsologtostderr": True, "showprefixforinfo": True, "flagfile": False, "undefok": False,
    "profile_file": False, "verbosity": False, "v": False, "logger_levels": False, "stderrthreshold": False,
    "log_dir": False,
}  # fmt: skip
_TRUE, _FALSE = frozenset({"true", "t", "1"}), frozenset({"false", "f", "0"})
_TEXTS = {"integer": "an integer", "float": "a number", "boolean": "true or false"}


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag. `default` is as a command line would say it, None when there is none; the bounds are inclusive."""

    name: str
    type: str
    default: str | None = None
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    ignore_case: bool = False

    @property
    def expected(self) -> str:
        """The values that it takes, as messages name them."""
        if self.choices:
            return "one of " + ", ".join(c or "nothing" for c in self.choices)
        text = _TEXTS.get(self.type, self.type)
        low = None if self.minimum is None else f"at least {self.minimum:g}"
        high = None if self.maximum is None else f"at most {self.maximum:g}"
        bounds = " and ".join(b for b in (low, high) if b)
        return f"{text}, {bounds}" if bounds else text

    def accepts(self, value: str) -> bool:
        """Whether absl takes the value."""
        if self.type in ("integer", "float"):
            number = number_of(value, whole=self.type == "integer")
            if number is None:
                return False
            # As absl compares: "nan" is within all bounds.
            low, high = self.minimum, self.maximum
            return not ((low is not None and number < low) or (high is not None and number > high))
        if self.type == "boolean":
            return value.lower() in _TRUE or value.lower() in _FALSE
        if self.choices:
            return value in self.choices or (self.ignore_case and value.upper() in self.choices)
        return True


# Compared by identity: there is one, and it is part of the keys of caches.
@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What is known of tf_cnn_benchmarks.

    flags   name -> flag
    models  dataset -> the models that it has; the first dataset is what is used without a data_name and data_dir
    old     dataset -> the models that need TensorFlow 1
    """

    flags: Mapping[str, Flag]
    models: Mapping[str, tuple[str, ...]]
    old: Mapping[str, tuple[str, ...]]


def facts_of(flags: Mapping[str, Any], models: Mapping[str, Any]) -> Facts:
    """The facts in the data files schemas/tf_cnn_benchmarks_{flags,models}.json."""
    return Facts(
        {name: _flag(name, told) for name, told in flags["flags"].items()},
        {dataset: tuple(names) for dataset, names in models["models"].items()},
        {dataset: tuple(names) for dataset, names in models["tensorflow1"].items()},
    )


def _flag(name: str, told: Mapping[str, Any]) -> Flag:
    default = told.get("default")
    text = None if default is None else str(default).lower() if isinstance(default, bool) else str(default)
    bounds = (told.get("minimum"), told.get("maximum"))
    return Flag(name, told["type"], text, tuple(told.get("choices", ())), *bounds, told.get("ignoreCase", False))


def number_of(text: str, *, whole: bool) -> float | None:
    """The number that absl reads from a text, or None."""
    try:
        if not whole:
            return float(text)
        base = {"0x": 16, "0o": 8}.get(text[:2], 10) if len(text) > 2 else 10
        return int(text, base)
    except ValueError:
        return None


def is_true(text: str | None) -> bool:
    """Whether a boolean flag's value is true; one that is no boolean is not."""
    return text is not None and text.lower() in _TRUE


@dataclass(frozen=True, slots=True)
class Given:
    """One flag as a command line gives it, or a word that is none (name None).

    index  which of the words it begins at
    value  None when it is missing
    flag   None when the program does not know it
    """

    index: int
    name: str | None
    value: str | None = None
    flag: Flag | None = None
    negated_value: bool = False


def read(words: tuple[str, ...], facts: Facts) -> Iterator[Given]:
    """The flags in the words after the program's name, in order, as absl reads them."""
    index = 0
    while index < len(words):
        given, rest = _parsed(words[index], facts)
        at, index = index, index + 1
        if given.name == "":
            if index < len(words):
                yield Given(index, None, words[index])
            return
        if rest:
            value = words[index] if index < len(words) else None
            index += 1
            given = Given(at, given.name, value, given.flag)
        yield given if at == given.index else Given(at, given.name, given.value, given.flag, given.negated_value)
        if given.name is None and not is_variable(words[at]):
            return


def is_variable(word: str) -> bool:
    """Whether a word begins with $(NAME), which Kubernetes replaces by what may be any word."""
    return word.startswith("$(")


@lru_cache(maxsize=4096)
def _parsed(word: str, facts: Facts) -> tuple[Given, bool]:
    """What one word says, at index 0, and whether its value is the next word. A name "" ends the flags."""
    if not word.startswith("-") or not (bare := word[2:] if word.startswith("--") else word[1:]):
        return (Given(0, "" if word == "--" else None, word), False)
    name, equals, text = bare.partition("=")
    if not name:
        return (Given(0, None, word), False)
    value = text if equals else None
    flag = facts.flags.get(name)
    positive = facts.flags.get(name[2:]) if flag is None and name.startswith("no") else None
    if positive is not None and positive.type == "boolean":
        return (Given(0, positive.name, "false", positive, negated_value=value is not None), False)
    if flag is None:
        absl = ABSL.get(name, ABSL.get(name[2:]) or None if name.startswith("no") else None)
        return (Given(0, name, value), absl is False and value is None)
    if value is None and flag.type == "boolean":
        return (Given(0, name, "true", flag), False)
    return (Given(0, name, value, flag), value is None)


def is_absl(name: str) -> bool:
    """Whether a flag is one that absl gives to every program."""
    return name in ABSL or (name.startswith("no") and ABSL.get(name[2:], False))


_PROGRAM = re.compile(r"(?:.*/)?tf_cnn_benchmarks\.py", re.DOTALL)


def program_at(words: tuple[str, ...]) -> int | None:
    """Where in a container's command and arguments tf_cnn_benchmarks.py is; None when it is not there."""
    for index, word in enumerate(words):
        if word.endswith("tf_cnn_benchmarks.py") and _PROGRAM.fullmatch(word):
            return index
    return None
