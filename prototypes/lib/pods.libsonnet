// Pods: of a role in an operator's job, and of a Job. What is rarely set is in placement.libsonnet, read when it is.
{
  // Whether no parameter says more of the pods than their containers do.
  plain(params)::
    !(
      'node_selector' in params || 'tolerations' in params || 'spread' in params || 'priority_class' in params
      || 'volumes' in params || 'image_pull_secrets' in params || 'service_account' in params
      || 'ps_placement' in params || 'security_context' in params
    ),

  // The template of a role's pods: one container, and what the parameters say of pods.
  template(params, plain, role, container)::
    if plain then { spec: { containers: [container] } }
    else (import 'placement.libsonnet').template(params, role, container),

  // A role: `count` pods. A benchmark that was restarted measured something else.
  replica(params, plain, role, count, container)::
    if plain then { replicas: count, restartPolicy: 'Never', template: { spec: { containers: [container] } } }
    else { replicas: count, restartPolicy: 'Never', template: $.template(params, plain, role, container) },
}
