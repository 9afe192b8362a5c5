// @apiVersion 1
// @name trainjob
// @shortDescription A training benchmark on Kubeflow Trainer
// @description Runs tf_cnn_benchmarks as a TrainJob of Kubeflow Trainer v2.2 or later, whose workers exchange gradients by a collective all-reduce. Spread workers have nodes of their own. A priority class and a gang are the runtime's to give (podGroupPolicy): name one that has them.
// @param image string Image that holds the benchmark, pinned by digest
// @param model string Model, as tf_cnn_benchmarks names it: resnet50, alexnet, ...
// @param batch_size integer Images per step of one worker
// @optionalParam namespace string dlaas Namespace that the job runs in
// @optionalParam runtime string torch-distributed ClusterTrainingRuntime that the job starts from; its trainer is called node
// @optionalParam replicas integer 3 Number of workers
// @optionalParam port integer 2222 Port by which the workers' TensorFlow servers reach each other
// @optionalParam num_batches integer 100 Steps to measure, after the warm-up
// @optionalParam num_warmup_batches integer null Steps before the measurement; the benchmark's own choice when left out
// @optionalParam display_every integer 10 Steps between two lines of output
// @optionalParam data_format enum(NHWC|NCHW) null Order of the image tensor's dimensions; NCHW with mkl and NHWC without when left out
// @optionalParam mkl boolean false Whether the framework in the image uses oneDNN (MKL-DNN)
// @optionalParam optimizer enum(sgd|momentum|rmsprop|adam) sgd Optimizer
// @optionalParam learning_rate number null Initial learning rate; the model's own when left out
// @optionalParam random_seed integer null Seed of TensorFlow's random numbers; the benchmark's own when left out
// @optionalParam num_intra_threads integer null Threads in one operation, and OpenMP's; with mkl by the node's shape when left out
// @optionalParam num_inter_threads integer null Operations at the same time; with mkl by the node's shape when left out
// @optionalParam omp_num_threads integer null OpenMP's threads, if not num_intra_threads; with NCHW tf_cnn_benchmarks takes no others
// @optionalParam kmp_affinity string null How OpenMP binds threads to cores; with mkl by the node's shape when left out
// @optionalParam kmp_blocktime integer null Milliseconds that OpenMP's threads wait for work; with mkl 0 when left out and the node's shape is known
// @optionalParam sockets integer null CPU sockets of a node; the matrix' cluster says it
// @optionalParam cores_per_socket integer null Physical cores of a socket; the matrix' cluster says it
// @optionalParam data_dir string null Folder of the data set, in a volume; synthetic data when left out
// @optionalParam data_name string null Data set in data_dir: imagenet, cifar10, ...; by the folder's name when left out
// @optionalParam flags object null Further tf_cnn_benchmarks flags, name to value
// @optionalParam env object null Environment variables, name to value
// @optionalParam cpu string 4 CPUs that each worker requests
// @optionalParam memory string 8Gi Memory that each worker requests and is limited to
// @optionalParam deadline_seconds integer 7200 Seconds after which a run is ended as failed: by its pods, with their logs kept; the deadline of the job itself is 300 s later. A TrainJob has that of the job alone
// @optionalParam node_selector object null Labels of the nodes that may run the pods, name to value
// @optionalParam tolerations array null Taints that the pods tolerate, as Kubernetes writes them
// @optionalParam spread enum(prefer|require) null Workers evenly over the nodes: where possible (prefer), or else not at all (require)
// @optionalParam queue string null Kueue's queue that admits the job
// @optionalParam volumes object null Volumes by the path that they are mounted at, as Kubernetes writes them without a name
// @optionalParam image_pull_secrets array null Names of the secrets with which the image is pulled
// @optionalParam service_account string null ServiceAccount of the pods
// @optionalParam security_context object null Security context of the containers; what the restricted Pod Security profile admits when left out
local containers = import 'lib/containers.libsonnet';
local jobs = import 'lib/jobs.libsonnet';
local placement = import 'lib/placement.libsonnet';
local benchmark = import 'lib/tf_cnn_benchmarks.libsonnet';

// The pods' names are known, and each has its number in JOB_COMPLETION_INDEX: the launcher makes the cluster's flags of
// both. Trainer's own PET_* say as much, but only under a runtime for torch.
local cluster(params) = if 'env' in params && params.env != null && 'WORKER_HOSTS' in params.env then [] else [{
  name: 'WORKER_HOSTS',
  value: std.join(',', [
    params.name + '-node-0-' + number + '.' + params.name + ':' + params.port
    for number in std.range(0, params.replicas - 1)
  ]),
}];

function(params) {
  apiVersion: 'trainer.kubeflow.org/v1alpha1',
  kind: 'TrainJob',
  metadata: jobs.metadata(params),
  spec: {
    activeDeadlineSeconds: params.deadline_seconds,
    runtimeRef: { name: params.runtime },
    // What the trainer has no field for is a patch of the runtime's pods.
    runtimePatches: [{
      manager: 'dlaasgen',
      trainingRuntimeSpec: { template: { spec: { replicatedJobs: [{
        name: 'node',
        template: { spec: { template: placement.patch(params, { name: 'node', securityContext: containers.restricted }) } },
      }] } } },
    }],
    trainer: {
      image: params.image,
      // A runtime's own command would stand before the arguments.
      command: ['/opt/launcher.py'],
      args: benchmark.reducing(params),
      env: benchmark.env(params, 2) + cluster(params),
      numNodes: params.replicas,
      resourcesPerNode: containers.resources(params.cpu, params.memory),
    },
  },
}
