"""Formats, line by line."""

from __future__ import annotations

import json
import math

import pytest

from dlaasgen.logs.events import (
    Columns,
    Evaluation,
    EvaluationStep,
    Event,
    Fact,
    Failure,
    Header,
    LauncherRecord,
    Measured,
    Stage,
    Step,
    Total,
)
from dlaasgen.logs.formats.registry import FORMATS, events_of
from dlaasgen.logs.prefixes import peel
from logs import one, result

STEP = b"10\timages/sec: 7.8 +/- 0.2 (jitter = 0.6)\t10.637"
READ = Step(10, 7.8, 0.2, 0.6, 10.637)


def events(line: bytes) -> list[Event] | None:
    found = events_of(peel(line, {}))
    return None if found is None else list(found[1])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (STEP, [READ]),
        (STEP.replace(b"\t", b"    "), [READ]),
        (b"1\timages/sec: 7.8\t10.637", [Step(1, 7.8, loss=10.637)]),
        (STEP + b"\t0.031\t0.094", [Step(10, 7.8, 0.2, 0.6, 10.637, 0.031, 0.094)]),
        (STEP.replace(b"10.637", b"-1.000"), [Step(10, 7.8, 0.2, 0.6, -1.0)]),
        (STEP.replace(b"10.637", b"inf"), [Step(10, 7.8, 0.2, 0.6, math.inf)]),
        (b"noise" + STEP, [READ]),
        (STEP + b"noise", [READ]),
        (STEP + STEP, [READ, READ]),
        (b"3" + b"." + STEP, []),
        (STEP + b"7", []),
        (STEP[:-1], []),
        (STEP[:20], []),
        (b"total images/sec: 15.64", [Total(15.64), Stage("done")]),
        (b"-----total images/sec: 15.64-----", [Total(15.64), Stage("done")]),
        (STEP + b"total images/sec: 15.64", [READ, Total(15.64), Stage("done")]),
        (b"total images/sec: 15.6", []),
        (b"total images/sec: 15.645", []),
        (b"total images/sec: nan", []),
        (b"5\t1234.5 examples/sec", [Stage("evaluating"), EvaluationStep(5, 1234.5)]),
        (b"1234.5 examples/sec", []),
        (b"Accuracy @ 1 = 0.0010 Accuracy @ 5 = 0.0050 [1000 examples]", [Evaluation(0.001, 0.005, 1000)]),
        (b"Accuracy @ 1 = 0.0010 Accuracy @ 5 = 0.00", []),
        (b"Step\tImg/sec\ttotal_loss\ttop_1_accuracy\ttop_5_accuracy\r",
         [Columns(("total_loss", "top_1_accuracy", "top_5_accuracy")), Stage("steps")]),
        (b"TensorFlow:  1.12", [Stage("started"), Header("tensorflow", "1.12")]),
        (b"Batch size:  16 global", [Header("batch size", "16 global")]),
        (b"             8 per device", [Header("per device", "8")]),
        (b"8 per device", [Header("per device", "8")]),
        (b"Data format: NCHW", [Header("data format", "NCHW")]),
        (b"RewriterConfig: x", [Header("rewriterconfig", "x")]),
        (b"Model:", None),
        (b"Model:        ", []),
        (b'Model: "sequential"', None),
        (b"Generating training model", [Stage("building")]),
        (b"Done with training", [Stage("done")]),
        (b"Starting worker 1", [Stage("initializing")]),
        (b"Running parameter server 0", [Header("parameter server", "0"), Stage("serving")]),
        (b"Running parameter server x", None),
        (b"Running evaluation at global_step 10", [Stage("evaluating")]),
        (b"Traceback (most recent call last):", [Failure("Traceback (most recent call last):")]),
        (b"tensorflow.python.framework.errors_impl.InvalidArgumentError: No OpKernel",
         [Failure("tensorflow.python.framework.errors_impl.InvalidArgumentError: No OpKernel")]),
        (b"KeyboardInterrupt", [Failure("KeyboardInterrupt")]),
        (b"    raise ValueError('Invalid model name')", None),
        (b"Killed", [Failure("Killed")]),
        (b"/opt/run.sh: line 3: 17 Segmentation fault      (core dumped) python x",
         [Failure("/opt/run.sh: line 3: 17 Segmentation fault      (core dumped) python x")]),
        (b"terminate called after throwing an instance of 'std::bad_alloc'",
         [Failure("terminate called after throwing an instance of 'std::bad_alloc'")]),
        (b"F1124 07:44:49.472179 1 x.cc:5] Check failed: a == b", [Failure("Check failed: a == b")]),
        (b"Your CPU supports instructions that this TensorFlow binary was not compiled to use: AVX2 FMA",
         [Fact("cpu_instructions_unused", "AVX2 FMA")]),
        (b"OMP: Info #156: KMP_AFFINITY: 72 available OS procs", [Fact("omp_processors", "72")]),
        (b"anything else", None),
    ],
)  # fmt: skip
def test_a_line(line: bytes, expected: list[Event] | None) -> None:
    assert events(line) == expected


def test_a_loss_that_is_no_number() -> None:
    found = events(STEP.replace(b"10.637", b"nan"))
    assert found is not None
    assert isinstance(found[0], Step)
    assert math.isnan(found[0].loss or 0)


def test_a_value_whose_line_was_cut_is_not_taken() -> None:
    assert one(b"Num batches: 20\n").header == {"num batches": "20"}
    cut = one(b"Num batches: 2")
    assert (cut.header, cut.lines.unread) == ({}, 1)
    launcher = b"INFO|2026-11-24T07:44:48|/opt/launcher.py|42| "
    assert one(launcher + b"b'Num batches: 2\n").header == {}
    assert one(launcher + b"b'total images/sec: 15.64\n").totals == (15.64,)


def test_an_evaluation() -> None:
    log = (
        b"TensorFlow:  2.21\nMode:        evaluation\nBatch size:  8 global\n             8 per device\n"
        b"Num batches: 10\n"
        b"5\t100.0 examples/sec\n10\t200.0 examples/sec\nAccuracy @ 1 = 0.0010 Accuracy @ 5 = 0.0050 [80 examples]\n"
    )
    found = result(log)
    assert (found.status, found.stage) == ("incomplete", "evaluating")
    found = result(log + b"total images/sec: 160.00\n")
    assert found.status == "succeeded"
    values = {name: metric.value for name, metric in found.metrics.items()}
    assert values == {
        "images_per_second": 160.0,
        "evaluation_examples_per_second": 150.0,
        "eval_top_1_accuracy": 0.001,
        "eval_top_5_accuracy": 0.005,
        "run_seconds": 0.5,
    }


def test_training_with_evaluation_prints_no_total() -> None:
    log = b"Mode:        training + evaluation\nStep\tImg/sec\ttotal_loss\n" + STEP + b"\n"
    assert result(log).status == "incomplete"
    log += b"Done with training\nRunning final evaluation at global_step 10\n"
    log += b"Accuracy @ 1 = 0.0010 Accuracy @ 5 = 0.0050 [80 examples]\n"
    found = result(log)
    assert (found.status, found.metrics["images_per_second"].value, found.flags) == (
        "succeeded",
        7.8,
        ("rate-from-steps",),
    )


def test_a_forward_pass_has_no_loss() -> None:
    log = b"Mode:        forward-only\n1\timages/sec: 7.8 +/- 0.0 (jitter = 0.0)\t0.000\t0.100\t0.500\n"
    assert set(result(log + b"total images/sec: 7.80\n").metrics) == {
        "images_per_second", "top_1_accuracy", "top_5_accuracy", "step_uncertainty", "step_jitter",
    }  # fmt: skip


RECORD = {"event": "start", "format": 1, "time": "2026-11-24T14:35:54.430Z", "launch": "a" * 16, "job": "j"}


def record(**values: object) -> bytes:
    return b"dlaasgen-launcher: " + json.dumps(RECORD | values).encode() + b"\n"


def test_our_launchers_records() -> None:
    start = record(
        task={"role": "worker", "index": 1, "source": "TF_CONFIG"},
        cpu={"model": "Xeon", "usable": 4, "limit": None},
        threads={"intra_op": 4},
        tuning={"OMP_NUM_THREADS": "4"},
        versions={"python": "3.11", "tensorflow": {"tensorflow": "2.21"}},
        host="a",
    )
    end = record(
        event="end", reason="completed", exit_code=0, duration_seconds=9.5, peak_memory_bytes=100, cpu_seconds=8
    )
    found = result(start + b"total images/sec: 5.00\n" + end)
    assert (found.workers[0].role, found.workers[0].index) == ("worker", 1)
    assert found.environment == {
        "OMP_NUM_THREADS": "4", "cpu": "Xeon", "cpu_cores": "4", "host": "a", "intra_op_threads": "4",
        "tensorflow": "2.21",
    }  # fmt: skip
    assert (found.metrics["command_seconds"].value, found.metrics["peak_memory_bytes"].value) == (9.5, 100)
    # A line before it without an end does not hide it.
    assert len(one(b"no end" + start).launcher) == 1


def test_a_record_that_the_program_forged_is_not_believed() -> None:
    forged = record(event="end", launch="b" * 16, reason="failed", exit_code=1)
    found = result(record() + forged)
    assert found.status == "no-data"
    own = record(event="end", reason="peer-gone", message="worker 0 is gone", exit_code=138)
    assert result(record() + own).reason == "exit code 138"
    assert result(record() + record(event="end", reason="terminated", message="x")).reason == "terminated: x"
    assert result(record() + record(event="end", reason="terminated")).reason == "terminated"
    assert one(b'dlaasgen-launcher: {"event"\n').lines.unread == 1
    assert one(b'dlaasgen-launcher: {"event": 1}\n').lines.unread == 1
    assert one(record(versions={"tensorflow": None}, tuning=None, cpu=None)).launcher[0].name == "start"


def test_the_launcher_of_2018_under_python_2() -> None:
    prefix = b"INFO|2018-11-24T07:44:48|/opt/launcher.py|27| "
    log = [
        b"Launcher started.", b"Command to run: python x --job_name=worker --task_index=2 --num_intra_threads=4",
        STEP, b"total images/sec: 7.80", b"Finished: python x", b"Command ran successfully sleep for ever.",
    ]  # fmt: skip
    reading = one(b"".join(prefix + line + b"\n" for line in log))
    assert [record.name for record in reading.launcher] == ["started", "command", "finished", "finished"]
    assert (reading.environment, reading.totals, reading.steps.count) == ({"intra_op_threads": "4"}, (7.8,), 1)
    assert one(b"Launcher started.\n").launcher == ()


def test_the_launchers_own_traceback_does_not_hide_the_programs() -> None:
    prefix = b"INFO|2018-11-24T07:44:48|/opt/launcher.py|27| "
    log = prefix + b"Traceback (most recent call last):\n" + prefix + b"ValueError: Invalid model name\n"
    log += b'Traceback (most recent call last):\n  File "/opt/launcher.py", line 82, in <module>\n'
    log += b"ValueError: cmd: python x exited with code 1\n"
    found = result(log)
    assert (found.status, found.reason) == ("failed", "ValueError: Invalid model name")
    assert result(b"ValueError: cmd: python x exited with code -9\n").reason == "exit code -9 (SIGKILL; out of memory?)"
    assert events(b"ValueError: cmd: bad") == [Failure("ValueError: cmd: bad")]
    exited = events(b"ValueError: cmd: x exited with code 1")
    assert exited == [LauncherRecord("exited", {"exit_code": 1})]


def test_a_flag_that_absl_refuses() -> None:
    log = (
        b"FATAL Flags parsing error:\n  flag --batch_size=x: invalid literal\nPass --helpshort to see help on flags.\n"
    )
    assert result(log).reason == "FATAL Flags parsing error: flag --batch_size=x: invalid literal"
    assert result(b"FATAL Flags parsing error:\n").reason == "FATAL Flags parsing error:"
    assert result(b"FATAL Flags parsing error:\n\nValueError: x\n").reason == "ValueError: x"


def test_a_traceback_that_was_cut() -> None:
    assert (
        result(b"Traceback (most recent call last):\n  File").reason == "a traceback that was cut before its last line"
    )


def test_the_last_exception_of_a_chain_is_the_reason() -> None:
    log = b"Traceback (most recent call last):\nKeyError: 'x'\n\nDuring handling of the above exception, another\n"
    log += b"Traceback (most recent call last):\nKeyError: 'x'\nRuntimeError: y\n"
    assert one(log).failures == ("KeyError: 'x'", "KeyError: 'x'", "RuntimeError: y")


def test_a_failure_that_is_told_twice_is_one() -> None:
    assert one(b"MemoryError\nMemoryError\n").failures == ("MemoryError",)


def test_mlperf() -> None:
    def line(key: str, value: object = None, **metadata: object) -> bytes:
        data = {"namespace": "", "time_ms": 1000, "event_type": "POINT_IN_TIME", "key": key, "value": value}
        return b":::MLLOG " + json.dumps(data | {"metadata": metadata}).encode() + b"\n"

    log = line("submission_benchmark", "resnet") + line("global_batch_size", 32) + line("run_start")
    log += line("eval_accuracy", 0.75, epoch_num=4) + line("tracked_stats", {"throughput": 99.5, "x": "y"})
    found = result(log + line("run_stop", status="success").replace(b"1000", b"5000"))
    assert found.status == "succeeded"
    assert found.metrics["mlperf.eval_accuracy"].direction == "higher"
    assert found.metrics["mlperf.throughput"].value == 99.5
    assert found.metrics["mlperf.run_stop"].value == 5.0
    failed = one(log + line("run_stop", status="aborted"))
    assert failed.failures == ("MLPerf: the run stopped with status aborted",)
    assert one(b':::MLLOG {"key"\n:::MLLOG {"key": 1}\n:::MLLOG []\n:::ML\n').lines.unread == 4
    assert events(b':::MLLOG {"key": "x", "time_ms": "y"}') == [Stage("launched")]


def test_mlperf_before_it_had_json() -> None:
    line = b':::MLPv0.5.0 resnet 1541635780.6 (resnet.py:1) eval_accuracy: {"epoch": 4, "value": 0.75}'
    assert events(line) == [
        Stage("launched", 1541635780.6), Measured("mlperf.eval_accuracy", 0.75, "1", "higher"),
    ]  # fmt: skip
    assert events(b":::MLPv0.5.0 resnet 1541635780.6 (x:1) run_final") == [Stage("launched", 1541635780.6)]
    assert events(b':::MLPv0.5.0 resnet 1541635780.6 (x:1) opt_name: "sgd"') == [Stage("launched", 1541635780.6)]


def test_the_benchmark_loggers_files() -> None:
    def metric(name: str, value: object, step: object = 10, **more: object) -> bytes:
        data = {"name": name, "value": value, "unit": None, "global_step": step, "timestamp": "2026-11-24T07:44:48.1Z"}
        return json.dumps(data | {"extras": []} | more).encode() + b"\n"

    run = {
        "model_name": "alexnet", "dataset": {"name": "imagenet"}, "run_date": "2026-11-24T07:44:40.1Z",
        "machine_config": {"cpu_info": {"num_cores": 4, "cpu_info": "Xeon"}},
        "tensorflow_version": {"version": "2.21", "git_hash": "x"},
        "tensorflow_environment_variables": [{"name": "TF_X", "value": "1"}, 3],
        "run_parameters": [
            {"name": "model", "string_value": "alexnet"}, {"name": "batch_size_per_device", "long_value": 8},
            {"name": "other", "long_value": 8}, 7,
        ],
    }  # fmt: skip
    log = json.dumps(run).encode() + b"\n" + metric("current_examples_per_sec", 7.5)
    assert result(log).status == "incomplete"
    log += metric("top_1_accuracy", 0.5) + metric("average_examples_per_sec", 8.25, 20)
    found = result(log, parameters={"batch_size": 16, "model": "alexnet"})
    assert (found.status, found.metrics["images_per_second"].value) == ("succeeded", 8.25)
    assert [one.what for one in found.mismatches] == ["batch_size"]
    assert found.environment == {"TF_X": "1", "cpu": "Xeon", "cpu_cores": "4", "model": "alexnet", "tensorflow": "2.21"}
    assert events(metric("x", "y")) == []
    assert events(metric("x", [])) == []
    assert events(metric("current_examples_per_sec", 1.0, None)) == []
    assert events(metric("current_examples_per_sec", 1.0, [])) == []
    assert events(metric("x", 1, unit="s")) == [Measured("x", 1.0, "s", "none", 10)]
    assert events(b'{"name": "x", "global_step"') == []
    assert events(b'{"name": "x"') is None
    assert events(b'{"name": "x"}') is None
    bare = {"model_name": "x", "run_parameters": None}
    assert events(json.dumps(bare).encode()) == [Stage("started")]


def test_the_benchmark_logger_in_the_stream() -> None:
    line = b"I1124 07:44:49.472179 1 logger.py:150] Benchmark metric: "
    line += b"{'name': 'x', 'value': 1.5, 'unit': None, 'global_step': %b, "
    assert events(line % b"7") == [Measured("x", 1.5, step=7)]
    assert events(line % b"None") == [Measured("x", 1.5)]
    assert events(b"Benchmark metric: {'name'") == []


def test_every_format_says_what_it_needs() -> None:
    names = [one.NAME for one in FORMATS]
    assert len(set(names)) == len(names)
    assert all(one.NEEDLES for one in FORMATS)
