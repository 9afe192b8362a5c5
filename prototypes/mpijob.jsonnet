// @apiVersion 1
// @name mpijob
// @shortDescription A training benchmark with Horovod
// @description Runs tf_cnn_benchmarks as an MPIJob: mpirun in a launcher starts one process a worker, and Horovod exchanges the gradients.
// @param image string Image that holds the benchmark, pinned by digest
// @param model string Model, as tf_cnn_benchmarks names it: resnet50, alexnet, ...
// @param batch_size integer Images per step of one worker
// @optionalParam namespace string dlaas Namespace that the job runs in
// @optionalParam replicas integer 3 Number of workers
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
// @optionalParam launcher_cpu string 1 CPUs that the launcher requests
// @optionalParam launcher_memory string 2Gi Memory that the launcher requests and is limited to
// @optionalParam sshd array ["/usr/sbin/sshd","-De","-f","/home/mpiuser/.sshd_config"] Command of a worker: an SSH server that needs no root
// @optionalParam ssh_dir string /home/mpiuser/.ssh Folder that the operator mounts the SSH keys at
// @optionalParam user integer 1000 User that the containers run as; sshd's keys are his
// @optionalParam deadline_seconds integer 7200 Seconds after which a run is ended as failed: by its pods, with their logs kept; the deadline of the job itself is 300 s later. A TrainJob has that of the job alone
// @optionalParam backoff_limit integer 0 Failures until the job is given up; a retried benchmark measures something else. At 0 a TFJob or PyTorchJob loses the logs of failed pods, and at 1 it restarts nothing
// @optionalParam clean_pod_policy enum(None|Running|All) Running Which pods are removed when the job ends; logs go with them
// @optionalParam node_selector object null Labels of the nodes that may run the pods, name to value
// @optionalParam tolerations array null Taints that the pods tolerate, as Kubernetes writes them
// @optionalParam spread enum(prefer|require) null Workers evenly over the nodes: where possible (prefer), or else not at all (require)
// @optionalParam priority_class string null PriorityClass of the pods
// @optionalParam queue string null Kueue's queue that admits the job
// @optionalParam gang boolean null Whether all pods start or none (schedulingPolicy)
// @optionalParam scheduling_policy object null Further fields of schedulingPolicy: queue, minResources, scheduleTimeoutSeconds
// @optionalParam volumes object null Volumes by the path that they are mounted at, as Kubernetes writes them without a name
// @optionalParam image_pull_secrets array null Names of the secrets with which the image is pulled
// @optionalParam service_account string null ServiceAccount of the pods
// @optionalParam security_context object null Security context of the containers; what the restricted Pod Security profile admits when left out
local containers = import 'lib/containers.libsonnet';
local jobs = import 'lib/jobs.libsonnet';
local pods = import 'lib/pods.libsonnet';
local benchmark = import 'lib/tf_cnn_benchmarks.libsonnet';

// A process a worker, not bound to a core: its threads are for all of them. mpirun passes on the variables that it is told.
local mpirun(params, env) =
  ['mpirun', '-np', std.toString(params.replicas), '-bind-to', 'none', '-map-by', 'slot']
  + std.flatMap(function(name) ['-x', name], ['LD_LIBRARY_PATH', 'PATH'] + [v.name for v in env])
  + ['-mca', 'pml', 'ob1', '-mca', 'btl', '^openib'];

function(params)
  local env = benchmark.env(params, 2);
  local words = mpirun(params, env) + benchmark.args(params, 'horovod', 2);
  // The kubelet takes an image's user for root when it is a name.
  local user = { securityContext+: { runAsUser: params.user } };
  // Arguments alone: an image that is made from the benchmark images has the launcher as entrypoint, which records the run.
  local launcher = containers.new(params, 'launcher', words, env, params.launcher_cpu, params.launcher_memory) + user;
  local worker = containers.running(params, 'worker', params.sshd, env, params.cpu, params.memory) + user;
  {
    apiVersion: 'kubeflow.org/v2beta1',
    kind: 'MPIJob',
    metadata: jobs.metadata(params),
    spec: {
      slotsPerWorker: 1,
      sshAuthMountPath: params.ssh_dir,
      // So a gang is of the workers alone, and no launcher fails for want of them.
      launcherCreationPolicy: 'WaitForWorkersReady',
      runPolicy: jobs.runPolicy(params, params.replicas),
      mpiReplicaSpecs: {
        Launcher: pods.replica(params, 'launcher', 1, launcher),
        // Workers only serve the launcher, and go with it. Ended first, they would be what its log tells of.
        Worker: pods.replica(params, 'worker', params.replicas, worker, null),
      },
    },
  }
