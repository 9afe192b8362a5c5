"""Policies on the benchmark's command line (P3xx), each by an example and by what it has nothing against."""

from __future__ import annotations

from jobs import ARGS, BOX, SCRIPT, changed, tfjob
from policing import (
    GPU,
    C,
    Manifest,
    args,
    each_bad,
    each_good,
    in_shell,
    model,
    policies_of,
    shown_by,
    threads,
    told,
    without,
)

# (manifest, all that is found in it)
BAD: list[tuple[Manifest, list[str]]] = [
    (
        args("--num_batch=100"),
        [f"{C}.args[6]: error[P301]: tf_cnn_benchmarks has no flag --num_batch; did you mean --num_batches?"],
    ),
    (
        args("--zzzzzzzz"),
        [
            f"{C}.args[6]: error[P301]: tf_cnn_benchmarks has no flag --zzzzzzzz; "
            "`tf_cnn_benchmarks.py --helpfull` lists them"
        ],
    ),
    (
        args("--num_batches=1e3"),
        [
            f"{C}.args[6]: error[P302]: --num_batches has a value of the wrong type; found '1e3'; expected an integer; "
            "give it a value of its type"
        ],
    ),
    (
        args("--mkl=yes"),
        [
            f"{C}.args[6]: error[P302]: --mkl has a value of the wrong type; found 'yes'; expected true or false; "
            "write true"
        ],
    ),
    (
        args("--num_batches"),
        [f"{C}.args[6]: error[P302]: --num_batches has no value; expected an integer; give it a value of its type"],
    ),
    (
        args("--noxla=true"),
        [f"{C}.args[6]: error[P302]: --noxla takes no value; write --noxla, or --xla=false"],
    ),
    (
        args("--optimizer=sdg"),
        [
            f"{C}.args[6]: error[P303]: --optimizer does not take 'sdg'; expected one of momentum, sgd, rmsprop, adam; "
            "did you mean sgd?"
        ],
    ),
    (
        args("--optimizer=SGD"),
        [
            f"{C}.args[6]: error[P303]: --optimizer does not take 'SGD'; expected one of momentum, sgd, rmsprop, adam; "
            "did you mean sgd?"
        ],
    ),
    (
        args("--data_name=imagnet"),
        [
            f"{C}.args[6]: error[P303]: --data_name does not take 'imagnet'; expected one of imagenet, cifar10, coco, "
            "librispeech; did you mean imagenet?"
        ],
    ),
    (
        args("--gradient_repacking", "-1"),
        [
            f"{C}.args[6]: error[P304]: --gradient_repacking is out of range; found -1; expected an integer, at least "
            "0; stay within the bounds"
        ],
    ),
    (
        args("--batch_size=64"),
        [f"{C}.args[6]: warning[P305]: --batch_size is set twice, to 32 and to 64; remove one of them"],
    ),
    (
        args("--mkl", "true", "--nonsense"),
        [
            f"{C}.args[7]: error[P306]: the word 'true' is no flag, and the benchmark takes nothing else; "
            "write --name=true"
        ],
    ),
    (
        args("--mkl", "--", "--nonsense"),
        [
            f"{C}.args[8]: error[P306]: the word '--nonsense' is no flag, and the benchmark takes nothing else; "
            "leave out the -- before it"
        ],
    ),
    (
        args("--=sgd"),
        [
            f"{C}.args[6]: error[P306]: the word '--=sgd' is no flag, and the benchmark takes nothing else; "
            "write --name=value"
        ],
    ),
    (
        args("$(MORE)", "--nonsense"),
        [
            f"{C}.args[7]: error[P301]: tf_cnn_benchmarks has no flag --nonsense; "
            "`tf_cnn_benchmarks.py --helpfull` lists them"
        ],
    ),
    (
        args("--data_dir=/data"),
        [
            f"{C}.args[6]: error[P303]: the data set cannot be told from --data_dir=/data; expected a path with one of "
            "imagenet, cifar10, coco, librispeech; give --data_name"
        ],
    ),
    (
        args("optimizer=sgd"),
        [
            f"{C}.args[6]: error[P306]: the word 'optimizer=sgd' is no flag, and the benchmark takes nothing else; "
            "did you mean --optimizer?"
        ],
    ),
    (
        changed(tfjob(), *BOX, "args", 5, to="--data_format=NWHC"),
        [
            f"{C}.args[5]: error[P307]: --data_format does not take 'NWHC'; expected one of NHWC, NCHW; "
            "did you mean NHWC?"
        ],
    ),
    (
        changed(tfjob(), *BOX, "args", 5, to="--data_format=NCHW"),
        [
            f"{C}.args[5]: error[P308]: data_format NCHW is not possible on a CPU without MKL; "
            "write --data_format=NHWC, or --mkl=true for an image with oneDNN"
        ],
    ),
    (
        without(tfjob(), *BOX, "args", 5),
        [
            f"{C}.args[4]: error[P308]: data_format NCHW, the default, is not possible on a CPU without MKL; "
            "write --data_format=NHWC, or --mkl=true for an image with oneDNN"
        ],
    ),
    (model("resnet5"), [f"{C}.args[2]: error[P309]: imagenet has no model resnet5; did you mean resnet50?"]),
    (model("resnet20"), [f"{C}.args[2]: error[P309]: imagenet has no model resnet20; write --data_name=cifar10"]),
    (
        model("vgg16", "--data_dir=/data/cifar10"),
        [f"{C}.args[2]: error[P309]: cifar10 has no model vgg16; write --data_name=imagenet"],
    ),
    (model("zzzz", "--data_name=coco"), [f"{C}.args[2]: error[P309]: coco has no model zzzz; it has trivial"]),
    (
        tfjob(servers=0),
        [
            f"{C}.args[1]: error[P310]: variable_update=parameter_server needs a parameter server, and the job has "
            "none; found 3 pods, none a PS; add a PS replica, or choose another --variable_update"
        ],
    ),
    (
        tfjob(*ARGS, "--variable_update", "parameter_server", servers=0, workers=2),
        [
            f"{C}.args[6]: error[P310]: variable_update=parameter_server needs a parameter server, and the job has "
            "none; found 2 pods, none a PS; add a PS replica, or choose another --variable_update"
        ],
    ),
    (
        tfjob(*ARGS, "--variable_update=distributed_replicated", servers=0, workers=1),
        [
            f"{C}.args[6]: error[P310]: variable_update=distributed_replicated needs a parameter server, and the job "
            "has none; found 1 pod, none a PS; add a PS replica, or choose another --variable_update"
        ],
    ),
    (
        tfjob(*ARGS, "--variable_update=collective_all_reduce", servers=0, workers=1),
        [
            f"{C}.args[6]: error[P315]: variable_update=collective_all_reduce needs two devices, and the job has one; "
            "found 1 worker with 1 device; write --variable_update=parameter_server for a single worker, or add workers"
        ],
    ),
    (
        changed(tfjob(), *BOX, "args", to=["sh", "-c", f"python '{SCRIPT} --nonsense"]),
        [
            f"{C}.args[2]: note[P311]: the benchmark's flags are in a text for a shell that cannot be taken apart; "
            "write one word an item"
        ],
    ),
    (
        in_shell(f"cd /x && python {SCRIPT} --modle=resnet50 --batch_size=$B --device=cpu --mkl 2>&1 | tee log"),
        [f"{C}.args[2]: error[P301]: tf_cnn_benchmarks has no flag --modle; did you mean --model?"],
    ),
    (
        in_shell(f"bash -c 'exec {SCRIPT} --device=cpu --num_batches=$((2 * $N)) --batch_size=0'"),
        [
            f"{C}.args[2]: error[P308]: data_format NCHW, the default, is not possible on a CPU without MKL; write "
            "--data_format=NHWC, or --mkl=true for an image with oneDNN",
        ],
    ),
    (
        in_shell(f"{SCRIPT} --device=cpu --mkl; {SCRIPT} --nonsense"),
        [
            f"{C}.args[2]: note[P311]: of the 2 command lines of the benchmark in a text for a shell, the first is "
            "checked; write one word an item"
        ],
    ),
    (
        model("alexnet "),
        [f"{C}.args[2]: error[P309]: imagenet has no model 'alexnet '; did you mean alexnet?"],
    ),
    (
        model("mobilenet"),
        [
            f"{C}.args[2]: warning[P312]: the model mobilenet needs TensorFlow 1; choose another model, unless the "
            "image has TensorFlow 1"
        ],
    ),
    (
        without(tfjob(), *BOX, "args", 4),
        [
            f"{C}.args[1]: warning[P313]: the benchmark uses a GPU by default, and the container asks for none; "
            "write --device=cpu, or ask for a GPU in resources.limits"
        ],
    ),
    (
        threads({"value": "7"}, "--num_intra_threads=8"),
        [
            f"{C}.env[2].value: warning[P314]: OMP_NUM_THREADS is not what the benchmark takes: with --mkl it takes "
            "--num_intra_threads; found '7'; expected 8; give --num_intra_threads the same number; or leave --mkl "
            "out, which data_format NHWC allows"
        ],
    ),
    (
        threads({"value": "7"}),
        [
            f"{C}.env[2].value: warning[P314]: OMP_NUM_THREADS is not what the benchmark takes: with --mkl it takes "
            "--num_intra_threads; found '7'; expected none; give --num_intra_threads the same number; or leave --mkl "
            "out, which data_format NHWC allows"
        ],
    ),
]


@each_bad(BAD)
def test_bad(manifest: Manifest, findings: list[str]) -> None:
    assert told(manifest) == findings


def test_every_policy_on_one_manifest_has_an_example() -> None:
    assert shown_by(BAD) == policies_of("P3")


GOOD = [
    threads({"value": "8"}, "--num_intra_threads=8"),
    threads({"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
    args("--num_batches", "100", "--mkl", "--noxla", "-optimizer=sgd", "--v=1", "--network_topology=dgx1", "--"),
    # What only the run will see may set what seems to be missing.
    changed(tfjob(servers=0), *BOX, "args", to=["python", SCRIPT, "$(MORE)", "--device=cpu"]),
    changed(tfjob(servers=0), *BOX, "args", to=["python", SCRIPT, "--flagfile=/flags", "--flagfile=/more"]),
    args("--num_batches=$(STEPS)", "--batch_size=32", "--tf_random_seed=0x10", "--init_learning_rate=1e-3"),
    args("--data_dir=$(DATA)"),
    args("--display_perf_ewma=nan"),
    args("--data_dir=/data", "--data_name=imagenet"),
    model("$(MODEL)"),
    model("resnet20", "--data_name=cifar10"),
    model("resnet20", "--data_dir=/data/cifar10"),
    changed(tfjob(), *BOX, "args", to=["python", SCRIPT, "--device=cpu", "--mkl=True"]),
    changed(changed(tfjob(), *BOX, "resources", to=GPU), *BOX, "args", to=["python", SCRIPT]),
    changed(changed(tfjob(), *BOX, "command", to=["python", SCRIPT]), *BOX, "args", to=[*ARGS[4:]]),
]


@each_good(GOOD)
def test_good(manifest: Manifest) -> None:
    assert told(manifest) == []
