// @apiVersion 1
// @name my-benchmark
// @shortDescription A training benchmark in one pod
// @description Copy this file, give it a name of its own, and change what the job runs.
// @param image string Image that holds the benchmark, pinned by digest
// @param model string Model to train
// @param batch_size integer Examples in one step
// @optionalParam namespace string benchmarks Namespace that the job runs in
// @optionalParam steps integer 100 Steps to measure
// @optionalParam cpu string 4 CPUs that the pod requests
// @optionalParam memory string 8Gi Memory that the pod requests and is limited to
// @optionalParam deadline_seconds integer 3600 Seconds that the pod may run; then it ends as failed, and its log stays
function(params) {
  apiVersion: 'kubeflow.org/v1',
  kind: 'TFJob',
  metadata: {
    name: params.name,
    namespace: params.namespace,
    labels: params.labels,
    annotations: params.annotations,
  },
  spec: {
    runPolicy: {
      // The end of what the pod's own deadline did not end: the operator then removes the pod with its log.
      activeDeadlineSeconds: params.deadline_seconds + 300,
      backoffLimit: 1,
      cleanPodPolicy: 'Running',
    },
    tfReplicaSpecs: {
      Worker: {
        replicas: 1,
        restartPolicy: 'Never',
        template: {
          metadata: { labels: params.labels, annotations: params.annotations },
          spec: {
            activeDeadlineSeconds: params.deadline_seconds,
            containers: [{
              name: 'tensorflow',
              image: params.image,
              command: [
                'python',
                'benchmark.py',
                '--model=' + params.model,
                '--batch-size=' + params.batch_size,
                '--steps=' + params.steps,
              ],
              resources: {
                requests: { cpu: params.cpu, memory: params.memory },
                limits: { memory: params.memory },
              },
            }],
          },
        },
      },
    },
  },
}
