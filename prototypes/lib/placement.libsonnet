// What parameters say of pods beside their containers: nodes, neighbours, priority, volumes, secrets, accounts.
local given(params, name, other=null) = if name in params && params[name] != null then params[name] else other;

local hostname = 'kubernetes.io/hostname';

// By these a job's pods of a role are found, in every dialect.
local labels(params, role) = { 'app.kubernetes.io/instance': params.name, 'app.kubernetes.io/component': role };

// Workers on as many nodes as there are: if possible (prefer), or else not at all (require).
local spread(params) = {
  maxSkew: 1,
  topologyKey: hostname,
  whenUnsatisfiable: if params.spread == 'require' then 'DoNotSchedule' else 'ScheduleAnyway',
  labelSelector: { matchLabels: labels(params, 'worker') },
};

// Workers on nodes of their own, for pods that can be given an affinity and no spread.
local separate(params) =
  local others = { topologyKey: hostname, labelSelector: { matchLabels: labels(params, 'worker') } };
  {
    podAntiAffinity: if params.spread == 'require' then { requiredDuringSchedulingIgnoredDuringExecution: [others] }
    else { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: others }] },
  };

// Parameter servers on a worker's node, or on nodes without one.
local affinity(params) = {
  [if params.ps_placement == 'beside' then 'podAffinity' else 'podAntiAffinity']: {
    requiredDuringSchedulingIgnoredDuringExecution: [{
      topologyKey: hostname,
      labelSelector: { matchLabels: labels(params, 'worker') },
    }],
  },
};

// Volumes are numbered in the order of their paths: a path is no name.
local volumes(params) = std.mapWithIndex(
  function(number, path) { name: 'volume-' + number, path: path, source: params.volumes[path] },
  std.objectFields(given(params, 'volumes', {}))
);

{
  // The template of a role's pods. `deadline`: the seconds that a pod may run, where its job does not see to that.
  template(params, role, container, deadline=null)::
    local beside = given(params, 'ps_placement') != null;
    local even = given(params, 'spread') != null;
    {
      [if beside || even then 'metadata']: { labels: labels(params, role) },
      spec: $.settings(params) + {
        containers: [container + $.mounted(params)],
        [if deadline != null then 'activeDeadlineSeconds']: deadline,
        [if role == 'ps' && beside then 'affinity']: affinity(params),
        [if role == 'worker' && even then 'topologySpreadConstraints']: [spread(params)],
      },
    },

  // What stands in the spec of a pod, whatever its role.
  settings(params):: {
    [if given(params, 'node_selector') != null then 'nodeSelector']: params.node_selector,
    [if given(params, 'tolerations') != null then 'tolerations']: params.tolerations,
    [if given(params, 'priority_class') != null then 'priorityClassName']: params.priority_class,
    [if given(params, 'service_account') != null then 'serviceAccountName']: params.service_account,
    [if given(params, 'image_pull_secrets') != null then 'imagePullSecrets']: [
      { name: secret }
      for secret in params.image_pull_secrets
    ],
    [if given(params, 'volumes') != null then 'volumes']: [{ name: v.name } + v.source for v in volumes(params)],
  },

  // The template of workers' pods as a patch of a TrainJob's runtime, which knows fewer fields than a pod has.
  patch(params, container)::
    local even = given(params, 'spread') != null;
    {
      [if even then 'metadata']: { labels: labels(params, 'worker') },
      spec: $.settings(params) + {
        containers: [container + $.mounted(params)],
        [if even then 'affinity']: separate(params),
      },
    },

  // What stands in the container.
  mounted(params):: {
    [if given(params, 'security_context') != null then 'securityContext']: params.security_context,
    [if given(params, 'volumes') != null then 'volumeMounts']: [
      { name: v.name, mountPath: v.path }
      for v in volumes(params)
    ],
  },
}
