"""Strict JSON Schemas: of each dialect, and of Kubernetes' own kinds, cut from one set of definitions. No I/O here.

`definitions` is the `$defs` of a Kubernetes version's strict schemas: name -> JSON Schema, with references of the form
`#/$defs/<name>`. What is made holds only the definitions that are reachable, without their descriptions, so that it
compiles in a few milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dlaasgen.dialects import Dialect

    Schema = dict[str, Any]
    Definitions = Mapping[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
# The keywords that decide; everything else in the published schemas is description.
_DECIDING = frozenset({
    "$ref", "type", "properties", "additionalProperties", "items", "enum", "oneOf", "anyOf", "allOf", "required",
    "minimum", "maximum", "minItems", "pattern",
})  # fmt: skip
_CORE = "io.k8s.api.core.v1."
_BATCH = "io.k8s.api.batch.v1."
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
_STRING: Schema = {"type": "string"}
_BOOLEAN: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}


def schema(dialect: Dialect, definitions: Definitions) -> Schema:
    """The strict schema of a job object of the dialect."""
    if dialect.name == "job":
        return _job(definitions)
    spec = _trainjob_spec() if dialect.replicas is None else _spec(dialect, dialect.replicas)
    properties = {
        "apiVersion": {"enum": [dialect.api_version]},
        "kind": {"enum": [dialect.kind]},
        "metadata": _ref(_META + "ObjectMeta"),
        "spec": spec,
        "status": {"type": "object"},
    }
    # Kubernetes reads a number with a point as a quantity; a resource definition has an integer or a string.
    definitions = {**definitions, _QUANTITY: {"type": ["string", "integer"]}}
    return closed(_object(properties, required=("apiVersion", "kind", "metadata", "spec")), definitions)


def _job(definitions: Definitions) -> Schema:
    """A Job as the API server takes it: stricter than its published schema on what it runs, and when that is over."""
    root, spec = (definitions[_BATCH + name] for name in ("Job", "JobSpec"))
    template, pod = (definitions[_CORE + name] for name in ("PodTemplateSpec", "PodSpec"))
    limit = {"type": ["integer", "null"], "minimum": 0}
    ends = {"enum": ["Never", "OnFailure"]}
    some = {**pod["properties"]["containers"], "minItems": 1}
    changed = {
        _BATCH + "JobSpec": _with(spec, template=_present(spec, "template"), activeDeadlineSeconds=limit),
        _CORE + "PodTemplateSpec": {**_with(template, spec=_present(template, "spec")), "required": ["spec"]},
        _CORE + "PodSpec": {
            **_with(pod, restartPolicy=ends, containers=some),
            "required": [*pod["required"], "restartPolicy"],
        },
    }
    root = {**_with(root, spec=_present(root, "spec")), "required": ["metadata", "spec"]}
    return closed(root, {**definitions, **changed})


def _with(definition: Schema, **properties: Schema) -> Schema:
    return {**definition, "properties": {**definition["properties"], **properties}}


def _present(definition: Schema, name: str) -> Schema:
    """A property that is an object, and not null."""
    return {**definition["properties"][name], "type": "object"}


def kinds(definitions: Definitions) -> dict[tuple[str, str], str]:
    """(apiVersion, kind) -> the name of its definition, for every kind of Kubernetes itself."""
    found = {}
    for name, definition in definitions.items():
        for gvk in definition.get("x-kubernetes-group-version-kind", ()):
            # What many groups share (DeleteOptions, WatchEvent) is nothing that a file holds.
            if name.startswith(_META) or "metadata" not in definition.get("properties", ()):
                continue
            api_version = f"{gvk['group']}/{gvk['version']}" if gvk["group"] else gvk["version"]
            found[api_version, gvk["kind"]] = name
    return found


def kind_schema(name: str, definitions: Definitions) -> Schema:
    """The strict schema of the object that the definition `name` describes."""
    return closed(_ref(name), definitions)


def closed(root: Schema, definitions: Definitions) -> Schema:
    """`root` with all definitions that it needs. Raises KeyError when one is missing."""
    needed: dict[str, Any] = {}

    def cut(node: Schema) -> Schema:
        kept: Schema = {}
        for key, value in node.items():
            if key not in _DECIDING:
                continue
            if key == "$ref":
                name = value.rpartition("/")[2]
                if name not in needed:
                    needed[name] = {}
                    needed[name] = cut(definitions[name])
                kept[key] = value
            elif key == "properties":
                kept[key] = {k: cut(v) for k, v in value.items()}
            elif key == "items":
                # An item that is null is in no list by intent, and resource definitions refuse it.
                kept[key] = _not_null(cut(value))
            elif value.__class__ is dict:
                kept[key] = cut(value)
            elif key in ("oneOf", "anyOf", "allOf"):
                kept[key] = [cut(v) for v in value]
            else:
                kept[key] = value
        return kept

    return {"$schema": _DRAFT, **cut(root), "$defs": needed}


def _not_null(node: Schema) -> Schema:
    types = node.get("type")
    return {**node, "type": [t for t in types if t != "null"]} if types.__class__ is list else node


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(properties: Schema, required: Iterable[str] = ()) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _texts() -> Schema:
    return {"type": "object", "additionalProperties": _STRING}


def _policies(names: Iterable[str]) -> Schema:
    quantities = {"type": "object", "additionalProperties": _ref(_QUANTITY)}
    every = {
        "cleanPodPolicy": {"enum": ["None", "Running", "All"]},
        "ttlSecondsAfterFinished": _COUNT,
        "activeDeadlineSeconds": {"type": "integer", "minimum": 1},
        "backoffLimit": _COUNT,
        "schedulingPolicy": _object(
            {
                "minAvailable": _COUNT,
                "queue": _STRING,
                "minResources": quantities,
                "priorityClass": _STRING,
                "scheduleTimeoutSeconds": _COUNT,
            }
        ),
        "suspend": _BOOLEAN,
        "managedBy": _STRING,
    }
    return {name: every[name] for name in names}


def _spec(dialect: Dialect, replicas: str) -> Schema:
    """The spec of a job that has replicas of roles, under the field `replicas`."""
    replica = _object({
        "replicas": _COUNT,
        "restartPolicy": {"enum": ["Always", "OnFailure", "Never", "ExitCode"]},
        "template": _ref(_CORE + "PodTemplateSpec"),
    }, required=("template",))  # fmt: skip
    if dialect.kind == "TFJob":
        # A relic of v1alpha1 that was ignored for years: a policy says so in better words.
        replica["properties"]["tfReplicaType"] = _STRING
    # Which roles there are is a policy, since operators take them in any case.
    roles: Schema = {"type": "object", "additionalProperties": replica}
    if dialect.kind == "PyTorchJob":
        # The operator's webhook refuses a master that does not say that it is one.
        one = _with(replica, replicas={"type": "integer", "minimum": 1, "maximum": 1})
        roles["properties"] = {"Master": {**one, "required": ["replicas", "template"]}}
    properties = {replicas: roles}
    policies = _policies(dialect.policies)
    properties |= {dialect.run_policy: _object(policies)} if dialect.run_policy else policies
    properties |= _OWN.get(dialect.name, {})
    return _object(properties, required=(replicas,))


_RENDEZVOUS = _object(
    {
        "minReplicas": _COUNT,
        "maxReplicas": _COUNT,
        "rdzvBackend": {"enum": ["c10d", "etcd", "etcd-v2"]},
        "rdzvPort": _COUNT,
        "rdzvHost": _STRING,
        "rdzvId": _STRING,
        "rdzvConf": _list(_object({"key": _STRING, "value": _STRING})),
        "standalone": _BOOLEAN,
        "nProcPerNode": _COUNT,
        "maxRestarts": _COUNT,
        "metrics": _list(_ref("io.k8s.api.autoscaling.v2.MetricSpec")),
    }
)
# What a dialect has in spec beside replicas and policies.
_OWN: dict[str, Schema] = {
    "tfjob-v1": {"successPolicy": {"enum": ["", "AllWorkers"]}, "enableDynamicWorker": _BOOLEAN},
    "pytorchjob-v1": {"nprocPerNode": _STRING, "elasticPolicy": _RENDEZVOUS},
    "mpijob-v1": {
        "slotsPerWorker": _COUNT,
        "cleanPodPolicy": _policies(["cleanPodPolicy"])["cleanPodPolicy"],
        "mainContainer": _STRING,
    },
    "mpijob-v2beta1": {
        "slotsPerWorker": _COUNT,
        "runLauncherAsWorker": _BOOLEAN,
        "sshAuthMountPath": _STRING,
        "launcherCreationPolicy": {"enum": ["AtStartup", "WaitForWorkersReady"]},
        "mpiImplementation": {"enum": ["OpenMPI", "Intel", "MPICH"]},
    },
}


def _trainjob_spec() -> Schema:
    env = _list(_ref(_CORE + "EnvVar"))
    stored = _object({"storageUri": _STRING, "env": env, "secretRef": _ref(_CORE + "LocalObjectReference")})
    container = _object({
        "name": _STRING,
        "env": env,
        "volumeMounts": _list(_ref(_CORE + "VolumeMount")),
        "securityContext": _ref(_CORE + "SecurityContext"),
    }, required=("name",))  # fmt: skip
    pod = {
        "serviceAccountName": _STRING,
        "nodeSelector": _texts(),
        "affinity": _ref(_CORE + "Affinity"),
        "tolerations": _list(_ref(_CORE + "Toleration")),
        "volumes": _list(_ref(_CORE + "Volume")),
        "containers": _list(container),
        "initContainers": _list(container),
        "imagePullSecrets": _list(_ref(_CORE + "LocalObjectReference")),
        "schedulingGates": _list(_ref(_CORE + "PodSchedulingGate")),
    }
    later = {"securityContext": _ref(_CORE + "PodSecurityContext"), "terminationGracePeriodSeconds": _COUNT}
    target = {"targetJobs": _list(_object({"name": _STRING}, required=("name",)))}
    job = _object({
        "name": _STRING,
        "template": _patch(_object({"template": _patch(_object(pod | later))})),
    }, required=("name",))  # fmt: skip
    patch = _object({
        "manager": _STRING,
        "time": _STRING,
        "trainingRuntimeSpec": _object({"template": _patch(_object({"replicatedJobs": _list(job)}))}),
    }, required=("manager",))  # fmt: skip
    properties = {
        "runtimeRef": _object(
            {"name": {"type": "string", "pattern": "."}, "apiGroup": _STRING, "kind": _STRING}, required=("name",)
        ),
        "initializer": _object({"dataset": stored, "model": stored}),
        "trainer": _object(
            {
                "image": _STRING,
                "command": _list(_STRING),
                "args": _list(_STRING),
                "env": env,
                "numNodes": _COUNT,
                "resourcesPerNode": _ref(_CORE + "ResourceRequirements"),
                "numProcPerNode": _ref(_INT_OR_STRING),
            }
        ),
        "suspend": _BOOLEAN,
        "managedBy": _STRING,
        # One apiVersion, three shapes: Trainer 2.0 has podSpecOverrides, 2.1 podTemplateOverrides, and 2.2 has
        # runtimePatches and activeDeadlineSeconds, without labels and annotations here.
        "podSpecOverrides": _list(_object(target | pod, required=("targetJobs",))),
        "labels": _texts(),
        "annotations": _texts(),
        "podTemplateOverrides": _list(
            _object(target | {"metadata": _ref(_META + "ObjectMeta"), "spec": _object(pod)}, required=("targetJobs",))
        ),
        "runtimePatches": _list(patch),
        "activeDeadlineSeconds": {"type": "integer", "minimum": 1},
    }
    return _object(properties, required=("runtimeRef",))


def _patch(spec: Schema) -> Schema:
    """What may be patched of an object of a runtime: its labels and annotations, and some of its spec."""
    return _object({"metadata": _ref(_META + "ObjectMeta"), "spec": spec})
