"""A stand-in for tf_cnn_benchmarks, for tests: its flags, its lines of output, its ways to hang; no TensorFlow.

Parameter servers and workers talk over real sockets and take every step together. As with the real one, a parameter
server never ends, a worker whose peer has gone waits for ever, and one whose parameter server has gone fails.
STANDIN_STEP is a step's seconds. Standard library only, Python 3.6 and later.
"""

import os
import socket
import sys
import threading
import time

MODELS = ("trivial", "lenet", "alexnet", "vgg16", "inception3", "resnet50", "resnet50_v1.5", "resnet101", "resnet152")
DEFAULTS = {
    "model": "trivial", "batch_size": "32", "num_batches": "100", "display_every": "10", "data_format": "NCHW",
    "optimizer": "sgd", "variable_update": "parameter_server", "mkl": "false", "job_name": "", "ps_hosts": "",
    "worker_hosts": "", "task_index": "0",
}  # fmt: skip


def read_flags(arguments):
    """--name=value, --name value, --name, --noname."""
    flags = dict(DEFAULTS)
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).lstrip("-").partition("=")
        if not equals:
            value = rest.pop(0) if rest and not rest[0].startswith("-") else "true"
        if name == "no_such_flag":
            sys.exit("FATAL Flags parsing error: Unknown command line flag 'no_such_flag'")
        flags[name] = value
    return flags


def address(text):
    """host:port as socket takes it."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def listen(place):
    """A listening socket. Connections that somebody only tries are closed again."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(place if place[0] in ("127.0.0.1", "localhost") else ("", place[1]))
    server.listen(64)
    return server


def serve(server, workers):
    """A parameter server: answers a step when all workers have asked for it. Never returns."""
    arrived, turn = {}, threading.Condition()

    def talk(connection):
        for line in connection.makefile():
            step = line.strip()
            with turn:
                arrived[step] = arrived.get(step, 0) + 1
                turn.notify_all()
                while arrived[step] < workers:
                    turn.wait()
            connection.sendall(b"go\n")

    while True:
        thread = threading.Thread(target=talk, args=(server.accept()[0],))
        thread.daemon = True
        thread.start()


def answer_nobody(server):
    """A worker's own port: open, and of no use here."""
    while True:
        server.accept()[0].close()


def connect(place):
    """As TensorFlow does: until it works."""
    while True:
        try:
            return socket.create_connection(place, timeout=None)
        except OSError:
            time.sleep(0.05)


def header(flags, workers):
    """The benchmark's own first lines."""
    batch = int(flags["batch_size"])
    device = "/job:worker/replica:0/task:%s/cpu:0" % flags["task_index"] if flags["job_name"] else "/cpu:0"
    print("TensorFlow:  2.21")
    print("Model:       %s" % {"lenet": "lenet5"}.get(flags["model"], flags["model"]))
    print("Dataset:     imagenet (synthetic)\nMode:        training\nSingleSess:  False")
    print("Batch size:  %d global\n             %d per device" % (batch * workers, batch))
    print("Num batches: %s\nNum epochs:  0.00\nDevices:     ['%s']" % (flags["num_batches"], device))
    print("NUMA bind:   False\nData format: %s\nOptimizer:   %s" % (flags["data_format"], flags["optimizer"]))
    print("Variables:   %s\nSync:        True\n==========" % flags["variable_update"])


def train(flags, workers, together):
    """Warm-up, steps, and the total of all workers."""
    batch, every = int(flags["batch_size"]), int(flags["display_every"])
    pause = float(os.environ.get("STANDIN_STEP", "0.02"))
    print("Generating training model\nInitializing graph\nRunning warm up", flush=True)
    together("warm up")
    print("Done warm up\nStep\tImg/sec\ttotal_loss", flush=True)
    begun = time.time()
    rate = 0.0
    for step in range(1, int(flags["num_batches"]) + 1):
        time.sleep(pause)
        together(str(step))
        rate = batch * step / (time.time() - begun)
        if step == 1 or step % every == 0:
            print("%d\timages/sec: %.1f +/- 0.1 (jitter = 0.3)\t%.3f" % (step, rate, 7.2 - step / 1e3), flush=True)
    print("-" * 64 + "\ntotal images/sec: %.2f\n" % (rate * workers) + "-" * 64, flush=True)


def main():
    """The program."""
    flags = read_flags(sys.argv[1:])
    if flags["model"] not in MODELS:
        raise ValueError("Invalid model name '%s' for dataset 'imagenet'" % flags["model"])
    if flags["data_format"] == "NCHW" and flags["mkl"].lower() != "true":
        raise ValueError("device=cpu requires that data_format=NHWC")
    workers = [h for h in flags["worker_hosts"].split(",") if h]
    servers = [h for h in flags["ps_hosts"].split(",") if h]
    index = int(flags["task_index"])
    if not flags["job_name"]:
        header(flags, 1)
        train(flags, 1, lambda _: None)
        return
    own = listen(address((servers if flags["job_name"] == "ps" else workers)[index]))
    header(flags, len(workers))
    if flags["job_name"] == "ps":
        print("Running parameter server %d" % index, flush=True)
        serve(own, len(workers))
    thread = threading.Thread(target=answer_nobody, args=(own,))
    thread.daemon = True
    thread.start()
    lines = connect(address(servers[0])).makefile("rw") if servers else None

    def together(step):
        if lines is not None:
            lines.write(step + "\n")
            lines.flush()
            if not lines.readline():
                raise RuntimeError("UnavailableError: the parameter server has gone")

    print("Starting worker %d" % index, file=sys.stderr)
    train(flags, len(workers), together)


if __name__ == "__main__":
    main()
