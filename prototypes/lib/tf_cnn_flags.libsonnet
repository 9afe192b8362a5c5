// What few cells set of tf_cnn_benchmarks: threads from a node's shape, data, further flags.
local tuning = import 'tuning.libsonnet';
local given = tuning.given;

// With --mkl the benchmark sets OpenMP's variables itself, and as many threads as in one operation. Where others are
// wanted the variables alone do it, but not for NCHW, which the benchmark refuses without --mkl.
local byVariables(params) = params.mkl && given(params, 'omp_num_threads') != null && given(params, 'data_format') == 'NHWC';

// What --mkl would set.
local usual = { kmp_affinity: 'granularity=fine,verbose,compact,1,0', kmp_blocktime: 0 };

{
  // Flags beyond those that every benchmark has. With oneDNN the threads come from the node's shape, unless given.
  flags(params, spare)::
    local derived = if params.mkl then tuning.threads(params, spare) else tuning.none;
    local mkl = params.mkl && !byVariables(params);
    [
      '--' + flag[0] + '=' + flag[1]
      for flag in [
        ['num_warmup_batches', given(params, 'num_warmup_batches')],
        ['init_learning_rate', given(params, 'learning_rate')],
        ['tf_random_seed', given(params, 'random_seed')],
        ['num_intra_threads', given(params, 'num_intra_threads', derived.intra)],
        ['num_inter_threads', given(params, 'num_inter_threads', derived.inter)],
        ['kmp_affinity', if mkl then given(params, 'kmp_affinity')],
        ['kmp_blocktime', if mkl then given(params, 'kmp_blocktime')],
        ['mkl', if mkl then true],
        ['data_dir', given(params, 'data_dir')],
        ['data_name', given(params, 'data_name')],
      ] + [[name, params.flags[name]] for name in std.objectFields(given(params, 'flags', {}))]
      if flag[1] != null
    ],

  // OpenMP's variables.
  env(params, spare)::
    local all = if byVariables(params) then {
      [name]: given(params, name, usual[name])
      for name in std.objectFields(usual)
    } else {};
    tuning.env(params + all, given(params, 'num_intra_threads', tuning.threads(params, spare).intra)),
}
