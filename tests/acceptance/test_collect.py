"""dlaasgen collect, results, store and reparse, as a user runs them."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard

from support import ROOT, command, environment

if TYPE_CHECKING:
    from support import Result, Run

UID = "6b1f2c3d-0000-4000-8000-00000000beef"
CELLS = json.loads((ROOT / "rendered/nightly/index.json").read_text(encoding="utf-8"))["cells"]
CELL = next(cell for cell in CELLS if cell["id"] == "resnet50-bs32-w3-eigen")
JOB: str = CELL["job"]


def log(rate: float = 7.5, worker: int = 0) -> bytes:
    """A log as tf_cnn_benchmarks writes it; the last digit of the seed makes those of workers differ."""
    return (
        "TensorFlow:  2.21\nModel:       resnet50\nDataset:     imagenet (synthetic)\nMode:        training\n"
        "SingleSess:  False\nBatch size:  96 global\n             32 per device\nNum batches: 20\nNum epochs:  0.00\n"
        f"Devices:     ['/job:worker/replica:0/task:{worker}/cpu:0']\nNUMA bind:   False\nData format: NHWC\n"
        "Optimizer:   sgd\nVariables:   parameter_server\nSync:        True\n==========\nGenerating training model\n"
        "Initializing graph\nRunning warm up\nDone warm up\nStep\tImg/sec\ttotal_loss\n"
        f"1\timages/sec: {rate} +/- 0.0 (jitter = 0.0)\t7.0\n20\timages/sec: {rate} +/- 0.1 (jitter = 0.3)\t8.9\n"
        f"{'-' * 64}\ntotal images/sec: {3 * rate:.2f}\n{'-' * 64}\n"
    ).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Logs of one job of three workers, by their pods' names."""
    logs = tmp_path / "logs"
    logs.mkdir()
    for worker in range(3):
        (logs / f"{JOB}-worker-{worker}.log").write_bytes(log(worker=worker))
    return logs


@pytest.fixture
def collect(dlaasgen: Run, tmp_path: Path, root: Path) -> Run:
    """`dlaasgen collect` into store.db, with the committed tree."""

    def run(*args: str | Path, stdin: str = "", **_: object) -> Result:
        tree = root / "rendered" / "nightly"
        return dlaasgen(
            "collect", "--store", "store.db", "--tree", tree, "-o", "json", *args, cwd=tmp_path, stdin=stdin
        )

    return run


def stored(dlaasgen: Run, cwd: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = dlaasgen("results", "--store", "store.db", "-o", "json", cwd=cwd).ok().data
    return found


def places(dlaasgen: Run, cwd: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = dlaasgen("store", "logs", "--store", "store.db", "-o", "json", cwd=cwd).ok().data
    return found


def test_a_folder_is_collected_and_again_changes_nothing(
    collect: Run, dlaasgen: Run, folder: Path, tmp_path: Path
) -> None:
    (folder / "README.md").write_text("total images/sec: 9")
    first = collect("--from", folder, cwd=tmp_path).ok().data
    assert {k: first[k] for k in ("logs", "new", "results", "unmatched", "failed")} == {
        "logs": 3, "new": 3, "results": 1, "unmatched": [], "failed": [],
    }  # fmt: skip
    assert first["left_out"] == [{"name": "README.md", "reason": "not named like a log"}]
    before = stored(dlaasgen, tmp_path)
    again = collect("--from", folder, cwd=tmp_path).ok().data
    assert (again["new"], again["results"]) == (0, 0)
    assert stored(dlaasgen, tmp_path) == before
    (result,) = before
    assert (result["job"], result["matrix"], result["run"]) == (JOB, "nightly", "1")
    assert result["cell"] == "resnet50-bs32-w3-eigen"
    assert len(result["logs"]) == 3  # type: ignore[arg-type]
    assert result["manifest_digest"] == next(iter(CELL["files"].values()))


def test_a_log_that_fits_no_cell_is_kept_and_listed(collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "strange.log").write_bytes(log())
    said = collect("--from", "strange.log", cwd=tmp_path).ok().data
    assert [(u["path"], u["job"]) for u in said["unmatched"]] == [("strange.log", "strange")]
    assert [r["job"] for r in stored(dlaasgen, tmp_path)] == ["strange"]
    listed = dlaasgen("store", "logs", "--unmatched", "--store", "store.db", cwd=tmp_path).ok()
    assert "strange.log" in listed.out


def launched(worker: int, **values: object) -> bytes:
    """A log that begins with the launcher's record."""
    told = {"event": "start", "format": 1, "launch": "0" * 16, "job": JOB, "cell": CELL["id"], **values}
    return b"dlaasgen-launcher: " + json.dumps(told | {"task": {"role": "worker", "index": worker}}).encode() + b"\n"


def test_a_file_of_any_name_is_joined_by_its_launchers_record(collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    other = next(cell["job"] for cell in CELLS if cell["job"] != JOB)
    (logs / "one.txt").write_bytes(launched(0) + log())
    (logs / f"{other}-worker-1.log").write_bytes(launched(1) + log(worker=1))
    (logs / "stranger.log").write_bytes(launched(2, job="of-no-tree") + log(worker=2))
    done = collect("--from", logs, cwd=tmp_path).ok()
    name = f"logs/{other}-worker-1.log"
    assert done.data["contradicted"] == [{"name": name, "named": other, "job": JOB}]
    assert f"{name}: warning[C114]" in done.err
    assert [u["path"] for u in done.data["unmatched"]] == ["logs/stranger.log"]
    found = {(p["path"], p["job"], p["role"], p["number"]) for p in places(dlaasgen, tmp_path)}
    assert found == {
        ("logs/one.txt", JOB, "worker", 0), (name, JOB, "worker", 1), ("logs/stranger.log", "stranger", "worker", 0),
    }  # fmt: skip


def test_records_join_when_the_tree_comes_later(dlaasgen: Run, collect: Run, tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.log").write_bytes(launched(number) + log(worker=number))
    dlaasgen("collect", "--from", "0.log", "--from", "1.log", "--store", "store.db", cwd=tmp_path).ok()
    assert collect("--from", "0.log", cwd=tmp_path).ok().data["unmatched"] == []
    assert {(p["job"], p["number"]) for p in places(dlaasgen, tmp_path)} == {(JOB, 0), (JOB, 1)}


def crowd(folder: Path, packed: str) -> Path:
    """The folder's logs in an archive."""
    files = sorted(folder.iterdir())
    target = folder.parent / f"logs{packed}"
    if packed == ".zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, f"logs/{file.name}")
        return target
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for file in files:
            archive.add(file, f"./logs/{file.name}")
    data = plain.getvalue()
    if packed == ".tar.gz":
        data = gzip.compress(data)
    elif packed == ".tar.zst":
        data = zstandard.compress(data)
    target.write_bytes(data)
    return target


@pytest.mark.parametrize("packed", [".tar", ".tar.gz", ".tar.zst", ".zip"])
def test_an_archive_is_a_folder(collect: Run, dlaasgen: Run, folder: Path, tmp_path: Path, packed: str) -> None:
    collect("--from", folder, cwd=tmp_path).ok()
    before = stored(dlaasgen, tmp_path)
    archive = crowd(folder, packed)
    said = collect("--from", archive, cwd=tmp_path).ok().data
    assert (said["logs"], said["new"], said["results"]) == (3, 0, 0)
    assert stored(dlaasgen, tmp_path) == before
    # In a folder it is opened as well.
    inner = tmp_path / "inner"
    inner.mkdir()
    shutil.copy(archive, inner)
    assert collect("--from", inner, cwd=tmp_path).ok().data["logs"] == 3


@pytest.mark.parametrize("name", ["../../evil-worker-0.log", "/tmp/evil-worker-0.log", "link-worker-0.log"])  # noqa: S108
def test_an_archive_writes_nowhere(collect: Run, tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        member = tarfile.TarInfo(name)
        if name.startswith("link"):
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member)
        else:
            member.size = 2
            archive.addfile(member, io.BytesIO(b"x\n"))
    said = collect("--from", "x.tar", cwd=tmp_path).ok().data
    assert said["logs"] == (0 if name.startswith("link") else 1)
    assert not list(Path("/tmp").glob("evil*"))  # noqa: S108
    assert not list(tmp_path.parent.parent.glob("evil*"))


def test_what_unpacks_without_end_is_refused(collect: Run, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bomb-worker-0.log.gz", "wb", 9) as file:
        for _ in range(300):
            file.write(bytes(1 << 20))
    said = collect("--from", "bomb-worker-0.log.gz", cwd=tmp_path).exits(7)
    assert "unpacks to more than 250 times its size" in said.err


def test_a_damaged_file_is_told_and_what_can_be_read_is_kept(collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    logs = tmp_path / "cut"
    logs.mkdir()
    data = gzip.compress(log() + os.urandom(100_000).hex().encode())
    (logs / f"{JOB}-worker-0.log.gz").write_bytes(data[: len(data) // 2])
    (logs / f"{JOB}-worker-1.log").write_bytes(log(worker=1))
    said = collect("--from", logs, cwd=tmp_path).exits(7)
    assert "C113" in said.err
    assert said.data["logs"] == 2
    missing = dlaasgen("store", "missing", "--store", "store.db", "-o", "json", cwd=tmp_path).ok().data
    assert [row["key"] for row in missing] == [f"file:{JOB}-worker-0.log.gz"]


def test_the_kubelets_files_are_put_together(collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    pod = tmp_path / "pods" / f"dlaas_{JOB}-worker-1_{UID}" / "tensorflow"
    pod.mkdir(parents=True)
    lines = [b"2026-11-24T07:44:48.123456789Z stdout F " + line + b"\n" for line in log().splitlines()]
    (pod / "0.log.20261124-074448.gz").write_bytes(gzip.compress(b"".join(lines[:5])))
    (pod / "0.log.20261124-074500").write_bytes(b"".join(lines[5:9]))
    (pod / "0.log").write_bytes(b"".join(lines[9:]))
    assert collect("--from", "pods", cwd=tmp_path).ok().data["logs"] == 1
    (place,) = places(dlaasgen, tmp_path)
    assert (place["namespace"], place["uid"], place["container"], place["number"]) == ("dlaas", UID, "tensorflow", 1)
    said = dlaasgen("store", "log", "--digest", str(place["digest"])[:20], "--store", "store.db", cwd=tmp_path).ok()
    assert said.out.encode() == b"".join(lines)


@pytest.mark.parametrize("form", ["kubectl", "stern", "json"])
def test_standard_input_is_taken_apart_by_pod(collect: Run, dlaasgen: Run, tmp_path: Path, form: str) -> None:
    mixed = []
    for pair in zip(*(log(worker=worker).decode().splitlines() for worker in range(3)), strict=True):
        for worker, line in enumerate(pair):
            pod = f"{JOB}-worker-{worker}"
            if form == "kubectl":
                mixed.append(f"[pod/{pod}/tensorflow] {line}")
            elif form == "stern":
                mixed.append(f"{pod} tensorflow {line}")
            else:
                mixed.append(json.dumps({"message": line, "podName": pod, "containerName": "tensorflow"}))
    said = collect("--from", "-", cwd=tmp_path, stdin="\n".join(mixed)).ok().data
    assert (said["logs"], said["unmatched"]) == (3, [])
    assert [(p["role"], p["number"], p["container"]) for p in places(dlaasgen, tmp_path)] == [
        ("worker", n, "tensorflow") for n in range(3)
    ]
    assert len(stored(dlaasgen, tmp_path)) == 1


def test_standard_input_of_one_pod_may_be_named(collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    collect("--from", "-", "--name", f"{JOB}-worker-2", cwd=tmp_path, stdin=log().decode()).ok()
    assert stored(dlaasgen, tmp_path)[0]["job"] == JOB
    said = collect("--from", "-", cwd=tmp_path, stdin="words\n").ok().data
    assert said["unmatched"][0]["job"].startswith("stdin-")


def test_a_pattern_names_files(collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"w2.{JOB}.dat").write_bytes(log())
    (tmp_path / "in" / "other.log").write_bytes(log())
    said = collect("--from", "in", "--pattern", r"w(?P<number>\d)\.(?P<job>.*)\.dat$", cwd=tmp_path).ok().data
    assert said["logs"] == 1
    assert places(dlaasgen, tmp_path)[0]["number"] == 2
    assert collect("--from", "in", "--pattern", "(", cwd=tmp_path).exits(2).err.startswith("error[C110]")


def test_a_matrix_has_patterns_of_its_own(dlaasgen: Run, folder: Path, tmp_path: Path, project: Path) -> None:
    matrix = project / "matrix/nightly.yaml"
    dlaasgen("render", matrix, cwd=project).ok()
    jobs = [cell["job"] for cell in json.loads((project / "rendered/nightly/index.json").read_text())["cells"]]
    assert JOB in jobs
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes() + b"power: 41.5 W\n")

    def collect(*more: str | Path) -> object:
        dlaasgen("collect", "--store", "store.db", "--from", folder, *more, cwd=tmp_path).ok()
        return stored(dlaasgen, tmp_path)[0]["metrics"]

    tree = project / "rendered/nightly"
    assert "power" not in str(collect("--tree", tree))
    own = "results: {patterns: [{name: power, pattern: 'power: ([0-9.]+) W', unit: W, direction: lower}]}\n"
    matrix.write_text(matrix.read_text() + own)
    expected = {"value": 41.5, "unit": "W", "direction": "lower"}
    assert collect("--tree", tree)["power"] == expected  # type: ignore[index]
    # Whoever collects the same without knowing the matrix changes nothing.
    assert collect()["power"] == expected  # type: ignore[index]
    assert dlaasgen("reparse", "--store", "store.db", cwd=tmp_path).ok().out == "1 result\n"
    assert stored(dlaasgen, tmp_path)[0]["metrics"]["power"] == expected  # type: ignore[index]


def test_a_tree_that_comes_later_joins_what_is_there(dlaasgen: Run, folder: Path, tmp_path: Path, root: Path) -> None:
    dlaasgen("collect", "--store", "store.db", "--from", folder, cwd=tmp_path).ok()
    assert stored(dlaasgen, tmp_path)[0]["cell"] == ""
    dlaasgen("collect", "--store", "store.db", "--from", folder, "--matrix", root / "matrix", cwd=tmp_path).ok()
    (result,) = stored(dlaasgen, tmp_path)
    assert result["cell"] == "resnet50-bs32-w3-eigen"


def test_results_are_queried(dlaasgen: Run, collect: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "lost.log").write_bytes(log())
    collect("--from", folder, cwd=tmp_path).ok()

    def ask(*args: str) -> Result:
        return dlaasgen("results", "--store", "store.db", *args, cwd=tmp_path)

    assert len(ask("--where", "model == 'resnet50' && batch_size == 32", "-o", "json").ok().data) == 1
    assert ask("--columns", "cell_id,run", "--sort", "-run", "-o", "csv").ok().out == (
        "cell_id,run\nresnet50-bs32-w3-eigen,1\nlost,\n"
    )
    assert [json.loads(line)["cell"] for line in ask("-o", "jsonl").ok().out.splitlines()] == [
        "",
        "resnet50-bs32-w3-eigen",
    ]
    assert ask("--group-by", "matrix", "-o", "json").ok().data[1]["jobs"] == 1
    assert ask("-o", "openmetrics").ok().out.endswith("# EOF\n")
    ask("-o", "parquet", "--file", "x.parquet").ok()
    from pyarrow import parquet

    assert parquet.read_table(tmp_path / "x.parquet").num_rows == 2
    assert "2 results" in ask().ok().out
    assert "did you mean run" in ask("--columns", "rum").exits(2).err
    assert "C131" in ask("-o", "parquet").exits(2).err
    assert "C120" in dlaasgen("results", "--store", "no.db", cwd=tmp_path).exits(7).err


def test_reparsing_reads_what_is_stored(dlaasgen: Run, collect: Run, folder: Path, tmp_path: Path) -> None:
    collect("--from", folder, cwd=tmp_path).ok()
    before = stored(dlaasgen, tmp_path)
    shutil.rmtree(folder)
    assert dlaasgen("reparse", "--store", "store.db", cwd=tmp_path).ok().out == "1 result\n"
    assert stored(dlaasgen, tmp_path) == before


def test_the_store_is_cared_for(dlaasgen: Run, collect: Run, folder: Path, tmp_path: Path) -> None:
    collect("--from", folder, cwd=tmp_path).ok()

    def store(*args: str) -> Result:
        return dlaasgen("store", *args, "--store", "store.db", cwd=tmp_path)

    assert store("doctor").ok().out == "the store is whole\n"
    assert store("doctor", "-o", "json").ok().data == []
    assert store("backup", "--to", "copy.db").ok().out == "written: copy.db\n"
    assert store("prune", "--run", "1", "--dry-run").ok().out == "would remove 1 job and 3 logs\n"
    assert store("prune", "--run", "1").ok().out == "removed 1 job and 3 logs\n"
    assert stored(dlaasgen, tmp_path) == []
    assert "needs --to" in store("backup").exits(2).err
    assert "no log has a digest that begins with 0000" in store("log", "--digest", "0000").exits(7).err


def test_what_is_not_there_is_told(collect: Run, tmp_path: Path) -> None:
    assert "there is no nowhere" in collect("--from", "nowhere", cwd=tmp_path).exits(2).err
    assert not (tmp_path / "store.db").exists()
    assert "is no rendered tree" in collect("--from", ".", "--tree", ".", cwd=tmp_path).exits(2).err


@pytest.mark.outside
def test_an_interrupted_collection_ends_in_one_line(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [command("dlaasgen"), "collect", "--from", "-", "--store", "store.db"],
        cwd=tmp_path, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(b"x\n")
    process.stdin.flush()
    for _ in range(600):
        if (tmp_path / "store.db").exists():
            break
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
    process.send_signal(signal.SIGINT)
    process.stdin.close()
    assert process.wait(60) == 130
    said = process.stderr.read()
    process.stderr.close()
    process.stdout and process.stdout.close()
    assert said.count(b"\n") == 1
    assert said.startswith(b"dlaasgen: interrupted")
