"""The codes of findings about conversions between dialects. No I/O here."""

from __future__ import annotations

CODES: dict[str, tuple[str, str]] = {
    "K201": (
        "A role that the dialect does not have",
        (
            "A parameter server, a chief or a launcher is started, and told of the others, by its own operator. A "
            "batch Job and a TrainJob start equal pods; a PyTorchJob knows Master and Worker, an MPIJob Launcher and "
            "Worker."
        ),
    ),
    "K202": (
        "A setting that the dialect does not have",
        (
            "The setting would be lost, and the job would run, end or be scheduled in another way. It is an error, "
            "but for cleanPodPolicy and ttlSecondsAfterFinished, which decide what is left of a finished job only: a "
            "warning."
        ),
    ),
    "K203": (
        "Failures are handled in another way",
        (
            "A batch Job replaces failed pods up to backoffLimit (6 when it is not set) even with restartPolicy "
            "Never; the training operators do not. Job and mpijob-v2beta1 know the policies Never and OnFailure only: "
            "the loss of Always or ExitCode is an error."
        ),
    ),
    "K204": (
        "The pods find each other in another way",
        (
            "Operators tell pods of each other: TFJob by TF_CONFIG, PyTorchJob by MASTER_ADDR and RANK, MPIJob by a "
            "file of hosts, an Indexed Job by JOB_COMPLETION_INDEX, a TrainJob as its runtime says. A program that "
            "waits for one of them does not find another, so with more than one pod this is an error. It is a warning "
            "between PyTorchJob and a TrainJob of a torch runtime, which both set what torchrun reads; between the "
            "two MPIJobs, whose launcher uses kubectl exec in v1 and SSH, which the image must have, in v2beta1; and "
            "for a Job whose pods are told nothing. One pod needs nobody, and can go anywhere."
        ),
    ),
    "K205": (
        "Pods that would have to be equal",
        "A batch Job and a TrainJob start equal pods. The roles of this job have different templates.",
    ),
    "K206": (
        "Said in other words",
        (
            "Nothing is lost. A default that differs between the dialects is written out, one that is the same is "
            "left out, a role or container has the name that the operator asks for, or the cluster's own fields are "
            "left out."
        ),
    ),
    "K207": (
        "A TrainJob has no place for it",
        (
            "The pods of a TrainJob come from a runtime in the cluster; the job sets image, command, arguments, "
            "environment and resources, and can patch what Kubeflow Trainer lets it: volumes, mounts, security "
            "contexts, service account, secrets for images, node selector, affinity, tolerations. The rest has to be "
            "in the runtime: a warning. A second container, or a patch that a pod has no place for, is lost: an error."
        ),
    ),
    "K208": (
        "A TrainJob's runtime is in the cluster",
        (
            "A TrainJob names a runtime, which is not part of the file. Converted to a TrainJob, a job gets one that "
            "Kubeflow Trainer ships; converted from one, it has what the file says and nothing of what the runtime "
            "adds. Without an image in the file there is no pod to write: an error."
        ),
    ),
    "K209": (
        "Not of the shape of its kind",
        "The manifest says that it is a job, and does not have the form of one, so it cannot be converted.",
    ),
    "K210": (
        "Old spelling",
        (
            "Manifests of 2018 say Ps for PS, keep the role in tfReplicaType, or restartPolicy in the pod, where the "
            "operator overwrites it; v1alpha1 has its replicas in a list. The conversion moves each to its place."
        ),
    ),
    "K211": (
        "Not a job",
        "The object is of no kind that has dialects: it is passed on unchanged.",
    ),
}
