// What few cells set of tf_cnn_benchmarks: threads from a node's shape, data, further flags.
local tuning = import 'tuning.libsonnet';
local given = tuning.given;

{
  // Flags beyond those that every benchmark has. With oneDNN the threads come from the node's shape, unless given.
  flags(params, spare)::
    local onednn = if params.mkl then tuning.threads(params, spare) else tuning.none;
    [
      '--' + flag[0] + '=' + flag[1]
      for flag in [
        ['num_warmup_batches', given(params, 'num_warmup_batches')],
        ['init_learning_rate', given(params, 'learning_rate')],
        ['tf_random_seed', given(params, 'random_seed')],
        ['num_intra_threads', given(params, 'num_intra_threads', onednn.intra)],
        ['num_inter_threads', given(params, 'num_inter_threads', onednn.inter)],
        ['kmp_affinity', if params.mkl then given(params, 'kmp_affinity')],
        ['kmp_blocktime', if params.mkl then given(params, 'kmp_blocktime')],
        ['mkl', if params.mkl then true],
        ['data_dir', given(params, 'data_dir')],
        ['data_name', given(params, 'data_name')],
      ] + [[name, params.flags[name]] for name in std.objectFields(given(params, 'flags', {}))]
      if flag[1] != null
    ],

  // OpenMP's variables.
  env(params, spare)::
    tuning.env(params, given(params, 'num_intra_threads', tuning.threads(params, spare).intra)),
}
