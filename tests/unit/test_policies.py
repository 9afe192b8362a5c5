"""Every policy: a manifest that it has nothing against, and one whose whole finding is asserted."""

from __future__ import annotations

from typing import Any

import pytest

from dlaasgen.adapters.benchmark_facts import benchmark_facts
from dlaasgen.checks import POLICIES, Checker, Context
from dlaasgen.matrix import Cluster
from jobs import (
    ARGS,
    BOX,
    DIGEST,
    POD,
    PS_BOX,
    SCRIPT,
    WORKER,
    changed,
    container,
    flat,
    job,
    replica,
    service,
    tfjob,
    trainjob,
)

CLUSTER = Cluster(nodes=3, cpu=36, memory=192 << 30)
CONTEXT = Context(cluster=CLUSTER, facts=benchmark_facts())
Manifest = dict[str, Any]


def told(manifest: Manifest, context: Context = CONTEXT) -> list[str]:
    return [str(f) for f in Checker(context).findings(manifest)]


def args(*more: str) -> Manifest:
    """A TFJob with these flags behind the usual ones, in its workers."""
    return changed(tfjob(), *BOX, "args", to=[*ARGS, *more])


def model(name: str, *more: str) -> Manifest:
    return changed(tfjob(), *BOX, "args", to=["python", SCRIPT, f"--model={name}", *ARGS[4:], *more])


def threads(openmp: Any, *more: str) -> Manifest:
    """A TFJob with MKL and OMP_NUM_THREADS in its workers' environment."""
    return changed(args("--mkl", *more), *BOX, "env", to=[{"name": "OTHER"}, "none", {"name": OPENMP, **openmp}])


def in_shell(text: str) -> Manifest:
    """A TFJob whose workers run a text for a shell."""
    return changed(tfjob(), *BOX, "args", to=["sh", "-c", text])


def policy(name: str, value: Any) -> Manifest:
    return changed(tfjob(), "spec", "runPolicy", name, to=value)


def renamed(old: str, new: str) -> Manifest:
    data = tfjob()
    roles = data["spec"]["tfReplicaSpecs"]
    data["spec"]["tfReplicaSpecs"] = {new if role == old else role: spec for role, spec in roles.items()}
    return data


def without(data: Manifest, *path: str | int) -> Manifest:
    node: Any = data
    for step in path[:-1]:
        node = node[step]
    del node[path[-1]]
    return data


def annotated(key: str, value: str) -> Manifest:
    return changed(tfjob(), "metadata", "annotations", to={key: value})


def labelled(key: str, value: Any) -> Manifest:
    return changed(tfjob(), "metadata", "labels", key, to=value)


def indexed(completions: int | None) -> Manifest:
    return changed(changed(job(), "spec", "completionMode", to="Indexed"), "spec", "completions", to=completions)


GPU = {"limits": {"nvidia.com/gpu": 1}}
W = "spec.tfReplicaSpecs.Worker"
C = f"{W}.template.spec.containers[0]"
OPENMP = "OMP_NUM_THREADS"
ONE_LABEL = "at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit"
LETTER_FIRST = "at most 63 of a-z, 0-9 and '-', beginning with a letter, ending with a letter or digit"
VALUE = "at most 63 of A-Z, a-z, 0-9, '-', '_' and '.', beginning and ending with a letter or digit"
LONG_NAME = "a" * 54

# (manifest, all that is found in it)
BAD: list[tuple[Manifest, list[str]]] = [
    (
        changed(tfjob(), "metadata", "name", to="Nightly_1"),
        [
            "metadata.name: error[P101]: metadata.name is no name for Kubernetes; found 'Nightly_1'; "
            f"expected {LETTER_FIRST}; use lower-case letters, digits and '-'"
        ],
    ),
    (
        changed(tfjob(), "metadata", "name", to="3-nodes"),
        [
            "metadata.name: error[P101]: metadata.name is no name for Kubernetes; found '3-nodes'; "
            f"expected {LETTER_FIRST}; use lower-case letters, digits and '-'"
        ],
    ),
    (
        changed(job(), "metadata", "name", to="a" * 64),
        [
            "metadata.name: error[P101]: metadata.name is no name for Kubernetes; "
            f"found '{'a' * 58}…; expected at most 63 of a-z, 0-9, '-' and '.', beginning and "
            "ending with a letter or digit; use lower-case letters, digits and '-'"
        ],
    ),
    (
        changed(service(), "metadata", "namespace", to="DLaaS"),
        [
            "metadata.namespace: error[P101]: metadata.namespace is no name for Kubernetes; found 'DLaaS'; "
            f"expected {ONE_LABEL}; use lower-case letters, digits and '-'"
        ],
    ),
    (
        changed(job(), "spec", "template", "spec", "containers", 0, "name", to="Benchmark"),
        [
            "spec.template.spec.containers[0].name: error[P101]: a container's name is no name for Kubernetes; found "
            f"'Benchmark'; expected {ONE_LABEL}; use lower-case letters, digits and '-'"
        ],
    ),
    (
        labelled("batch size", "32"),
        [
            'metadata.labels["batch size"]: error[P102]: metadata.labels has a key that is no label key; '
            "found 'batch size'; write prefix/name, such as example.com/team"
        ],
    ),
    (
        annotated("Example.com/a", "b"),
        [
            'metadata.annotations["Example.com/a"]: error[P102]: metadata.annotations has a key that is no annotation '
            "key; found 'Example.com/a'; write prefix/name, such as example.com/team"
        ],
    ),
    (
        labelled("model", "resnet 50"),
        [
            "metadata.labels.model: error[P103]: the value of label model is none; found 'resnet 50'; "
            f"expected {VALUE}; shorten it, or make it an annotation"
        ],
    ),
    (
        changed(tfjob(), *WORKER, "template", "metadata", to={"labels": {"a/b": "x" * 64}}),
        [
            f'{W}.template.metadata.labels["a/b"]: error[P103]: the value of label a/b is none; found '
            f"'{'x' * 58}… (64 characters); expected {VALUE}; shorten it, or make it an annotation"
        ],
    ),
    (
        annotated("note", "x" * (256 << 10)),
        [
            "metadata.annotations: error[P104]: metadata.annotations is too large; found 262,148 bytes; "
            "expected at most 262,144; keep large texts in a ConfigMap, or out of the cluster"
        ],
    ),
    (
        changed(changed(tfjob(), "metadata", "name", to=LONG_NAME), *WORKER, "replicas", to=11),
        [
            f"metadata.name: error[P105]: the pod {LONG_NAME}-worker-10 has a name of 64 characters; expected at most "
            "63; shorten the job's name: the matrix's name and the id template make it"
        ],
    ),
    (
        without(tfjob(), "metadata", "namespace"),
        ["metadata.namespace: warning[P106]: the TFJob has no namespace; set metadata.namespace"],
    ),
    (
        changed(tfjob(), "metadata", "name", to=""),
        ["metadata.name: error[P107]: the TFJob has no name; set metadata.name"],
    ),
    (without(tfjob(), "metadata", "name"), ["metadata.name: error[P107]: the TFJob has no name; set metadata.name"]),
    (
        changed(tfjob(), *BOX, "name", to="worker"),
        [
            f"{W}.template.spec.containers: error[P108]: no container of Worker is called tensorflow; found worker; "
            "expected tensorflow; rename the container"
        ],
    ),
    (
        renamed("Worker", "Workers"),
        [
            "spec.tfReplicaSpecs.Workers: error[P109]: there is no role Workers; "
            "expected PS, Worker, Chief, Master, Evaluator; did you mean Worker?"
        ],
    ),
    (
        renamed("PS", "Ps"),
        ["spec.tfReplicaSpecs.Ps: warning[P110]: the role is spelt Ps; expected PS; write PS"],
    ),
    (
        changed(tfjob(), *WORKER, "tfReplicaType", to="WORKER"),
        [f"{W}.tfReplicaType: error[P111]: the role Worker has a left-over tfReplicaType; remove it"],
    ),
    (
        changed(flat(), *WORKER, "tfReplicaType", to="WORKER"),
        [f"{W}.tfReplicaType: warning[P111]: the role Worker has a left-over tfReplicaType; remove it"],
    ),
    (
        changed(tfjob(), *POD, "restartPolicy", to="OnFailure"),
        [
            f"{W}.template.spec.restartPolicy: warning[P112]: restartPolicy stands in the pod; found 'OnFailure'; "
            f"expected {W}.restartPolicy; move it up, beside replicas and template"
        ],
    ),
    (
        changed(tfjob(), *BOX, "image", to="docker.io/example/benchmark:latest"),
        [
            f"{C}.image: warning[P201]: the image is not pinned by digest; found 'docker.io/example/benchmark:latest'; "
            "write name@sha256:..., as `docker buildx imagetools inspect` shows it"
        ],
    ),
    (
        changed(tfjob(), *BOX, "image", to="Example/Benchmark@sha256:12"),
        [
            f"{C}.image: error[P202]: the image has a name that no registry could have; found "
            "'Example/Benchmark@sha256:12'; expected [registry/]name[:tag][@sha256:<64 hexadecimal digits>], in lower "
            "case; write [registry/]name@sha256:..."
        ],
    ),
    (
        without(tfjob(), *BOX, "image"),
        [f"{C}.image: error[P202]: the container has no image; write [registry/]name@sha256:..."],
    ),
    (
        changed(tfjob(), *BOX, "imagePullPolicy", to="Always"),
        [
            f"{C}.imagePullPolicy: warning[P203]: the image is pulled each time, though its digest says which it is; "
            "found Always; write IfNotPresent"
        ],
    ),
    (
        changed(tfjob(), *POD, "hostNetwork", to=True),
        [
            f"{W}.template.spec.hostNetwork: error[P204]: the pod uses the node's network; found true; "
            "remove it, or turn the check off with a reason"
        ],
    ),
    (
        changed(tfjob(), *POD, "volumes", to=[{"name": "data", "hostPath": {"path": "/data"}}]),
        [
            f"{W}.template.spec.volumes[0].hostPath: error[P204]: the pod mounts a path of the node; found '/data'; "
            "remove it, or turn the check off with a reason"
        ],
    ),
    (
        changed(tfjob(), *BOX, "securityContext", to={"privileged": True}),
        [
            f"{C}.securityContext.privileged: error[P204]: the container is privileged; found true; "
            "remove it, or turn the check off with a reason"
        ],
    ),
    (
        changed(tfjob(), *POD, "initContainers", to=[{"name": "a", "image": "busybox"}]),
        [
            f"{W}.template.spec.initContainers[0].image: warning[P201]: the image is not pinned by digest; found "
            "'busybox'; write name@sha256:..., as `docker buildx imagetools inspect` shows it"
        ],
    ),
    (
        without(tfjob(), *PS_BOX, "resources"),
        [
            "spec.tfReplicaSpecs.PS.template.spec.containers[0].resources: warning[P205]: the parameter server "
            "requests no cpu and no memory; set resources.requests of cpu and memory"
        ],
    ),
    (
        without(tfjob(), *BOX, "resources"),
        [f"{C}.resources: warning[P208]: the container requests nothing; set resources.requests of cpu and memory"],
    ),
    (
        changed(indexed(101), "metadata", "name", to="a" * 60),
        [
            f"metadata.name: error[P105]: the pod {'a' * 60}-100 has a name of 64 characters; expected at most 63; "
            "shorten the job's name: the matrix's name and the id template make it"
        ],
    ),
    (
        changed(tfjob(), *BOX, "resources", "limits", "cpu", to="500m"),
        [
            f"{C}.resources.requests.cpu: error[P206]: the request of cpu is over its limit; found 4; "
            "expected at most 500m; raise the limit, or lower the request"
        ],
    ),
    (
        changed(tfjob(), *BOX, "resources", "limits", to={"memory": "16GB"}),
        [
            f"{C}.resources.limits.memory: error[P207]: the amount of memory is no quantity; found '16GB'; "
            "did you mean 16Gi?"
        ],
    ),
    (
        changed(tfjob(), *BOX, "resources", "requests", "cpu", to=-1),
        [f"{C}.resources.requests.cpu: error[P207]: the amount of cpu is negative; found -1; write 500m, 4 or 8Gi"],
    ),
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
        changed(tfjob(workers=0), *WORKER, to=replica(0)),
        [
            f"{W}.replicas: error[P113]: the job has no workers; found 1 PS, 0 Worker; set replicas of Worker",
        ],
    ),
    (
        tfjob(workers=0),
        ["spec.tfReplicaSpecs: error[P113]: the job has no workers; found 1 PS; set replicas of Worker"],
    ),
    (
        changed(job(), "spec", "parallelism", to=0),
        ["spec.parallelism: error[P113]: the job has no workers; found 0 pods; set parallelism"],
    ),
    (
        trainjob(0),
        ["spec.trainer.numNodes: error[P113]: the job has no workers; found 0 pods; set numNodes"],
    ),
    (
        policy("backoffLimit", 0),
        [
            "spec.runPolicy.backoffLimit: warning[P405]: with backoffLimit 0 the operator removes failed pods, and "
            "their logs; set backoffLimit: 1"
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
    (
        changed(tfjob(), *BOX, "resources", "requests", "cpu", to=40),
        [
            f"{W}.template.spec: error[P401]: no node can hold a pod of Worker: it requests more CPU than a node has; "
            "found 40; expected at most 36; lower the requests, or correct cluster"
        ],
    ),
    (
        changed(job(), "spec", "template", "spec", "containers", 0, "resources", to={"limits": {"memory": "200Gi"}}),
        [
            "spec.template.spec: error[P401]: no node can hold the pod: it requests more memory than a node has; "
            "found 200Gi; expected at most 192Gi; lower the requests, or correct cluster"
        ],
    ),
    (
        changed(tfjob(), *WORKER, to=replica(4, cpu="28")),
        [
            "spec: error[P402]: all nodes together cannot hold the job: its pods request more CPU than they have; "
            "found 114; expected at most 108 on 3 nodes; lower the requests or the replicas, or correct cluster"
        ],
    ),
    (
        changed(tfjob(), *WORKER, to=replica(4, cpu="20")),
        [
            "spec: error[P402]: all nodes together cannot hold the job: it has 4 pods of at least 20 of CPU; "
            "found 4; expected at most 3 on 3 nodes; lower the requests or the replicas, or correct cluster"
        ],
    ),
    (
        without(tfjob(), "spec", "runPolicy", "activeDeadlineSeconds"),
        ["spec.runPolicy.activeDeadlineSeconds: warning[P403]: the job has no deadline; set activeDeadlineSeconds"],
    ),
    (
        flat("v1alpha2"),
        [
            "spec: warning[P403]: the job has no deadline; this dialect has none for the job: set "
            "activeDeadlineSeconds in each pod's spec"
        ],
    ),
    (
        changed(policy("suspend", value=True), "metadata", "labels", "kueue.x-k8s.io/queue-name", to="q"),
        [
            "spec.runPolicy.suspend: warning[P404]: suspend is set for a job that Kueue queues; found true; "
            "leave suspend out: Kueue suspends the job itself"
        ],
    ),
    (
        changed(tfjob(), *POD, "activeDeadlineSeconds", to=7200),
        [
            "spec.runPolicy.activeDeadlineSeconds: warning[P406]: the job's deadline removes its pods, and their logs, "
            "before they end by their own; found 7200; expected more than 7200; make the job's deadline some minutes "
            "longer"
        ],
    ),
    (
        changed(job(), "spec", "template", "spec", "activeDeadlineSeconds", to=7300),
        [
            "spec.activeDeadlineSeconds: warning[P406]: the job's deadline removes its pods, and their logs, before "
            "they end by their own; found 7200; expected more than 7300; make the job's deadline some minutes longer"
        ],
    ),
    (
        policy("ttlSecondsAfterFinished", 60),
        [
            "spec.runPolicy.ttlSecondsAfterFinished: warning[P501]: the finished job deletes itself, and GitOps may "
            "make it anew; found 60; remove ttlSecondsAfterFinished"
        ],
    ),
    (
        without(tfjob(), "spec", "runPolicy", "cleanPodPolicy"),
        [
            "spec.runPolicy.cleanPodPolicy: warning[P502]: cleanPodPolicy is not set, and its default depends on the "
            "operator's version; set cleanPodPolicy: Running"
        ],
    ),
    (
        policy("cleanPodPolicy", "All"),
        [
            "spec.runPolicy.cleanPodPolicy: error[P503]: all pods, and their logs, are deleted when the job ends; "
            "found All; expected Running or None; write Running, which keeps the pods that have ended, or None"
        ],
    ),
    (
        annotated("argocd.argoproj.io/hook", "Sync"),
        [
            'metadata.annotations["argocd.argoproj.io/hook"]: error[P504]: the object is a hook, which runs again with '
            "every sync (argocd.argoproj.io/hook); found 'Sync'; remove the annotation"
        ],
    ),
    (
        annotated("argocd.argoproj.io/sync-options", "Prune=false, Force=true,Replace=true"),
        [
            'metadata.annotations["argocd.argoproj.io/sync-options"]: error[P505]: Force=true and Replace=true makes a '
            "finished job run again; found 'Prune=false, Force=true,Replace=true'; remove the option"
        ],
    ),
]


@pytest.mark.parametrize(("manifest", "findings"), BAD, ids=lambda v: v[0][:70] if isinstance(v, list) else "")
def test_bad(manifest: Manifest, findings: list[str]) -> None:
    assert told(manifest) == findings


def test_every_policy_on_one_manifest_has_an_example() -> None:
    seen = {text.split("[P", 1)[1][:3] for _, findings in BAD for text in findings}
    assert {f"P{code}" for code in seen} == set(POLICIES) - {"P506"}, "P506 is about many manifests: test_checks.py"


GOOD = [
    tfjob(*ARGS, "--variable_update=collective_all_reduce", servers=0, workers=2),
    tfjob(),
    tfjob(workers=1),
    tfjob(workers=1, servers=0),  # a job of one pod is no distributed one
    tfjob(*ARGS, "--variable_update=distributed_all_reduce", servers=0),
    job(),
    job(*ARGS, "--variable_update=parameter_server"),
    threads({"value": "8"}, "--num_intra_threads=8"),
    threads({"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
    flat("v1beta2"),
    flat(),
    service(),
    trainjob(),
    changed(job(), "metadata", "name", to="a.b"),
    changed(tfjob(), "metadata", "name", to="a" * 54),
    changed(tfjob(), *WORKER, "template", "metadata", to={"labels": {"example.com/a": ""}}),
    changed(tfjob(), *BOX, "imagePullPolicy", to="IfNotPresent"),
    changed(tfjob(), *BOX, "image", to=f"localhost:5000/a/b:1.0@{DIGEST}"),
    changed(tfjob(), *BOX, "image", to=f"[::1]:5000/a@{DIGEST}"),
    changed(tfjob(), *BOX, "securityContext", to={"privileged": False}),
    changed(tfjob(), *POD, "hostNetwork", to=False),
    changed(tfjob(), *POD, "volumes", to=[{"name": "data", "emptyDir": {}}]),
    changed(tfjob(), *BOX, "resources", to={"requests": {"cpu": "500m"}, "limits": {"cpu": 0.5}}),
    changed(tfjob(), *BOX, "resources", "requests", to={"cpu": 4, "memory": "8Gi", "example.com/x": ["the schema's"]}),
    changed(tfjob(), *PS_BOX, "resources", to={"limits": {"cpu": 2, "memory": "4Gi"}}),
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
    changed(tfjob(), *BOX, "args", to=["python", "train.py", "--nonsense"]),
    changed(tfjob(), *WORKER, to=replica(3, cpu="34")),
    changed(without(job(), "spec", "activeDeadlineSeconds"), "spec", "template", "spec", "activeDeadlineSeconds", to=9),
    changed(tfjob(), *POD, "activeDeadlineSeconds", to=7199),
    policy("suspend", value=True),
    labelled("kueue.x-k8s.io/queue-name", "q"),
    policy("cleanPodPolicy", "None"),
    annotated("argocd.argoproj.io/sync-options", "Prune=false,ApplyOutOfSyncOnly=true"),
    annotated("argocd.argoproj.io/hook", "Skip"),
    changed(indexed(100), "metadata", "name", to="a" * 60),
    indexed(None),
]


@pytest.mark.parametrize("manifest", GOOD, ids=range(len(GOOD)))
def test_good(manifest: Manifest) -> None:
    assert told(manifest) == []


def test_requests_count_sidecars_initial_containers_and_overhead() -> None:
    side = {**container(cpu="10"), "name": "side", "restartPolicy": "Always"}
    first = {**container(cpu="30"), "name": "first"}
    data = changed(tfjob(workers=1), *POD, "initContainers", to=[first, side])
    data = changed(data, *POD, "overhead", to={"cpu": "7"})
    assert told(data) == [
        f"{W}.template.spec: error[P401]: no node can hold a pod of Worker: it requests more CPU than a node has; "
        "found 37; expected at most 36; lower the requests, or correct cluster"
    ]


def test_a_cluster_without_sizes_says_nothing() -> None:
    data = changed(tfjob(), *BOX, "resources", "requests", "cpu", to=400)
    assert told(data, Context(cluster=Cluster(nodes=1))) == []
    assert told(data, Context(cluster=Cluster(nodes=1, memory=192 << 30))) == []
    assert told(data, Context()) == []


def test_self_heal_decides_on_ttl() -> None:
    data = policy("ttlSecondsAfterFinished", 60)
    assert told(data, Context(gitops={"self_heal": False})) == []
    assert told(data, Context(gitops={"self_heal": True})) == [
        "spec.runPolicy.ttlSecondsAfterFinished: error[P501]: self-heal makes the job anew after it has deleted "
        "itself, for ever; found 60; remove ttlSecondsAfterFinished"
    ]


def test_mpijobs_of_v1_have_a_second_place_for_clean_pod_policy() -> None:
    data = {
        "apiVersion": "kubeflow.org/v1",
        "kind": "MPIJob",
        "metadata": {"name": "a", "namespace": "b"},
        "spec": {"cleanPodPolicy": "All", "runPolicy": {"activeDeadlineSeconds": 1}, "mpiReplicaSpecs": {}},
    }
    assert [f.split(":")[0] for f in told(data)] == ["spec.cleanPodPolicy"]


def test_a_trainjob_is_checked_where_its_container_stands() -> None:
    data = changed(trainjob(), "spec", "trainer", "resourcesPerNode", to={"requests": {"cpu": "4x"}})
    data["spec"]["trainer"] |= {"image": "busybox", "args": [*ARGS, "--x"]}
    assert [f.split(" ")[0:2] for f in told(data)] == [
        ["spec.trainer.args[6]:", "error[P301]:"],
        ["spec.trainer.image:", "warning[P201]:"],
        ["spec.trainer.resourcesPerNode.requests.cpu:", "error[P207]:"],
        ["spec.trainer.args[1]:", "error[P310]:"],
    ]
    assert told(changed(data, "spec", "trainer", to={})) == []


@pytest.mark.parametrize(
    ("kind", "spec", "path"),
    [
        ("Pod", {"containers": [{"name": "a"}]}, "spec.containers[0].image"),
        (
            "Deployment",
            {"template": {"spec": {"containers": [{"name": "a"}]}}},
            "spec.template.spec.containers[0].image",
        ),
        (
            "CronJob",
            {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}}},
            "spec.jobTemplate.spec.template.spec.containers[0].image",
        ),
        (
            "Rollout",
            {"template": {"spec": {"containers": [{"name": "a"}]}}},
            "spec.template.spec.containers[0].image",
        ),
    ],
)
def test_pods_of_other_kinds_are_checked(kind: str, spec: Manifest, path: str) -> None:
    data = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": "b"}, "spec": spec}
    assert [f.path for f in Checker(CONTEXT).findings(data)] == [path]


@pytest.mark.parametrize(
    ("version", "kind", "name", "good"),
    [
        ("v1", "Namespace", "a.b", False),
        ("v1", "Namespace", "ab", True),
        ("v1", "Service", "1a", False),
        ("v1", "ConfigMap", "1.a", True),
        ("v1", "ConfigMap", "A", False),
        ("batch/v1", "CronJob", "a" * 52, True),
        ("batch/v1", "CronJob", "a" * 53, False),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", "system:a", True),
    ],
)
def test_kinds_have_names_of_their_own_form(version: str, kind: str, name: str, *, good: bool) -> None:
    data = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "b"}}
    assert [f.code for f in Checker(CONTEXT).findings(data)] == ([] if good else ["P101"])


def test_kinds_outside_of_namespaces_need_none() -> None:
    assert told({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}) == []
    assert told({"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "a"}}) == []


def test_a_kustomization_is_no_object() -> None:
    assert told({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": ["a"]}) == []


def test_a_pod_may_request_for_its_containers() -> None:
    data = changed(job(), "spec", "template", "spec", "resources", to={"requests": {"cpu": 4}})
    assert told(without(data, "spec", "template", "spec", "containers", 0, "resources")) == []
    data = changed(job(), "spec", "template", "spec", "resources", to={"requests": {"cpu": 40}})
    assert [f.code for f in Checker(CONTEXT).findings(data)] == ["P401"]


def test_what_is_no_text_is_left_to_the_schema() -> None:
    data = changed(tfjob(), "metadata", "labels", to={"a b": 1, 2: "x", "c": [], "d": "-"})
    data = changed(data, "metadata", "annotations", to={1: "x", "a": 2})
    data = changed(data, *BOX, "args", to=["python", SCRIPT, 3])
    assert [f.path for f in Checker(CONTEXT).findings(data)] == ['metadata.labels["a b"]', "metadata.labels.d"]


def test_a_known_key_with_a_value_that_is_no_text_is_left_to_the_schema() -> None:
    assert told(labelled("team", "x")) == []
    assert told(labelled("team", 3)) == []


def test_a_line_break_makes_one_label_no_two() -> None:
    data = changed(tfjob(), "metadata", "labels", to={"a": "x", "b": "y"})
    assert told(data) == []
    data = changed(tfjob(), "metadata", "labels", to={"a": "x\ny", "b": "y"})
    assert [f.path for f in Checker(CONTEXT).findings(data)] == ["metadata.labels.a"]


def test_annotations_are_measured_in_bytes() -> None:
    assert told(annotated("note", "x" * (200 << 10))) == []
    assert [f.code for f in Checker(CONTEXT).findings(annotated("note", "\u20ac" * (100 << 10)))] == ["P104"]
    assert told(annotated("note", "\u20ac" * (80 << 10))) == []


def test_what_is_wrong_with_a_job_and_its_pods_alike_is_told_once() -> None:
    labels = {"labels": {"model": "resnet 50"}}
    data = changed(tfjob(), *WORKER, "template", "metadata", to=labels)
    data["metadata"] |= labels
    assert [f.path for f in Checker(CONTEXT).findings(data)] == ["metadata.labels.model"]
