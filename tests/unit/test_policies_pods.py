"""Policies on pods and their containers (P2xx), each by an example and by what it has nothing against."""

from __future__ import annotations

from jobs import BOX, DIGEST, POD, PS_BOX, changed, tfjob
from policing import C, Manifest, W, each_bad, each_good, policies_of, shown_by, told, without

# (manifest, all that is found in it)
BAD: list[tuple[Manifest, list[str]]] = [
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
]


@each_bad(BAD)
def test_bad(manifest: Manifest, findings: list[str]) -> None:
    assert told(manifest) == findings


def test_every_policy_on_one_manifest_has_an_example() -> None:
    assert shown_by(BAD) == policies_of("P2")


GOOD = [
    changed(tfjob(), *BOX, "imagePullPolicy", to="IfNotPresent"),
    changed(tfjob(), *BOX, "image", to=f"localhost:5000/a/b:1.0@{DIGEST}"),
    changed(tfjob(), *BOX, "image", to=f"[::1]:5000/a@{DIGEST}"),
    changed(tfjob(), *BOX, "securityContext", to={"privileged": False}),
    changed(tfjob(), *POD, "hostNetwork", to=False),
    changed(tfjob(), *POD, "volumes", to=[{"name": "data", "emptyDir": {}}]),
    changed(tfjob(), *BOX, "resources", to={"requests": {"cpu": "500m"}, "limits": {"cpu": 0.5}}),
    changed(tfjob(), *BOX, "resources", "requests", to={"cpu": 4, "memory": "8Gi", "example.com/x": ["the schema's"]}),
    changed(tfjob(), *PS_BOX, "resources", to={"limits": {"cpu": 2, "memory": "4Gi"}}),
]


@each_good(GOOD)
def test_good(manifest: Manifest) -> None:
    assert told(manifest) == []
