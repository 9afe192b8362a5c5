// The container that runs a benchmark: what it runs, its environment, resources and security context.

// What Kubernetes' restricted Pod Security profile admits.
local restricted = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

// What joins a log to its cell: dlaasgen sets these labels on every pod. Made once, not for each cell.
local identity = [
  { name: 'DLAASGEN_' + std.asciiUpper(label), valueFrom: { fieldRef: { fieldPath: "metadata.labels['dlaasgen/" + label + "']" } } }
  for label in ['cell', 'matrix', 'run']
];
// Output must not wait in a buffer: a killed pod's log would be empty.
local common = [{ name: 'PYTHONUNBUFFERED', value: '1' }] + identity;

{
  // `args` go to the image's entrypoint. The name matters to operators: a TFJob's is called tensorflow.
  // Memory is limited too: a benchmark that outgrows it ends, instead of its neighbours.
  new(params, name, args, env, cpu, memory):: {
    name: name,
    image: params.image,
    imagePullPolicy: 'IfNotPresent',
    args: args,
    env: env,
    resources: { requests: { cpu: cpu, memory: memory }, limits: { memory: memory } },
    securityContext: restricted,
  },

  // The same with words that replace the image's entrypoint.
  running(params, name, command, env, cpu, memory):: {
    name: name,
    image: params.image,
    imagePullPolicy: 'IfNotPresent',
    command: command,
    env: env,
    resources: $.resources(cpu, memory),
    securityContext: restricted,
  },

  restricted:: restricted,
  resources(cpu, memory):: { requests: { cpu: cpu, memory: memory }, limits: { memory: memory } },

  // A list of variables, with those of the parameter env behind them or in their place.
  env(params, variables)::
    if 'env' in params && params.env != null then
      [v for v in variables if !(v.name in params.env)]
      + [{ name: name, value: std.toString(params.env[name]) } for name in std.objectFields(params.env)]
    else variables,

  // The variables of every container.
  common:: common,
}
