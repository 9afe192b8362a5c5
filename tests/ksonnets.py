"""ksonnet prototypes for tests, of the constructs that the ones of 2018 have, and what ksonnet made of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import _jsonnet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BENCHMARK = """\
// @apiVersion 0.1
// @name org.example.pkg.bench-small
// @description A benchmark of two roles
// that runs on a small cluster
// @shortDescription A small benchmark
// @param name string Name for the job.

local k = import "k.libsonnet";

local name = params.name;
local namespace = env.namespace;
local image = "registry.example.org/bench:latest";

local role(type) = {
  template: {
    spec: {
      containers: [{ args: ["python", "tf_cnn_benchmarks.py", "--model=resnet50"], image: image, name: "tensorflow" }],
      restartPolicy: "OnFailure",
    },
  },
};

local job = {
  apiVersion: "kubeflow.org/v1alpha2",
  kind: "TFJob",
  metadata: { name: name, namespace: namespace },
  spec: {
    tfReplicaSpecs: { Worker: role("Worker") + { replicas: 3 }, Ps: role("Ps") + { tfReplicaType: "PS" } },
  },
};

k.core.v1.list.new([
  job,
])
"""
IMPORTS = """\
// @apiVersion 0.1
// @name org.example.pkg.bench-imports
// @description Parameters by import
// @shortDescription Parameters by import
// @param name string Name of each of the objects
// @optionalParam replicas number 2 How many
// @optionalParam size numberOrString big How large
// @optionalParam secret string null Secret to mount
// @optionalParam args array ["a","b"] Arguments
// @optionalParam limits object {} Limits

local k = import 'k.libsonnet';
local given = env + params { labels: { app: import 'param://name' } };
local service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: import "param://name", namespace: import 'env://namespace', labels: given.labels },
  spec: { ports: [{ port: 80 }] },
};
local deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: given.name, namespace: given.namespace },
  spec: {
    replicas: params.replicas,
    template: {
      metadata: { labels: given.labels },
      spec: {
        containers: [{ name: "main", image: "x", args: params.args, resources: { limits: params.limits } }],
        volumes: if params.secret == "null" then [] else [{ name: params.secret, size: params.size }],
      },
    },
  },
};
std.prune(k.core.v1.list.new([deployment, service]))
"""
# The constructor that both need, said by another hand than lib/k.libsonnet.
_LIST = "{ core:: { v1:: { list:: { new(items):: { apiVersion: 'v1', kind: 'List', items: items } } } } }"


def folder(place: Path) -> Path:
    """A folder of the prototypes, as they would be dropped somewhere."""
    made = place / "prototypes-of-2018"
    made.mkdir(parents=True)
    (made / "bench-small.jsonnet").write_text(BENCHMARK, encoding="utf-8")
    (made / "bench-imports.jsonnet").write_text(IMPORTS, encoding="utf-8")
    return made


def registry(place: Path) -> Path:
    """A registry of two packages, one of them with a library."""
    made = place / "registry"
    for name, text in (("small", BENCHMARK), ("more", IMPORTS)):
        (made / name / "prototypes").mkdir(parents=True)
        (made / name / "parts.yaml").write_text(
            f'{{"name": "{name}", "kind": "ksonnet.io/parts",}}\n', encoding="utf-8"
        )
        (made / name / "prototypes" / f"{name}.jsonnet").write_text(text, encoding="utf-8")
    listed = "apiVersion: 0.1.0\nkind: ksonnet.io/registry\nlibraries:\n  small: {path: small, version: master}\n"
    (made / "registry.yaml").write_text(listed, encoding="utf-8")
    return made


def said_by_jsonnet(prototype: str, params: Mapping[str, Any], namespace: str, component: str) -> Any:
    """What the jsonnet program says of a prototype with ksonnet's external variables, without any code of dlaasgen."""
    body = prototype
    for name in ("name",):
        for quote in "'\"":
            body = body.replace(f"import {quote}param://{name}{quote}", f"params.{name}")
            body = body.replace(f"import {quote}env://namespace{quote}", "env.namespace")
    program = (
        "local env = std.extVar('__ksonnet/environments');\n"
        f"local params = std.extVar('__ksonnet/params').components['{component}'];\n{body}"
    )
    variables = {
        "__ksonnet/environments": json.dumps({"namespace": namespace, "server": ""}),
        "__ksonnet/params": json.dumps({"components": {component: params}}),
    }
    text = _jsonnet.evaluate_snippet(
        "component", program, ext_codes=variables, import_callback=lambda _, name: (name, _LIST.encode())
    )
    return json.loads(text)
