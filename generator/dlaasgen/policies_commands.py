"""The benchmark's command line, judged by itself: what it sets, and what is wrong with it. No I/O here.

Command lines are many and their words few, so words are judged once each and remembered.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dlaasgen import flags
from dlaasgen.findings import did_you_mean, nearest, shown
from dlaasgen.shell_texts import commands

if TYPE_CHECKING:
    from dlaasgen.flags import Facts, Flag, Given

_PROGRAM = "tf_cnn_benchmarks.py"
_DATA_FORMAT = "data_format"
_ON_SERVERS = ("parameter_server", "distributed_replicated")
_NAMED = re.compile(r"--?[A-Za-z]").match
# Stands among the flags that are set for flags that only the run will see: then defaults are not known to count.
_OPEN = "*"


class Fault(NamedTuple):
    """What is wrong with a command line. `place` counts the words of the container."""

    code: str
    message: str
    place: int
    found: str | None = None
    expected: str | None = None
    hint: str | None = None


# (flag, value, fault); the flag is "" when there is nothing to remember.
Told = tuple[str, str, "Fault | None"]
# The same behind the place of the word.
Setting = tuple[int, str, str, "Fault | None"]


class Command(NamedTuple):
    """A command line, judged by itself.

    at          the word that is the program
    values      the flags that are set
    settings    what each word sets
    on_servers  the --variable_update that keeps variables on parameter servers; None when they are kept elsewhere
    on_gpu      whether it computes on a GPU
    """

    at: int
    faults: tuple[Fault, ...]
    values: dict[str, str]
    settings: list[Setting]
    on_servers: str | None = None
    on_gpu: bool = False

    def bearing(self) -> tuple[str | None, bool, bool, str | None]:
        """All of it that matters to the job around it.

        That is on_servers, on_gpu, whether its devices reduce among themselves though it has but one, and the threads
        that OpenMP gets of it (None: those of its environment).
        """
        values = self.values.get
        alone = values("variable_update") == "collective_all_reduce" and values("num_gpus", "1") == "1"
        threads = values("num_intra_threads", "0") if values("mkl") == "true" else None
        return self.on_servers, self.on_gpu, alone, threads

    def place(self, *names: str) -> int:
        """The word that sets the first of these flags that is set, else the program's name."""
        for name in names:
            places = [place for place, set_, _, _ in self.settings if set_ == name]
            if places:
                return places[-1]
        return self.at


@lru_cache(maxsize=4096)
def judged(words: tuple[str, ...], facts: Facts) -> Command | None:
    """A container's words as a command line of the benchmark; None when they are none."""
    at = next((place for place, word in enumerate(words) if _PROGRAM in word and _runs(word)), None)
    if at is None:
        return None
    if _runs(words[at]) == "shell":
        return _in_shell(words[at], at, facts)
    settings = _settings(words, at + 1, facts)
    values = {name: value for _, name, value, _ in settings}
    faults = [fault._replace(place=place) for place, _, _, fault in settings if fault is not None]
    if len(values) < len(settings):
        faults += _twice(settings)
        values.pop("", None)
    if _OPEN in values:
        return Command(at, tuple(faults), values, settings)
    told = _together(*map(values.get, _COMPANY), facts)
    update = values.get("variable_update", "parameter_server")
    on_servers = update if update in _ON_SERVERS else None
    command = Command(at, (), values, settings, on_servers, values.get("device", "gpu").lower() == "gpu")
    if told:
        faults += [Fault(code, text, command.place(*names), None, *rest) for code, text, names, *rest in told]
    return command._replace(faults=tuple(faults)) if faults else command


def _in_shell(text: str, at: int, facts: Facts) -> Command:
    """The command line in a text for a shell, which is the word `at`. Of several, the first."""
    lines = [line for line in commands(text) or () if any(_PROGRAM in word and _runs(word) for word in line)]
    first = judged(lines[0], facts) if lines else None
    if first is None:
        fault = Fault("P311", "the benchmark's flags are in a text for a shell that cannot be taken apart", at)
        return Command(at, (fault,), {}, [])
    faults = [fault._replace(place=at) for fault in first.faults]
    if len(lines) > 1:
        message = f"of the {len(lines)} command lines of the benchmark in a text for a shell, the first is checked"
        faults.append(Fault("P311", message, at))
    settings = [(at, name, value, fault) for _, name, value, fault in first.settings]
    return first._replace(at=at, faults=tuple(faults), settings=settings)


def _twice(settings: list[Setting]) -> list[Fault]:
    """Flags that are set to two values."""
    found = []
    before: dict[str, str] = {}
    for place, name, value, _ in settings:
        if name and before.setdefault(name, value) != value:
            message = f"--{name} is set twice, to {shown(before[name])[1:-1]} and to {shown(value)[1:-1]}"
            found.append(Fault("P305", message, place))
            before[name] = value
    return found


@lru_cache(maxsize=1024)
def _runs(word: str) -> str | None:
    """How a word that holds the program's name runs it: as the "program", in a text for a "shell", or not (None)."""
    if any(c.isspace() for c in word):
        return "shell"
    return None if flags.program_at((word,)) is None else "program"


def _settings(words: tuple[str, ...], start: int, facts: Facts) -> list[Setting]:
    """What the words from `start` on set. Most are whole in themselves, and the same in many command lines."""
    alone = [_alone(word, facts) for word in words[start:]]
    if None not in alone:
        return [(place, *told) for place, told in enumerate(alone, start) if told is not None]
    return [(start + given.index, *_told(given, facts)) for given in flags.read(words[start:], facts)]


@lru_cache(maxsize=16384)
def _alone(word: str, facts: Facts) -> Told | None:
    """What a word sets; None when it needs the words around it to be understood."""
    given = next(flags.read((word, ""), facts), None)
    if given is None or given.name is None or given.value is None or (given.value == "" and "=" not in word):
        return None
    return _told(given, facts)


def _told(given: Given, facts: Facts) -> Told:
    name, value, flag = given.name or "", given.value or "", given.flag
    if name == "flagfile" or (given.name is None and flags.is_variable(value)):
        return (_OPEN, "", None)
    if flag is None or given.value is None:
        name = ""
    elif flag.type == "boolean" and flag.accepts(value):
        value = str(flags.is_true(value)).lower()
    return (name, value, _fault(given, facts))


@lru_cache(maxsize=16384)
def _fault(given: Given, facts: Facts) -> Fault | None:
    """What is wrong with one flag by itself."""
    name, value, flag = given.name, given.value, given.flag
    if name is None:
        return _no_flag(value or "", facts)
    if flag is None:
        if flags.is_absl(name):
            return None
        near = nearest(name, facts.flags)
        return Fault(
            "P301", f"tf_cnn_benchmarks has no flag --{shown(name)[1:-1]}", 0, hint=near and f"did you mean --{near}?"
        )
    if given.negated_value:
        return Fault("P302", f"--no{name} takes no value", 0, hint=f"write --no{name}, or --{name}=false")
    if value is None:
        return Fault("P302", f"--{name} has no value", 0, expected=flag.expected)
    if "$(" in value or flag.accepts(value):  # Kubernetes puts the value of a variable in the place of $(NAME)
        return None
    if flag.choices:
        code = "P307" if name == _DATA_FORMAT else "P303"
        return Fault(
            code, f"--{name} does not take {shown(value)}", 0, expected=flag.expected, hint=_meant(flag, value)
        )
    if flag.type in ("integer", "float") and flags.number_of(value, whole=flag.type == "integer") is not None:
        return Fault("P304", f"--{name} is out of range", 0, found=shown(value)[1:-1], expected=flag.expected)
    hint = {"yes": "write true", "on": "write true", "no": "write false", "off": "write false"}.get(value.lower())
    return Fault(
        "P302", f"--{name} has a value of the wrong type", 0, found=shown(value), expected=flag.expected, hint=hint
    )


def _no_flag(word: str, facts: Facts) -> Fault:
    """A word that is no flag, and most likely was meant as one."""
    hint = f"did you mean --{word.partition('=')[0]}?" if word.partition("=")[0] in facts.flags else None
    if word.lower() in ("true", "false"):
        hint = "write --name=" + word
    elif word.startswith("-") and _NAMED(word):
        hint = "leave out the -- before it"
    return Fault("P306", f"the word {shown(word)} is no flag, and the benchmark takes nothing else", 0, hint=hint)


def _meant(flag: Flag, value: str) -> str | None:
    """The choice that somebody who wrote `value` has most likely meant."""
    letters = sorted(value.upper())
    for choice in flag.choices:
        if choice.lower() == value.lower():
            return f"did you mean {choice}?"
    same = [choice for choice in flag.choices if sorted(choice.upper()) == letters]
    if value.upper() == "NWHC" and "NHWC" in same:
        same = ["NHWC"]  # the well-known one
    return f"did you mean {' or '.join(same)}?" if same else did_you_mean(value, [c for c in flag.choices if c])


_GIVE_NAME = "give --data_name"
# The flags that are judged together, in the order of _together's parameters.
_COMPANY = ("device", _DATA_FORMAT, "mkl", "model", "data_name", "data_dir")


@lru_cache(maxsize=4096)
def _together(
    device: str | None,
    data_format: str | None,
    mkl: str | None,
    model: str | None,
    data_name: str | None,
    data_dir: str | None,
    facts: Facts,
) -> list[tuple[str, str, tuple[str, ...], str | None, str | None]]:
    """What is wrong with flags in each other's company: (code, message, flags at fault, expected, hint)."""
    found: list[tuple[str, str, tuple[str, ...], str | None, str | None]] = []
    if (device or "gpu").lower() == "cpu" and data_format in (None, "NCHW") and mkl in (None, "false"):
        how = ", the default," if data_format is None else ""
        message = f"data_format NCHW{how} is not possible on a CPU without MKL"
        found.append(("P308", message, (_DATA_FORMAT, "device"), None, None))
    data, model = _data_set(data_name, data_dir, facts), model or "trivial"
    if data is None or "$(" in model or "$(" in data:
        return found
    if not data:
        message = f"the data set cannot be told from --data_dir={shown(data_dir)[1:-1]}"
        found.append(("P303", message, ("data_dir",), f"a path with one of {', '.join(facts.models)}", _GIVE_NAME))
        return found
    if data not in facts.models:
        message, expected = f"--data_name does not take {shown(data)}", f"one of {', '.join(facts.models)}"
        found.append(("P303", message, ("data_name",), expected, did_you_mean(data, facts.models)))
    elif model in facts.old.get(data, ()):
        found.append(("P312", f"the model {model} needs TensorFlow 1", ("model",), None, None))
    elif model not in facts.models[data]:
        hint = _model_hint(model, data, facts)
        name = shown(model) if model != model.strip() else shown(model)[1:-1]
        found.append(("P309", f"{data} has no model {name}", ("model",), None, hint))
    return found


def _model_hint(model: str, data: str, facts: Facts) -> str:
    others = [d for d, models in facts.models.items() if model in models and d != data]
    if others:
        return f"write --data_name={others[0]}"
    return did_you_mean(model, facts.models[data]) or f"it has {', '.join(facts.models[data])}"


def _data_set(name: str | None, folder: str | None, facts: Facts) -> str | None:
    """The data set, as the benchmark finds it; "" when it finds none, None when only the run can tell."""
    if name:
        return name
    if not folder:
        return next(iter(facts.models))
    return next((known for known in facts.models if known in folder), None if "$(" in folder else "")
