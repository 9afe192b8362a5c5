// tf_cnn_benchmarks as a TFJob of parameter servers and workers: a function of the parameters of a prototype.
local containers = import 'containers.libsonnet';
local jobs = import 'jobs.libsonnet';
local pods = import 'pods.libsonnet';
local benchmark = import 'tf_cnn_benchmarks.libsonnet';

function(params)
  local args = benchmark.args(params, params.variable_update, 2);
  local env = benchmark.env(params, 2);
  local plain = pods.plain(params);
  local server = containers.new(params, 'tensorflow', args, env, params.ps_cpu, params.ps_memory);
  local worker = containers.new(params, 'tensorflow', args, env, params.cpu, params.memory);
  {
    apiVersion: 'kubeflow.org/v1',
    kind: 'TFJob',
    metadata: jobs.metadata(params),
    spec: {
      runPolicy: jobs.runPolicy(params, params.replicas + params.ps_replicas),
      tfReplicaSpecs: {
        PS: pods.replica(params, plain, 'ps', params.ps_replicas, server),
        Worker: pods.replica(params, plain, 'worker', params.replicas, worker),
      },
    },
  }
