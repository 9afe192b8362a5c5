"""Policies on the benchmark's command line (P3xx). No I/O here."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dlaasgen import flags
from dlaasgen.findings import did_you_mean, nearest, shown
from dlaasgen.policies_subject import Policy, as_dict

if TYPE_CHECKING:
    from typing import Any

    from dlaasgen.flags import Facts, Flag, Given
    from dlaasgen.policies_subject import Pod, Report, Subject

POLICIES = (
    Policy(
        "P301",
        "error",
        "unknown flag",
        "tf_cnn_benchmarks ends with a usage error at a flag that it does not know, after the job has been scheduled "
        "and its image pulled.",
        "`tf_cnn_benchmarks.py --helpfull` lists them",
    ),
    Policy(
        "P302",
        "error",
        "flag with a value of the wrong type",
        "Flags take an integer, a number, a boolean (true, false, t, f, 1 or 0) or a text. A boolean takes its value "
        "behind '=' only: --mkl=true, --mkl or --nomkl.",
        "give it a value of its type",
    ),
    Policy("P303", "error", "flag with a value that it does not take", "The flag takes one of a few values.", "use one of them"),
    Policy("P304", "error", "flag out of range", "The benchmark bounds the flag's value.", "stay within the bounds"),
    Policy(
        "P305",
        "warning",
        "flag set twice",
        "The last value counts, so the first is not what is measured, though the manifest shows it.",
        "remove one of them",
    ),
    Policy(
        "P306",
        "error",
        "word that is no flag",
        "tf_cnn_benchmarks takes flags only, and reads none behind the first word that is no flag. A boolean's value "
        "behind a blank (--mkl true) is such a word.",
        "write --name=value",
    ),
    Policy(
        "P307",
        "error",
        "data_format misspelt",
        "The dimensions of an image tensor are named N (batch), C (channels), H and W. There are two orders: NHWC, "
        "channels last, and NCHW, channels first. Texts about the benchmark have said NWHC, which is neither.",
        "write NHWC, or NCHW",
    ),
    Policy(
        "P308",
        "error",
        "NCHW on a CPU without MKL",
        "On a CPU the benchmark refuses data_format=NCHW, which is its default, unless it is told that TensorFlow has "
        "oneDNN (MKL-DNN) by --mkl=true.",
        "write --data_format=NHWC, or --mkl=true for an image with oneDNN",
    ),
    Policy(
        "P309",
        "error",
        "unknown model for the data set",
        "Each data set has models of its own. Without --data_name and --data_dir it is imagenet, with synthetic data.",
        "use a model of the data set, or give --data_name",
    ),
    Policy(
        "P310",
        "error",
        "variable_update=parameter_server without a parameter server",
        "A distributed run that keeps its variables on parameter servers, which is the benchmark's default, cannot "
        "start without one. A job of a single pod keeps them in its own process.",
        "add a PS replica, or choose another --variable_update",
    ),
    Policy(
        "P311",
        "note",
        "command line in a shell text is not checked",
        "The benchmark is started from a text for a shell, whose variables and quotes only a shell knows. Give the "
        "words as a list to have its flags checked.",
        "write one word an item",
    ),
    Policy(
        "P312",
        "warning",
        "model that needs TensorFlow 1",
        "The model uses parts of TensorFlow that version 2 no longer has. It runs in an image of TensorFlow 1 only.",
        "choose another model, unless the image has TensorFlow 1",
    ),
    Policy(
        "P313",
        "warning",
        "benchmark on a GPU in a container without one",
        "Without --device=cpu the benchmark places its work on a GPU, but the container asks for none: it runs on the "
        "CPU if TensorFlow moves the work there, else not at all.",
        "write --device=cpu, or ask for a GPU in resources.limits",
    ),
)  # fmt: skip

_DATA_FORMAT = "data_format"


class Fault(NamedTuple):
    """What is wrong with a command line. `index` counts the words of the container."""

    code: str
    message: str
    index: int
    found: str | None = None
    expected: str | None = None
    hint: str | None = None


class Command(NamedTuple):
    """A command line, judged by itself. `values` are the flags that are set; `places` the words that set them."""

    at: int
    faults: tuple[Fault, ...]
    values: dict[str, str]
    places: dict[str, int]

    def place(self, *names: str) -> int:
        """The word that sets the first of these flags that is set, else the program's name."""
        return next((self.places[n] for n in names if n in self.places), self.at)


def check(subject: Subject, say: Report, facts: Facts) -> None:
    """P301 to P313."""
    for pod in subject.pods:
        for index in range(len(pod.containers)):
            words = pod.words(index)
            try:
                command = judged(words, facts) if words else None
            except (TypeError, AttributeError):  # words that are no texts; the schema says so
                continue
            if command is None:
                continue
            for fault in command.faults:
                code, message, word, found, expected, hint = fault
                say(code, message, pod.word(index, word), found=found, expected=expected, hint=hint)
            _in_its_job(command, subject, pod, index, say)


def _in_its_job(command: Command, subject: Subject, pod: Pod, index: int, say: Report) -> None:
    """What only the job as a whole shows."""
    values = command.values
    if not values and command.faults and command.faults[0].code == "P311":
        return
    if values.get("variable_update", "parameter_server") == "parameter_server" and _lacks_server(subject):
        found = f"{sum(p.count for p in subject.pods)} pods, none a PS"
        message = "variable_update=parameter_server needs a parameter server, and the job has none"
        say("P310", message, pod.word(index, command.place("variable_update")), found=found)
    if values.get("device", "gpu").lower() == "gpu" and not _has_gpu(pod.containers[index]):
        how = "is told to use" if "device" in values else "uses by default"
        message = f"the benchmark {how} a GPU, and the container asks for none"
        say("P313", message, pod.word(index, command.place("device")))


def _lacks_server(subject: Subject) -> bool:
    dialect = subject.dialect
    if dialect is None or dialect.kind not in ("TFJob", "TrainJob"):
        return False
    return sum(p.count for p in subject.pods) > 1 and not subject.pods_of("PS")


def _has_gpu(container: dict[str, Any]) -> bool:
    resources = as_dict(container.get("resources"))
    names = {*as_dict(resources.get("limits")), *as_dict(resources.get("requests"))}
    return any(isinstance(n, str) and "gpu" in n.rpartition("/")[2] for n in names)


@lru_cache(maxsize=4096)
def judged(words: tuple[str, ...], facts: Facts) -> Command | None:
    """A container's words as a command line of the benchmark; None when they are none."""
    for index, word in enumerate(words):
        if "tf_cnn_benchmarks.py" in word and any(c.isspace() for c in word):
            return Command(index, (Fault("P311", "the benchmark's flags are in a text for a shell", index),), {}, {})
    at = flags.program_at(words)
    if at is None:
        return None
    faults: list[Fault] = []
    values: dict[str, str] = {}
    places: dict[str, int] = {}
    for given in flags.read(words[at + 1 :], facts):
        index = at + 1 + given.index
        fault = _fault(given, facts)
        if fault is not None:
            faults.append(fault._replace(index=index))
        if given.flag is None or given.value is None or given.name is None:
            continue
        value = _text(given)
        if given.name in values and values[given.name] != value:
            message = f"--{given.name} is set twice, to {shown(values[given.name])[1:-1]} and to {shown(value)[1:-1]}"
            faults.append(Fault("P305", message, index))
        values[given.name], places[given.name] = value, index
    command = Command(at, tuple(faults), values, places)
    return command._replace(faults=(*faults, *_together(command, facts)))


def _text(given: Given) -> str:
    """A flag's value; booleans as true and false, unless they are neither."""
    value = given.value or ""
    if given.flag is not None and given.flag.type == "boolean" and given.flag.accepts(value):
        return str(flags.is_true(value)).lower()
    return value


@lru_cache(maxsize=16384)
def _fault(given: Given, facts: Facts) -> Fault | None:
    """What is wrong with one flag by itself."""
    name, value, flag = given.name, given.value, given.flag
    if name is None:
        word = value or ""
        hint = f"did you mean --{word.partition('=')[0]}?" if word.partition("=")[0] in facts.flags else None
        if word.lower() in ("true", "false"):
            hint = "write --name=" + word
        return Fault("P306", f"the word {shown(word)} is no flag, and the benchmark takes nothing else", 0, hint=hint)
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


def _together(command: Command, facts: Facts) -> list[Fault]:
    """What is wrong with flags in each other's company."""
    values, found = command.values, []
    on_cpu = values.get("device", "gpu").lower() == "cpu"
    if on_cpu and values.get(_DATA_FORMAT, "NCHW") == "NCHW" and values.get("mkl", "false") == "false":
        how = "" if _DATA_FORMAT in values else ", the default,"
        message = f"data_format NCHW{how} is not possible on a CPU without MKL"
        found.append(Fault("P308", message, command.place(_DATA_FORMAT, "device")))
    data = _data_set(values, facts)
    model = values.get("model", "trivial")
    if data is None or "$(" in model:
        return found
    index = command.place("model")
    if data not in facts.models:
        if "$(" not in data:
            expected, hint = f"one of {', '.join(facts.models)}", did_you_mean(data, facts.models)
            found.append(
                Fault(
                    "P303", f"--data_name does not take {shown(data)}", command.place("data_name"), None, expected, hint
                )
            )
    elif model in facts.old.get(data, ()):
        found.append(Fault("P312", f"the model {model} needs TensorFlow 1", index))
    elif model not in facts.models[data]:
        found.append(
            Fault("P309", f"{data} has no model {shown(model)[1:-1]}", index, hint=_model_hint(model, data, facts))
        )
    return found


def _model_hint(model: str, data: str, facts: Facts) -> str:
    others = [d for d, models in facts.models.items() if model in models and d != data]
    if others:
        return f"write --data_name={others[0]}"
    return did_you_mean(model, facts.models[data]) or f"it has {', '.join(facts.models[data])}"


def _data_set(values: dict[str, str], facts: Facts) -> str | None:
    """The data set, as the benchmark finds it; None when only the run can tell."""
    name, folder = values.get("data_name"), values.get("data_dir")
    if name:
        return name
    if not folder:
        return next(iter(facts.models))
    return next((known for known in facts.models if known in folder), None)
