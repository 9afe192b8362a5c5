// Commands of a benchmark of one's own: words with {NAME} in them, and the environment.
local containers = import 'containers.libsonnet';
local tuning = import 'tuning.libsonnet';

local given = tuning.given;

// What {NAME} may name beside the keys of the parameter values.
local names = ['model', 'batch_size', 'replicas', 'num_intra_threads', 'data_dir'];

local replaced(word, values) =
  std.foldl(function(text, name) std.strReplace(text, '{' + name + '}', std.toString(values[name])), std.objectFields(values), word);

{
  // The command's words. A {NAME} that is not given stays as it is.
  words(params)::
    local values = { [name]: params[name] for name in names if given(params, name) != null } + given(params, 'values', {});
    [replaced(std.toString(word), values) for word in params.command],

  // The container that runs them: in the place of the image's entrypoint, or given to it.
  container(params, name, env)::
    local make = if params.entrypoint == 'keep' then containers.new else containers.running;
    make(params, name, $.words(params), env, params.cpu, params.memory),

  // The environment: OpenMP's variables for an image with oneDNN, or when they are given.
  env(params, spare)::
    local derived = if params.mkl then tuning.threads(params, spare) else tuning.none;
    containers.env(
      params,
      containers.common
      + tuning.env(if params.mkl then params else params { sockets: null }, given(params, 'num_intra_threads', derived.intra))
    ),
}
