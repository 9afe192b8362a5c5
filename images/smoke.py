"""The smoke test of an image, run inside it: `python - NAME < smoke.py`. Says what is wrong, and exits with 1."""

import importlib.util
import json
import os
import subprocess
import sys

SCRIPT = "/opt/tf-benchmarks/scripts/tf_cnn_benchmarks/tf_cnn_benchmarks.py"


def faults(name):
    """Everything wrong with the image."""
    if os.environ.get("PYTHONUNBUFFERED") != "1" or os.environ.get("TF_USE_LEGACY_KERAS") != "1":
        yield "PYTHONUNBUFFERED and TF_USE_LEGACY_KERAS are not 1"
    if os.getuid() == 0:
        yield "it runs as root"
    for folder in ("/", "/opt", "/opt/tensorflow", "/etc"):
        if os.access(folder, os.W_OK):
            yield "%s can be written to" % folder
    if importlib.util.find_spec("pip") is not None:
        yield "pip is in it"
    onednn = {"eigen": "0", "mkl": "1"}.get(name.split("-")[-1])
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") != onednn:
        yield "TF_ENABLE_ONEDNN_OPTS is %s, not %s" % (os.environ.get("TF_ENABLE_ONEDNN_OPTS"), onednn)
    if not adds():
        yield "TensorFlow cannot add"
    if name.startswith("benchmarks"):
        yield from launched(name)


def adds():
    """Whether TensorFlow works, where it is."""
    if importlib.util.find_spec("tensorflow") is None:
        return True
    code = "import tensorflow as tf, tf_keras; print(float(tf.reduce_sum(tf.ones((2, 3)))))"
    return subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True).stdout.strip() == "6.0"


def launched(name):
    """What is wrong with the launcher and the benchmark."""
    flags = ["--device=cpu", "--model=trivial", "--batch_size=4", "--num_batches=5", "--display_every=1"]
    flags += ["--data_format=NCHW", "--mkl=true"] if name.endswith("mkl") else ["--data_format=NHWC"]
    done = subprocess.run(["/opt/launcher.py", "python", SCRIPT, *flags], stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    prefix = "dlaasgen-launcher: "
    records = [json.loads(line[len(prefix) :]) for line in lines if line.startswith(prefix)]
    if [r["event"] for r in records] != ["start", "end"] or records[-1]["reason"] != "completed":
        yield "the launcher says %s" % records[-1:]
    if done.returncode != 0 or not any(line.startswith("total images/sec: ") for line in lines):
        yield "the benchmark gives no rate (exit code %d): %s" % (done.returncode, "\n".join(lines[-5:]))


if __name__ == "__main__":
    found = list(faults(sys.argv[1]))
    for fault in found:
        print("smoke test of %s: %s" % (sys.argv[1], fault))
    print("smoke test of %s: %s" % (sys.argv[1], "failed" if found else "passed"))
    sys.exit(1 if found else 0)
