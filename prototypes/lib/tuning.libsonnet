// Threads for oneDNN (MKL-DNN), from the shape of a node: what the matrix says in cluster as sockets and cores_per_socket.
// Without both of them nothing is derived.

// A parameter's value; when it is left out, the other one.
local given(params, name, other=null) = if name in params && params[name] != null then params[name] else other;

local known(params) = given(params, 'sockets') != null && given(params, 'cores_per_socket') != null;

{
  given:: given,

  // Nothing derived.
  none:: { intra: null, inter: null },

  // Threads in one operation: the physical cores, less `spare` a socket. Operations at the same time: one a socket.
  threads(params, spare)::
    if known(params) then {
      intra: params.sockets * std.max(1, params.cores_per_socket - spare),
      inter: params.sockets,
    } else $.none,

  // OpenMP's variables: how many threads (`threads`, unless omp_num_threads is given), the cores that they are bound to,
  // and the milliseconds that they wait for more work before they sleep.
  env(params, threads)::
    local derived = if known(params) then { affinity: 'granularity=fine,verbose,compact,1,0', blocktime: 0 }
    else { affinity: null, blocktime: null };
    [
      { name: pair[0], value: std.toString(pair[1]) }
      for pair in [
        ['OMP_NUM_THREADS', given(params, 'omp_num_threads', threads)],
        ['KMP_AFFINITY', given(params, 'kmp_affinity', derived.affinity)],
        ['KMP_BLOCKTIME', given(params, 'kmp_blocktime', derived.blocktime)],
      ]
      if pair[1] != null
    ],
}
