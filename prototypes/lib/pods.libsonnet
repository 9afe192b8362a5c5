// Pods of a role. What is rarely said of them is in placement.libsonnet, which is read only when it is.
local placement = import 'placement.libsonnet';

{
  // Whether no parameter says more of the pods than their containers do.
  plain(params)::
    !(
      'node_selector' in params || 'tolerations' in params || 'spread' in params || 'priority_class' in params
      || 'volumes' in params || 'image_pull_secrets' in params || 'service_account' in params
      || 'ps_placement' in params || 'security_context' in params
    ),

  // A role of a job: `count` pods, each of which ends after `deadline` seconds at the latest. A benchmark that was
  // restarted measured something else.
  replica(params, role, count, container, deadline=params.deadline_seconds):: {
    replicas: count,
    restartPolicy: 'Never',
    template: placement.template(params, role, container, deadline),
  },
}
