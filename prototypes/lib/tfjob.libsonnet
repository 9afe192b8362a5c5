// tf_cnn_benchmarks as a TFJob of parameter servers and workers: a function of the parameters of a prototype.
// Matrices of many thousand cells are made of this. Calls cost, so what is short is written out.
local containers = import 'containers.libsonnet';
local jobs = import 'jobs.libsonnet';
local placement = import 'placement.libsonnet';
local pods = import 'pods.libsonnet';
local benchmark = import 'tf_cnn_benchmarks.libsonnet';

function(params)
  local args = benchmark.args(params, params.variable_update, 2);
  local env = benchmark.env(params, 2);
  local plain = pods.plain(params);
  local deadline = params.deadline_seconds;
  local worker = containers.new(params, 'tensorflow', args, env, params.cpu, params.memory);
  local server = worker { resources: containers.resources(params.ps_cpu, params.ps_memory) };
  {
    apiVersion: 'kubeflow.org/v1',
    kind: 'TFJob',
    metadata: jobs.metadata(params),
    spec: {
      runPolicy: jobs.runPolicy(params, params.replicas + params.ps_replicas),
      successPolicy: 'AllWorkers',  // else the job ends with worker 0, and the others' pods may go before they are done
      tfReplicaSpecs: {
        PS: {
          replicas: params.ps_replicas,
          restartPolicy: 'Never',
          template: if plain then { spec: { activeDeadlineSeconds: deadline, containers: [server] } }
          else placement.template(params, 'ps', server, deadline),
        },
        Worker: {
          replicas: params.replicas,
          restartPolicy: 'Never',
          template: if plain then { spec: { activeDeadlineSeconds: deadline, containers: [worker] } }
          else placement.template(params, 'worker', worker, deadline),
        },
      },
    },
  }
