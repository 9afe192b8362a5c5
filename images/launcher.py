#!/usr/bin/env python3
"""The entrypoint of the benchmark images: runs one task of a job, and says how it went.

    launcher.py COMMAND [ARGUMENT...]

It finds out which task of which cluster it is (TF_CONFIG, Kubeflow Trainer's PET_*, MPI's variables, plain ones, or
none: a single node), gives tf_cnn_benchmarks its cluster flags, waits for the peers, runs the command, passes output
and signals on, and ends with an exit code that tells a failure worth a retry from one that is not. A server (a
parameter server) ends when its clients have ended. What it has to say are lines of JSON after PREFIX.

Standard library only, Python 3.6 and later, no file written, no shell. docs/reference/launcher.md is its manual.
"""

import contextlib
import ctypes
import fcntl
import glob
import json
import os
import platform
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any, Dict, List, Optional, Set, Tuple

PREFIX = b"dlaasgen-launcher: "
FORMAT = 1

# Exit codes of its own. The operator's restartPolicy ExitCode retries from 128 on; older ones only 130, 137, 138, 143.
CONFIG, NOT_EXECUTABLE, NOT_FOUND, RETRY = 64, 126, 127, 138

BENCHMARK = "tf_cnn_benchmarks.py"
CHIEFS = ("chief", "master")
# With these, tf_cnn_benchmarks refuses cluster flags: each process stands alone, or Horovod finds the others.
ALONE = ("horovod", "independent", "replicated")
SETTINGS = {  # seconds: default
    "PEER_TIMEOUT": 600.0,  # for a peer to come up at all
    "PEER_LOST": 300.0,  # without a peer that was up, and without output, until the task is given up
    "PS_LINGER": 30.0,  # without any client until a server ends: longer than a worker's restart takes
    "GRACE": 20.0,  # between a signal and SIGKILL; Kubernetes itself waits 30
    "POLL": 2.0,  # between two looks at the peers
}
IDENTITY = ("matrix", "cell", "run", "repeat", "job", "image")
TUNING = re.compile(r"(OMP|KMP|GOMP|MKL|DNNL|ONEDNN|MALLOC|TF_(ENABLE|NUM|USE|CPP|XLA))_[A-Z0-9_]+|LD_PRELOAD")
ROLE = re.compile(r"[a-z][a-z0-9_-]{0,62}")
ADDRESS = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})")
# What TensorFlow says every 10 s while it waits for a peer, for ever: no sign of progress.
STALLED = b"still waiting for response from worker"
LONGEST = 1000  # characters of a text in a record
CHUNK = PIPE = 1 << 20  # bytes
Verdict = Tuple[str, str, int]  # reason, message, exit code


class RefusedError(Exception):
    """The task cannot be started as it is described, and a retry would not help."""


class Task:
    """What this process is: its role and index among the addresses of each role. No cluster: a single node."""

    def __init__(self, source: str, role: Optional[str] = None, index: int = 0, cluster: Any = None) -> None:
        self.source = source
        self.role = role
        self.index = index
        self.cluster: Dict[str, List[str]] = cluster or {}

    @property
    def single(self) -> bool:
        """Whether there is nobody else."""
        return self.role == "evaluator" or sum(map(len, self.cluster.values())) < 2

    def peers(self) -> Dict[str, str]:
        """The other tasks, name -> address. An evaluator is nobody's peer: it only reads checkpoints."""
        return {
            f"{role}-{n}": address
            for role, addresses in sorted(self.cluster.items())
            for n, address in enumerate(addresses)
            if role != "evaluator" and (role, n) != (self.role, self.index)
        }


def read_task(env: Any) -> Task:
    """The task that the environment describes. Raises RefusedError when it contradicts itself."""
    for read in (from_tf_config, from_plain, from_pet, from_mpi):
        task = read(env)
        if task is not None:
            return task
    return Task("none")


def from_tf_config(env: Any) -> Optional[Task]:
    """TF_CONFIG, which the training operator sets: {"cluster": {role: [host:port]}, "task": {"type", "index"}}."""
    text = env.get("TF_CONFIG", "").strip()
    if not text:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"TF_CONFIG is no JSON: {str(error)[:LONGEST]}") from None
    if not isinstance(data, dict):
        raise RefusedError("TF_CONFIG is no object")
    raw = data.get("cluster", {})
    if not isinstance(raw, dict):
        raise RefusedError("TF_CONFIG: cluster is no object")
    if not raw:
        return Task("TF_CONFIG")
    cluster = {}
    for name, addresses in raw.items():
        role = checked_role(name)
        if role in cluster:
            raise RefusedError(f"TF_CONFIG: cluster names {role} twice")
        cluster[role] = checked_addresses(role, addresses)
    task = data.get("task", {})
    if not isinstance(task, dict):
        raise RefusedError("TF_CONFIG: task is no object")
    role = task.get("type", env.get("JOB_NAME"))
    return checked("TF_CONFIG", role, task.get("index", env.get("TASK_INDEX")), cluster)


def from_plain(env: Any) -> Optional[Task]:
    """The benchmark's own words as variables: WORKER_HOSTS, PS_HOSTS, JOB_NAME, TASK_INDEX."""
    cluster = {}
    for role, name in (("worker", "WORKER_HOSTS"), ("ps", "PS_HOSTS")):
        if env.get(name):
            cluster[role] = checked_addresses(role, env[name].split(","))
    if not cluster:
        return None
    index = env.get("TASK_INDEX", env.get("JOB_COMPLETION_INDEX", "0"))
    return checked("environment", env.get("JOB_NAME") or "worker", index, cluster)


def from_pet(env: Any) -> Optional[Task]:
    """Kubeflow Trainer's PET_NNODES, PET_NODE_RANK, PET_MASTER_PORT, PET_MASTER_ADDR: node 0's name.

    Of a PyTorchJob, which sets them too, only the master has a name, so there is no cluster to tell of.
    """
    if not env.get("PET_NNODES") or not env.get("PET_MASTER_ADDR"):
        return None
    nodes = number("PET_NNODES", env["PET_NNODES"].split(":")[-1])
    port = env.get("PET_MASTER_PORT") or "29400"
    first = re.match(r"(.*-)?0(\..*)?\Z", env["PET_MASTER_ADDR"])
    if nodes == 1:
        return Task("PET", "worker", 0)
    rank = env.get("PET_NODE_RANK", env.get("JOB_COMPLETION_INDEX"))
    if first and (first.group(1) or "").endswith("-master-"):
        return Task("PET", "worker", number("PET_NODE_RANK", rank))
    if not first or not first.group(1) or nodes > 100000:
        raise RefusedError(f"PET_MASTER_ADDR: {env['PET_MASTER_ADDR'][:LONGEST]!r} does not name node 0 of {nodes}")
    hosts = [f"{first.group(1)}{n}{first.group(2) or ''}:{port}" for n in range(nodes)]
    return checked("PET", "worker", rank, {"worker": checked_addresses("worker", hosts)})


def from_mpi(env: Any) -> Optional[Task]:
    """A rank under mpirun, which starts and connects all of them: nothing to add and nobody to wait for."""
    for name in ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"):
        if env.get(name):
            return Task("MPI", "rank", number(name, env[name]))
    return None


def number(name: str, value: Any) -> int:
    """A count or index: an integer, or its digits."""
    if isinstance(value, bool) or not re.match(r"[0-9]{1,9}\Z", str(value), re.ASCII):
        raise RefusedError(f"{name}: {repr(value)[:LONGEST]} is no index")
    return int(value)


def checked_role(name: Any) -> str:
    """A role in lower case: old jobs say Ps."""
    role = name.lower() if isinstance(name, str) else ""
    if not ROLE.match(role) or ROLE.match(role).end() != len(role):  # type: ignore[union-attr]
        raise RefusedError(f"{repr(name)[:LONGEST]} is no role")
    return role


def checked_addresses(role: str, addresses: Any) -> List[str]:
    """host:port of each task. Nothing else may reach the command line."""
    if not isinstance(addresses, list):
        raise RefusedError(f"the addresses of {role} are no list")
    for address in addresses:
        match = ADDRESS.match(address) if isinstance(address, str) else None
        if match is None or match.end() != len(address) or not 0 < int(match.group(3)) < 65536:
            raise RefusedError(f"{repr(address)[:LONGEST]} is no address (host:port) of {role}")
    return addresses


def checked(source: str, role: Any, index: Any, cluster: Dict[str, List[str]]) -> Task:
    """The task, if the cluster has it."""
    if role is None or index is None:
        raise RefusedError(f"{source}: it does not say which task this is")
    name, position = checked_role(role), number("index", index)
    known = len(cluster.get(name, ()))
    if name != "evaluator" and position >= known:
        raise RefusedError(f"{source}: there is no {name} {position} among {known}")
    return Task(source, name, position, cluster)


def check_command(command: List[str]) -> None:
    """Raises RefusedError when there is none."""
    if not command or command[0].startswith("-"):
        raise RefusedError("no command; usage: launcher.py COMMAND [ARGUMENT...]")


def is_benchmark(command: List[str]) -> bool:
    """Whether the command is tf_cnn_benchmarks, whose cluster flags are known."""
    return any(os.path.basename(part) == BENCHMARK for part in command[:4])


def flag_value(command: List[str], flag: str) -> Optional[str]:
    """The value that the command gives to a flag, last one first; "" when it is the next argument's."""
    for part in reversed(command):
        match = re.match(rf"--?{flag}(?:=(.*))?\Z", part, re.DOTALL)
        if match:
            return match.group(1) or ""
    return None


def controlled(command: List[str], task: Task) -> bool:
    """Whether the chief is tf_cnn_benchmarks' controller, and the workers are servers to it."""
    wanted = flag_value(command, "variable_update") == "distributed_all_reduce"
    return wanted and any(role in task.cluster for role in CHIEFS)


def opens_ports(command: List[str], task: Task) -> bool:
    """Whether each task listens at its address. Under PET_* only node 0 of any other program does."""
    if is_benchmark(command):
        return flag_value(command, "variable_update") not in ALONE
    return task.source != "PET"


def servers_and_clients(command: List[str], task: Task) -> Tuple[Tuple[str, ...], Tuple[str, ...]]:
    """The roles that serve others until those have ended, and the roles of those."""
    return (("worker",), CHIEFS) if controlled(command, task) else (("ps",), (*CHIEFS, "worker"))


def cluster_flags(command: List[str], task: Task) -> List[str]:
    """The flags that tell tf_cnn_benchmarks its place, without those that the command has already."""
    if not is_benchmark(command) or task.single or flag_value(command, "variable_update") in ALONE:
        return []
    chief = [address for role in CHIEFS for address in task.cluster.get(role, [])]
    workers, ps = task.cluster.get("worker", []), task.cluster.get("ps", [])
    role, index = task.role or "", task.index
    flags = {}
    if controlled(command, task):
        flags["controller_host"] = chief[0]
        role = "controller" if role in CHIEFS else role
    else:
        # The benchmark knows no chief: worker 0 is it.
        index += len(chief) if role == "worker" else 0
        role = "worker" if role in CHIEFS else role
        workers = chief + workers
    flags.update(job_name=role, ps_hosts=",".join(ps), worker_hosts=",".join(workers), task_index=str(index))
    order = ("job_name", "ps_hosts", "worker_hosts", "controller_host", "task_index")
    return [f"--{n}={flags[n]}" for n in order if flags.get(n) and flag_value(command, n) is None]


def child_environment(command: List[str], task: Task) -> Dict[str, str]:
    """The environment less our settings; output unbuffered; for any other program TF_CONFIG made complete."""
    env = {k: v for k, v in os.environ.items() if k not in ["DLAASGEN_" + name for name in SETTINGS]}
    env.setdefault("PYTHONUNBUFFERED", "1")
    if task.cluster and not is_benchmark(command):
        config = {"cluster": task.cluster, "task": {"type": task.role, "index": task.index}, "environment": "cloud"}
        if task.source == "TF_CONFIG":
            config = dict(json.loads(env["TF_CONFIG"]), cluster=task.cluster, task=config["task"])
        env["TF_CONFIG"] = json.dumps(config)
    return env


def read_settings(env: Any) -> Dict[str, float]:
    """DLAASGEN_PEER_TIMEOUT and its like, in seconds."""
    settings = {}
    for name, default in SETTINGS.items():
        text = env.get("DLAASGEN_" + name) or str(default)
        if not re.match(r"[0-9]{1,7}(\.[0-9]{1,6})?\Z", text, re.ASCII) or not float(text):
            raise RefusedError(f"DLAASGEN_{name}: {text[:LONGEST]!r} is no number of seconds")
        settings[name] = float(text)
    return settings


class Peers(threading.Thread):
    """Watches the other tasks, in a thread: looking up a name can take long and cannot be interrupted.

    `ready` is set when the command may start; `missing` says what it waits for. `verdict` (reason, message, exit code)
    is set when the task should end. `wake` is called when one of them changes; `quiet` tells for how long the command
    has printed nothing.
    """

    def __init__(self, task: Task, command: List[str], settings: Dict[str, float], wake: Any) -> None:
        super().__init__(daemon=True)
        self.task, self.settings, self.wake = task, settings, wake
        self.ports = opens_ports(command, task)
        self.addresses = {} if task.single else task.peers()
        servers, clients = servers_and_clients(command, task)
        serves = self.ports and task.role in servers
        self.clients = {name for name in self.addresses if serves and name.rpartition("-")[0] in clients}
        self.server = bool(self.clients)
        self.shown = self.ports and task.role in clients and any(task.cluster.get(role) for role in servers)
        # Between two looks. Many peers take longer; each of them reckons the same.
        self.pause = max(settings["POLL"], len(self.addresses) / 50.0)
        self.ready = not self.addresses
        self.missing: List[str] = []
        self.verdict: Optional[Verdict] = None
        self.quiet: Any = lambda: 0.0
        self.up: Set[str] = set()
        self.seen: Set[str] = set()
        self.since = 0.0

    def run(self) -> None:
        """Waits, then watches."""
        self.wait()
        self.wake()
        while self.ready and self.ports and self.verdict is None:
            self.verdict = self.judge(time.monotonic())
            self.wake()
            time.sleep(self.pause)

    def wait(self) -> None:
        """Until every name resolves and, for who is no server, the parameter servers listen.

        A worker's port opens when its command runs, so nobody waits for those here: all would wait for ever.
        """
        end = time.monotonic() + self.settings["PEER_TIMEOUT"]
        todo = sorted(self.addresses)
        while todo:
            listen = {n for n in todo if n.startswith("ps-") and self.ports and not self.server}
            troubles = {n: self.trouble(n, must_listen=n in listen) for n in todo}
            self.seen |= {n for n in listen if not troubles[n]}
            todo = [name for name in todo if troubles[name]]
            self.missing = [f"{name} ({troubles[name]})" for name in todo]
            if todo and time.monotonic() > end:
                names = ", ".join(self.missing[:10])
                limit = self.settings["PEER_TIMEOUT"]
                self.verdict = "peer-missing", f"not up in {limit:g} s: {names}", RETRY
                return
            if todo:
                self.wake()
                time.sleep(self.settings["POLL"])
        self.ready = True

    def settled(self) -> bool:
        """Whether the waiting is over."""
        return self.ready or self.verdict is not None

    def trouble(self, name: str, *, must_listen: bool) -> str:
        """Why a peer is not there yet, or nothing."""
        host, _, port = self.addresses[name].rpartition(":")
        try:
            found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return f"{host} does not resolve"
        if must_listen and not any(listens(place) for place in found):
            return f"{host}:{port} does not listen"
        return ""

    def judge(self, now: float) -> Optional[Verdict]:
        """Looks at every peer; what to end with, if to end."""
        up = {name for name in self.addresses if not self.trouble(name, must_listen=True)}
        self.seen |= up
        if up != self.up or not self.since:
            self.up, self.since = up, now
        down = sorted(set(self.addresses) - up)
        still = now - self.since
        if self.server:
            return self.judge_clients(up, still)
        unseen = [name for name in down if name not in self.seen]
        quiet = min(still, self.quiet())
        if unseen and quiet > self.settings["PEER_TIMEOUT"]:
            names = ", ".join(unseen[:10])
            return "peer-missing", f"never up, and no output for {quiet:.0f} s: {names}", RETRY
        gone = [name for name in down if name in self.seen]
        if gone and quiet > self.settings["PEER_LOST"]:
            names = ", ".join(gone[:10])
            return "peer-gone", f"gone, and no output for {quiet:.0f} s: {names}", RETRY
        gone = [name for name in gone if name.startswith("ps-")]
        if gone and still > self.settings["PEER_LOST"]:  # nothing can come of it, whatever it prints
            names = ", ".join(gone[:10])
            return "peer-gone", f"gone for {still:.0f} s: {names}", RETRY
        return None

    def judge_clients(self, up: Set[str], still: float) -> Optional[Verdict]:
        """A server ends well when all its clients have come and gone."""
        if up & self.clients:
            return None
        if self.clients <= self.seen and still >= self.settings["PS_LINGER"]:
            return "clients-ended", f"all {len(self.clients)} clients have ended", 0
        if still > self.settings["PEER_TIMEOUT"]:
            never = ", ".join(sorted(self.clients - self.seen)[:10])
            return "peer-missing", f"never up in {still:.0f} s: {never}", RETRY
        return None

    def server_gone(self) -> str:
        """The parameter servers that were up and are down now: the command's failure is theirs."""
        gone = [n for n in sorted(self.seen) if n.startswith("ps-") and self.trouble(n, must_listen=True)]
        return ", ".join(gone[:10])


def listens(place: Any) -> bool:
    """Whether something accepts connections there."""
    family, kind, protocol, _, address = place
    try:
        with socket.socket(family, kind, protocol) as connection:
            connection.settimeout(1.0)
            # On loopback a port can connect to itself.
            return connection.connect_ex(address) == 0 and connection.getsockname() != connection.getpeername()
    except OSError:
        return False


def listening(address: str) -> List[Any]:
    """Sockets that listen at an address of this host, as far as it can be had."""
    host, _, port = address.rpartition(":")
    found = []
    try:
        places = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    for family, kind, protocol, _, place in places:
        one = socket.socket(family, kind, protocol)
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(place)
            one.listen(16)
            one.settimeout(0.0)
            found.append(one)
        except OSError:  # in use by what the command left, or another's address
            one.close()
    return found


class Launcher:
    """One run of one command."""

    def __init__(self, arguments: List[str]) -> None:
        self.arguments = arguments
        self.identity = {key: os.environ.get("DLAASGEN_" + key.upper()) for key in IDENTITY}
        self.identity["launch"] = os.urandom(8).hex()
        self.task = Task("none")
        self.child = 0
        self.ended: Optional[Tuple[int, Any]] = None
        self.signal = 0
        self.verdict: Optional[Verdict] = None
        self.started = self.last_output = self.begun = time.monotonic()
        self.copied = 0
        self.middle = False  # whether the last byte of standard output was not the end of a line
        self.grace = SETTINGS["GRACE"]
        self.wakeup, self.waker = os.pipe()
        for end in (self.wakeup, self.waker):
            os.set_blocking(end, False)

    def run(self) -> int:
        """Everything, and the exit code."""
        try:
            settings = read_settings(os.environ)
            self.task = read_task(os.environ)
            check_command(self.arguments)
        except RefusedError as refusal:
            self.record(start_of(self, self.arguments))
            return self.finish("bad-config", str(refusal), CONFIG)
        self.grace = settings["GRACE"]
        self.handle_signals()
        command = self.arguments + cluster_flags(self.arguments, self.task)
        self.record(start_of(self, command))
        peers = self.watch(command, settings)
        if self.signal:
            return self.finish(*self.stopped())
        if peers.verdict:
            return self.finish(*peers.verdict)
        try:
            pipes = self.start(command)
        except OSError as error:
            code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
            code = self.finish("not-started", f"{command[0]}: {error.strerror}", code)
        else:
            self.pump(pipes, peers)
            code = self.finish(*self.outcome(peers))
        if peers.shown:
            self.show_port((self.begun if self.child else time.monotonic()) + 3 * peers.pause)
        return code

    def watch(self, command: List[str], settings: Dict[str, float]) -> Peers:
        """The peers, once the command may start, or must not."""
        peers = Peers(self.task, command, settings, self.wake)
        peers.quiet = lambda: time.monotonic() - self.last_output
        if peers.ready:
            return peers
        peers.start()
        told = float("-inf")
        while not (peers.settled() or self.signal):
            select.select([self.wakeup], [], [], 1.0)
            self.awake()
            if peers.missing and time.monotonic() - told > 60:
                told = time.monotonic()
                self.record({"event": "waiting", "peers": peers.missing[:10], "missing": len(peers.missing)})
        return peers

    def show_port(self, end: float) -> None:
        """Keeps our port open until `end`, or a signal: servers count who has been there, and look only now and then.

        So a command may live shorter than they look, or never have opened its port.
        """
        self.child = 0
        own = listening(self.task.cluster[self.task.role or ""][self.task.index]) if time.monotonic() < end else []
        while own and not self.signal and time.monotonic() < end:
            readable = select.select([self.wakeup, *own], [], [], max(0.0, end - time.monotonic()))[0]
            self.awake()
            for one in own:
                with contextlib.suppress(OSError):
                    if one in readable:
                        one.accept()[0].close()
        for one in own:
            one.close()

    def start(self, command: List[str]) -> Dict[int, int]:
        """Starts the command in a session of its own; pipe -> where its bytes go. One pipe keeps one file's order."""
        same = same_file(1, 2)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if same else subprocess.PIPE,
            env=child_environment(self.arguments, self.task),
            bufsize=0,
            start_new_session=True,
            restore_signals=True,
        )
        self.process = process  # kept: what it holds must stay open
        self.child, self.begun, self.last_output = process.pid, time.monotonic(), time.monotonic()
        if self.signal:  # it came while the child was being made
            self.pass_on(self.signal)
        pipes = {process.stdout.fileno(): 1}  # type: ignore[union-attr]
        if process.stderr is not None:
            pipes[process.stderr.fileno()] = 2
        for pipe in pipes:
            enlarge(pipe)
        return pipes

    def pump(self, pipes: Dict[int, int], peers: Peers) -> None:
        """Copies output until the command has ended, and what it left in the pipes."""
        give_up = float("inf")
        while True:
            if self.ended is None and self.reap():
                # Whatever it left running goes; who has left its process group can only be abandoned.
                self.pass_on(signal.SIGTERM)
                give_up = time.monotonic() + 1.0
            left = give_up - time.monotonic()
            if self.ended is not None and (not pipes or left <= 0):
                break
            readable = select.select([self.wakeup, *pipes], [], [], min(left, 3600.0))[0]
            if self.wakeup in readable:
                self.awake()
            for pipe in [p for p in readable if p in pipes]:
                self.copy(pipe, pipes)
            if peers.verdict and not self.verdict and self.ended is None:
                self.verdict = peers.verdict
                self.stop(signal.SIGTERM)
        self.pass_on(signal.SIGKILL)
        for pipe in list(pipes):
            os.set_blocking(pipe, False)
            end = self.copied + PIPE
            while pipe in pipes and self.copied < end and self.copy(pipe, pipes):
                pass

    def copy(self, pipe: int, pipes: Dict[int, int]) -> bool:
        """One piece of output. At the end of a pipe, or when nobody reads our side, the pipe is closed."""
        try:
            data = os.read(pipe, CHUNK)
        except BlockingIOError:
            return False
        if not data or not write(pipes[pipe], data):
            (self.process.stdout if pipes[pipe] == 1 else self.process.stderr).close()  # type: ignore[union-attr]
            del pipes[pipe]
            return False
        self.copied += len(data)
        if len(data) > 4 * LONGEST or STALLED not in data:
            self.last_output = time.monotonic()
        if pipes[pipe] == 1:
            self.middle = data[-1:] != b"\n"
        return True

    def reap(self) -> bool:
        """Collects every child that has ended, adopted ones too; whether the command's process is among them."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return self.ended is not None
            if pid == 0:
                return self.ended is not None
            if pid == self.child:
                self.process.returncode = status  # so that nothing waits for it again
                self.ended = status, usage

    def outcome(self, peers: Peers) -> Verdict:
        """(reason, message, exit code) of a command that has run."""
        status = self.ended[0] if self.ended else 0
        if self.signal:
            return self.stopped()
        if self.verdict:
            return self.verdict
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            killed = "out of memory" if number == signal.SIGKILL and memory_events() else "not by the launcher"
            return "killed", f"ended by {signal_name(number)}, {killed}", 128 + number
        code = os.WEXITSTATUS(status)
        gone = peers.server_gone() if code and not peers.server else ""
        if gone:
            return "peer-gone", f"the command failed ({code}) when {gone} was gone", RETRY
        return ("failed", "the command failed", code) if code else ("completed", "", 0)

    def stopped(self) -> Verdict:
        """Told to end: what is left of the work is not done, whatever the command made of the signal."""
        return "terminated", f"received {signal_name(self.signal)}", 128 + self.signal

    def finish(self, reason: str, message: str, code: int) -> int:
        """The last record; returns the exit code."""
        status, usage = self.ended or (None, None)
        now = time.monotonic()
        end = {
            "event": "end",
            "reason": reason,
            "message": message,
            "exit_code": code,
            "retryable": code >= 128,
            "child_exit_code": None if status is None or os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
            "signal": signal_name(os.WTERMSIG(status)) if status is not None and os.WIFSIGNALED(status) else None,
            "duration_seconds": round(now - self.begun, 3) if self.child else 0.0,
            "waited_seconds": round((self.begun if self.child else now) - self.started, 3),
            "peak_memory_bytes": usage.ru_maxrss * 1024 if usage else None,
            "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3) if usage else None,
            "output_bytes": self.copied,
        }
        self.record(end)
        return code

    def record(self, fields: Dict[str, Any]) -> None:
        """One line of JSON, on a line of its own, in ASCII: nothing in it ends the line or drives a terminal."""
        task = {"role": self.task.role, "index": self.task.index, "source": self.task.source}
        seconds = time.time()
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"
        whole = {"event": fields["event"], "format": FORMAT, "time": when, "task": task}
        whole.update(self.identity)
        whole.update(fields)
        line = PREFIX + json.dumps(cut(whole)).encode("ascii") + b"\n"
        write(1, b"\n" + line if self.middle else line)
        self.middle = False

    def handle_signals(self) -> None:
        """Signals act at once, even while a write waits for a slow reader; the loop is woken by the pipe."""
        signal.set_wakeup_fd(self.waker)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, lambda received, _: self.told(received))
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, lambda received, _: self.pass_on(received))
        signal.signal(signal.SIGALRM, lambda *_: self.pass_on(signal.SIGKILL))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        adopt_orphans()

    def told(self, number: int) -> None:
        """A signal that asks to end."""
        self.signal = self.signal or number
        self.stop(number)

    def stop(self, number: int) -> None:
        """The signal to the whole process group, and SIGKILL after the grace period."""
        self.pass_on(number)
        signal.setitimer(signal.ITIMER_REAL, self.grace)

    def pass_on(self, number: int) -> None:
        """A signal to the command's process group."""
        if self.child:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child, number)

    def wake(self) -> None:
        """From another thread: look again."""
        with contextlib.suppress(BlockingIOError):  # then it is awake enough
            os.write(self.waker, b"\0")

    def awake(self) -> None:
        """Empties the pipe."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.wakeup, 4096)


def write(target: int, data: bytes) -> bool:
    """All of the data, however long the reader takes; False when there is no reader any more."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(target, view) :]
        except BlockingIOError:  # somebody else made it so
            select.select([], [target], [], 1.0)
        except OSError:
            return False
    return True


def same_file(one: int, other: int) -> bool:
    """Whether two descriptors are one pipe, file or terminal."""
    try:
        first, second = os.fstat(one), os.fstat(other)
    except OSError:
        return False
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)


def enlarge(pipe: int) -> None:
    """A larger pipe: fewer turns of the loop under a flood. Linux's F_SETPIPE_SZ has no name before Python 3.10."""
    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe, 1031, PIPE)


def adopt_orphans() -> None:
    """Be the parent of orphans even when process 1 is another (PR_SET_CHILD_SUBREAPER)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def signal_name(number: int) -> str:
    """SIGTERM for 15."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def cut(value: Any) -> Any:
    """The value with every text short enough for a line of a log."""
    if isinstance(value, dict):
        return {key: cut(item) for key, item in value.items()}
    if isinstance(value, list):
        return [cut(item) for item in value]
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + f"... ({len(value)} characters)"
    return value


def start_of(launcher: Launcher, command: List[str]) -> Dict[str, Any]:
    """The first record: what runs, on what."""
    task = launcher.task
    return {
        "event": "start",
        "command": command[:200],
        "benchmark": "tf_cnn_benchmarks" if is_benchmark(command) else None,
        "cluster": {role: len(addresses) for role, addresses in sorted(task.cluster.items())},
        "host": platform.node(),
        "versions": {"python": platform.python_version(), "tensorflow": installed("tensorflow*")},
        "kernel": platform.release(),
        "cpu": {
            "model": cpu_model(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "usable": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
            "limit": cpu_limit(),
        },
        "memory": {"total": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), "limit": memory_limit()},
        "threads": {
            "intra_op": digits(flag_value(command, "num_intra_threads")),
            "inter_op": digits(flag_value(command, "num_inter_threads")),
            "omp": digits(os.environ.get("OMP_NUM_THREADS")),
        },
        "tuning": {k: v for k, v in sorted(os.environ.items()) if TUNING.match(k)},
    }


def digits(text: Optional[str]) -> Optional[int]:
    """A number, or None for anything else."""
    return int(text) if text and re.match(r"[0-9]{1,9}\Z", text, re.ASCII) else None


def installed(pattern: str) -> Dict[str, str]:
    """Packages of our Python, name -> version, by their metadata's folders: importing TensorFlow takes seconds."""
    found = {}
    for folder in sys.path:
        for path in glob.glob(os.path.join(glob.escape(folder or "."), pattern + "-*.dist-info")):
            name, _, version = os.path.basename(path)[: -len(".dist-info")].rpartition("-")
            found[name] = version
    return {name: found[name] for name in sorted(found)[:20]}


def first_line(path: str) -> str:
    """The first line of a small file of the kernel's, or nothing."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.readline(LONGEST).strip()
    except OSError:
        return ""


def cpu_model() -> Optional[str]:
    """What /proc/cpuinfo calls the processor; not every architecture says."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                key, _, value = line.partition(":")
                if key.strip() in ("model name", "Model", "cpu model"):
                    return value.strip()
    except OSError:
        pass
    return None


def cpu_limit() -> Optional[float]:
    """CPUs that the control group allows (version 2, then 1)."""
    parts = first_line("/sys/fs/cgroup/cpu.max").split()
    if not parts:
        parts = [first_line(f"/sys/fs/cgroup/cpu/cpu.cfs_{name}_us") for name in ("quota", "period")]
    if len(parts) == 2 and parts[0].isdigit() and parts[1].isdigit() and int(parts[1]):
        return round(int(parts[0]) / int(parts[1]), 3)
    return None


def memory_limit() -> Optional[int]:
    """Bytes that the control group allows; version 1 says a huge number for no limit."""
    text = first_line("/sys/fs/cgroup/memory.max") or first_line("/sys/fs/cgroup/memory/memory.limit_in_bytes")
    return int(text) if text.isdigit() and int(text) < 1 << 60 else None


def memory_events() -> bool:
    """Whether the control group has killed something for want of memory."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            with open(path, encoding="ascii") as file:
                return any(re.match(r"oom_kill [1-9]", line) for line in file)
        except OSError:
            pass
    return False


if __name__ == "__main__":
    ended_with = Launcher(sys.argv[1:]).run()
    # While Python ends it gives signals their default back: a late one, such as our SIGALRM, would be the exit code.
    for late in ("TERM", "INT", "HUP", "QUIT", "ALRM", "USR1", "USR2"):
        signal.signal(getattr(signal, "SIG" + late), signal.SIG_IGN)
    sys.exit(ended_with)
