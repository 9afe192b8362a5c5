// The command line and environment of tf_cnn_benchmarks.
local containers = import 'containers.libsonnet';
local rare = import 'tf_cnn_flags.libsonnet';

// The variables of an image without oneDNN, and of one with it.
local eigen = containers.common + [
  { name: 'TF_ENABLE_ONEDNN_OPTS', value: '0' },
  { name: 'TF_USE_LEGACY_KERAS', value: '1' },
];
local onednn = containers.common + [
  { name: 'TF_ENABLE_ONEDNN_OPTS', value: '1' },
  { name: 'TF_USE_LEGACY_KERAS', value: '1' },
];

// Whether there are flags beyond those that every benchmark has and num_intra_threads.
local more(params) =
  'num_warmup_batches' in params || 'learning_rate' in params || 'num_inter_threads' in params || 'flags' in params
  || 'random_seed' in params || 'sockets' in params || 'kmp_affinity' in params || 'data_dir' in params || 'kmp_blocktime' in params
  || 'data_name' in params || 'omp_num_threads' in params;

{
  // Arguments of the container, for one way of updating variables. Of each socket `spare` cores are left to the network.
  args(params, update, spare)::
    local main = [
      'python',
      '/opt/tf-benchmarks/scripts/tf_cnn_benchmarks/tf_cnn_benchmarks.py',
      '--model=' + params.model,
      '--batch_size=' + params.batch_size,
      '--num_batches=' + params.num_batches,
      '--display_every=' + params.display_every,
      '--device=cpu',
      '--local_parameter_device=cpu',
      '--data_format=' + (
        if 'data_format' in params && params.data_format != null then params.data_format
        else if params.mkl then 'NCHW' else 'NHWC'
      ),
      '--variable_update=' + update,
      '--optimizer=' + params.optimizer,
    ];
    // The usual cells come first: what they do not set shall cost them nothing.
    if more(params) then main + rare.flags(params, spare)
    else if 'num_intra_threads' in params && params.num_intra_threads != null then
      if params.mkl then main + ['--num_intra_threads=' + params.num_intra_threads, '--mkl=true']
      else main + ['--num_intra_threads=' + params.num_intra_threads]
    else if params.mkl then main + ['--mkl=true'] else main,

  // Arguments of workers that reduce among themselves. A single one has nobody to do it with, which the benchmark refuses.
  reducing(params)::
    if params.replicas == 1 then self.args(params, 'parameter_server', 2)
    else self.args(params, 'collective_all_reduce', 2) + ['--all_reduce_spec=collective'],

  // Environment of the container. The benchmark itself sets OpenMP's variables by its flags, but late: libraries that
  // are loaded before look at them too.
  env(params, spare)::
    local own =
      if !params.mkl then eigen
      else if
        'sockets' in params || 'kmp_affinity' in params || 'kmp_blocktime' in params || 'omp_num_threads' in params
      then
        onednn + rare.env(params, spare)
      else if 'num_intra_threads' in params && params.num_intra_threads != null then
        onednn + [{ name: 'OMP_NUM_THREADS', value: '' + params.num_intra_threads }]
      else onednn;
    if 'env' in params then containers.env(params, own) else own,
}
