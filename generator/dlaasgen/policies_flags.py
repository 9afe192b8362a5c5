"""Policies on the benchmark's command line (P3xx). No I/O here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dlaasgen.findings import counted, shown
from dlaasgen.policies_commands import Command, judged
from dlaasgen.policies_subject import Pod, Policy, as_dict, as_list

if TYPE_CHECKING:
    from dlaasgen.flags import Facts
    from dlaasgen.policies_subject import Report, Subject

_OPENMP = "OMP_NUM_THREADS"
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
    Policy(
        "P303",
        "error",
        "flag with a value that it does not take",
        "The flag takes one of a few values, and the benchmark ends with a usage error at any other.",
        "use one of them",
    ),
    Policy(
        "P304",
        "error",
        "flag out of range",
        "The benchmark bounds the flag's value, and ends with a usage error beyond.",
        "stay within the bounds",
    ),
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
        "variable_update that needs a parameter server without one",
        "A distributed run that keeps its variables on parameter servers, which is the benchmark's default, cannot "
        "start without one, and neither can one that averages them there (distributed_replicated). With "
        "parameter_server, a job of a single pod keeps them in its own process.",
        "add a PS replica, or choose another --variable_update",
    ),
    Policy(
        "P311",
        "note",
        "command line in a shell text is not checked",
        "The benchmark is started from a text for a shell. Its words are checked as far as they can be told without "
        "running it: not in a text whose quotes do not match, nor the second of two benchmarks in one text. Give the "
        "words as a list to have all flags checked.",
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
    Policy(
        "P314",
        "warning",
        "OMP_NUM_THREADS that the benchmark replaces",
        "With --mkl the benchmark sets OMP_NUM_THREADS itself, to --num_intra_threads, or removes it when that is not "
        "given. What the container's environment says is read only by what looks at it before.",
        "give --num_intra_threads the same number; or leave --mkl out, which data_format NHWC allows",
    ),
    Policy(
        "P315",
        "error",
        "all-reduce of a single device",
        "With collective_all_reduce the workers' devices add up their gradients among themselves. The benchmark does "
        "not start when there is only one worker with one device.",
        "write --variable_update=parameter_server for a single worker, or add workers",
    ),
)


class Benchmark(NamedTuple):
    """A container that runs the benchmark. `number` is its place in the pod."""

    pod: Pod
    number: int
    command: Command


def benchmarks(subject: Subject, facts: Facts) -> list[Benchmark]:
    """Every container of a job that runs the benchmark, with its command line."""
    found = []
    before, command = None, None
    for pod in subject.pods:
        for number, container in enumerate(pod.containers):
            said = (container.get("command", ()), container.get("args", ()))
            if said != before:  # roles mostly run the same, and comparing is quicker than looking up
                before = said
                try:
                    words = (*said[0], *said[1])
                    command = judged(words, facts) if words else None
                except (TypeError, AttributeError):  # words that are no texts; the schema says so
                    command = None
            if command is not None:
                found.append(Benchmark(pod, number, command))
    return found


def check_words(run: Benchmark, say: Report) -> None:
    """P301 to P309, P311 and P312: what a command line shows by itself."""
    for code, message, word, found, expected, hint in run.command.faults:
        say(code, message, run.pod.word(run.number, word), found=found, expected=expected, hint=hint)


def check_job(run: Benchmark, subject: Subject, say: Report) -> None:
    """P310 and P313 to P315: what only the job, or the container, as a whole shows."""
    pod, number, command = run
    on_servers, on_gpu, alone, threads = command.bearing()
    if alone and subject.size == 1:
        message = "variable_update=collective_all_reduce needs two devices, and the job has one"
        say("P315", message, pod.word(number, command.place("variable_update")), found="1 worker with 1 device")
    if on_servers is not None and _lacks_server(subject, on_servers):
        count = subject.size
        found = f"{counted(count, 'pod')}, none a PS"
        message = f"variable_update={on_servers} needs a parameter server, and the job has none"
        say("P310", message, pod.word(number, command.place("variable_update")), found=found)
    if on_gpu and not _has_gpu(pod.containers[number]):
        how = "is told to use a GPU" if "device" in command.values else "uses a GPU by default"
        message = f"the benchmark {how}, and the container asks for none"
        say("P313", message, pod.word(number, command.place("device")))
    if threads is not None:
        _check_threads(run, threads, say)


def _check_threads(run: Benchmark, threads: str, say: Report) -> None:
    pod, number, _ = run
    for index, variable in enumerate(as_list(pod.containers[number].get("env"))):
        if variable.__class__ is not dict or variable.get("name") != _OPENMP:
            continue
        found = variable.get("value", threads)
        if found != threads:
            message = f"{_OPENMP} is not what the benchmark takes: with --mkl it takes --num_intra_threads"
            place = f"{pod.at(number)}.env[{index}].value"
            say("P314", message, place, found=shown(found), expected=threads if threads != "0" else "none")


def _lacks_server(subject: Subject, update: str) -> bool:
    dialect = subject.dialect
    if dialect is None or dialect.kind not in ("TFJob", "TrainJob"):
        return False
    alone = subject.size <= 1 and update == "parameter_server"
    return not alone and not subject.pods_of("PS")


def _has_gpu(container: dict[str, Any]) -> bool:
    resources = as_dict(container.get("resources"))
    names = {*as_dict(resources.get("limits")), *as_dict(resources.get("requests"))}
    return any("gpu" in str(name).rpartition("/")[2] for name in names)
