// @apiVersion 1
// @name tfjob
// @shortDescription A parameter-server training benchmark
// @description Runs tf_cnn_benchmarks as a TFJob of parameter servers and workers, trained on synthetic ImageNet data.
// @param image string Image that holds the benchmark and the launcher, pinned by digest
// @param model string Model, as tf_cnn_benchmarks names it: resnet50, alexnet, ...
// @param batch_size integer Images per step of one worker
// @optionalParam namespace string dlaas Namespace that the job runs in
// @optionalParam replicas integer 3 Number of workers
// @optionalParam ps_replicas integer 1 Number of parameter servers
// @optionalParam num_batches integer 100 Steps to measure, after the warm-up
// @optionalParam num_warmup_batches integer null Steps before the measurement; the benchmark's own choice when left out
// @optionalParam display_every integer 10 Steps between two lines of output
// @optionalParam data_format enum(NHWC|NCHW) NHWC Order of the image tensor's dimensions; on a CPU NCHW needs mkl
// @optionalParam mkl boolean false Whether the image's TensorFlow uses oneDNN (MKL-DNN)
// @optionalParam variable_update enum(parameter_server|distributed_replicated) parameter_server How variables are kept and updated
// @optionalParam optimizer enum(sgd|momentum|rmsprop|adam) sgd Optimizer
// @optionalParam learning_rate number null Initial learning rate; the model's own when left out
// @optionalParam num_intra_threads integer null Threads in one operation; TensorFlow's choice when left out
// @optionalParam num_inter_threads integer null Operations at the same time; TensorFlow's choice when left out
// @optionalParam flags object {} Further tf_cnn_benchmarks flags, name to value
// @optionalParam env object {} Environment variables, name to value
// @optionalParam cpu string 4 CPUs that each worker requests
// @optionalParam memory string 8Gi Memory that each worker requests and is limited to
// @optionalParam ps_cpu string 2 CPUs that each parameter server requests
// @optionalParam ps_memory string 4Gi Memory that each parameter server requests and is limited to
// @optionalParam deadline_seconds integer 7200 Seconds after which the job is ended as failed
// @optionalParam backoff_limit integer 0 Retries of a failed job; a retried benchmark measures something else
// @optionalParam clean_pod_policy enum(None|Running|All) Running Which pods are removed when the job ends; logs go with them
local benchmark = import 'lib/tf_cnn_benchmarks.libsonnet';
local tfjob = import 'lib/tfjob.libsonnet';

function(params)
  local args = benchmark.args(params);
  local env = benchmark.env(params);
  tfjob.new(
    params,
    ps=tfjob.replicaSpec(params, params.ps_replicas, args, env, params.ps_cpu, params.ps_memory),
    worker=tfjob.replicaSpec(params, params.replicas, args, env, params.cpu, params.memory),
  )
