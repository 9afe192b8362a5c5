// The parts of a TFJob (kubeflow.org/v1).
{
  // A container that Kubernetes' restricted Pod Security profile admits.
  local securityContext = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },

  // One role: `count` pods that run `args`. The container's name is the operator's condition.
  replicaSpec(params, count, args, env, cpu, memory):: {
    replicas: count,
    restartPolicy: 'Never',
    template: {
      spec: {
        containers: [{
          name: 'tensorflow',
          image: params.image,
          imagePullPolicy: 'IfNotPresent',
          args: args,
          env: env,
          resources: {
            requests: { cpu: cpu, memory: memory },
            limits: { memory: memory },
          },
          securityContext: securityContext,
        }],
      },
    },
  },

  new(params, ps, worker):: {
    apiVersion: 'kubeflow.org/v1',
    kind: 'TFJob',
    // dlaasgen adds the labels and annotations, here and to the pods.
    metadata: { name: params.name, namespace: params.namespace },
    spec: {
      runPolicy: {
        activeDeadlineSeconds: params.deadline_seconds,
        backoffLimit: params.backoff_limit,
        cleanPodPolicy: params.clean_pod_policy,
      },
      tfReplicaSpecs: {
        PS: ps,
        Worker: worker,
      },
    },
  },
}
