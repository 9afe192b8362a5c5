// Jobs: their metadata, and the policies that the jobs of Kubeflow's operators have in common.

// Gang scheduling: all pods or none. A scheduler that knows pod groups does it, such as Volcano.
local gang(params, pods) =
  (if 'gang' in params && params.gang == true then { minAvailable: pods } else {})
  + (
    if 'priority_class' in params && params.priority_class != null
    then { priorityClass: params.priority_class } else {}
  ) + (
    if 'scheduling_policy' in params && params.scheduling_policy != null
    then params.scheduling_policy else {}
  );

// At a job's deadline its running pods are removed with their logs, by an operator not before the job's next event. So
// it is the pods' own deadline that ends them, by the kubelet, and the job's comes these seconds later, for what is left.
local grace = 300;

local policy(params) = {
  activeDeadlineSeconds: params.deadline_seconds + grace,
  backoffLimit: params.backoff_limit,
  cleanPodPolicy: params.clean_pod_policy,
};

{
  // dlaasgen adds its labels and annotations, here and to the pods.
  metadata(params)::
    if 'queue' in params && params.queue != null then {
      name: params.name,
      namespace: params.namespace,
      labels: { 'kueue.x-k8s.io/queue-name': params.queue },
    } else { name: params.name, namespace: params.namespace },

  // How a job of `pods` pods is started and ended, and what happens then.
  runPolicy(params, pods)::
    if 'gang' in params && params.gang == true || 'scheduling_policy' in params && params.scheduling_policy != null
    then policy(params) + { schedulingPolicy: gang(params, pods) }
    else policy(params),

  // A Job of Kubernetes: of one pod, or Indexed of several, which find each other by a Service of the job's name.
  job(params, count, container):: {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: $.metadata(params),
    spec: (if count == 1 then {} else { completions: count, parallelism: count, completionMode: 'Indexed' }) + {
      activeDeadlineSeconds: params.deadline_seconds + grace,
      backoffLimit: params.backoff_limit,
      template: (import 'placement.libsonnet').template(params, 'worker', container, params.deadline_seconds) + {
        spec+: { restartPolicy: 'Never' } + (if count == 1 then {} else { subdomain: params.name }),
      },
    },
  },
}
