// The command line and environment of tf_cnn_benchmarks.
{
  local optional(params, name, flag) =
    if std.objectHas(params, name) && params[name] != null then ['--' + flag + '=' + params[name]] else [],

  // Arguments of the container. The launcher, the image's entrypoint, adds the cluster's flags.
  args(params):: [
                   'python',
                   '/opt/tf-benchmarks/scripts/tf_cnn_benchmarks/tf_cnn_benchmarks.py',
                   '--model=' + params.model,
                   '--batch_size=' + params.batch_size,
                   '--num_batches=' + params.num_batches,
                   '--display_every=' + params.display_every,
                   '--device=cpu',
                   '--local_parameter_device=cpu',
                   '--data_format=' + params.data_format,
                   '--variable_update=' + params.variable_update,
                   '--optimizer=' + params.optimizer,
                 ] + optional(params, 'num_warmup_batches', 'num_warmup_batches')
                 + optional(params, 'learning_rate', 'init_learning_rate')
                 + optional(params, 'num_intra_threads', 'num_intra_threads')
                 + optional(params, 'num_inter_threads', 'num_inter_threads')
                 + (if params.mkl then ['--mkl=true'] else [])
                 + [
                   '--' + flag + '=' + params.flags[flag]
                   for flag in std.objectFields(params.flags)
                 ],

  // Output must not wait in a buffer: a killed pod's log would be empty.
  env(params):: [
    { name: 'PYTHONUNBUFFERED', value: '1' },
    { name: 'TF_ENABLE_ONEDNN_OPTS', value: if params.mkl then '1' else '0' },
    { name: 'TF_USE_LEGACY_KERAS', value: '1' },
  ] + [
    { name: name, value: std.toString(params.env[name]) }
    for name in std.objectFields(params.env)
  ],
}
