// @apiVersion 1
// @name pytorchjob
// @shortDescription A PyTorch benchmark
// @description Runs a command as a PyTorchJob: one master and further workers, which torch.distributed finds by MASTER_ADDR, RANK and WORLD_SIZE.
// @param image string Image that holds the benchmark, pinned by digest
// @param command array Command, a word an item; {model}, {batch_size} and other parameters are put in
// @optionalParam entrypoint enum(replace|keep) replace Whether the command stands in the place of the image's entrypoint, or the entrypoint gets it (keep), as dlaasgen's launcher must to record the run
// @optionalParam model string null Model, for {model} in the command
// @optionalParam batch_size integer null Batch size, for {batch_size} in the command
// @optionalParam values object null Further values for the command, name to value: {name} is replaced
// @optionalParam namespace string dlaas Namespace that the job runs in
// @optionalParam replicas integer 2 Number of workers
// @optionalParam mkl boolean false Whether the framework in the image uses oneDNN (MKL-DNN)
// @optionalParam num_intra_threads integer null Threads in one operation, and OpenMP's; with mkl by the node's shape when left out
// @optionalParam omp_num_threads integer null OpenMP's threads, if not num_intra_threads; with NCHW tf_cnn_benchmarks takes no others
// @optionalParam kmp_affinity string null How OpenMP binds threads to cores; with mkl by the node's shape when left out
// @optionalParam kmp_blocktime integer null Milliseconds that OpenMP's threads wait for work; with mkl 0 when left out and the node's shape is known
// @optionalParam sockets integer null CPU sockets of a node; the matrix' cluster says it
// @optionalParam cores_per_socket integer null Physical cores of a socket; the matrix' cluster says it
// @optionalParam data_dir string null Folder of the data set, in a volume; synthetic data when left out
// @optionalParam env object null Environment variables, name to value
// @optionalParam cpu string 4 CPUs that each worker requests
// @optionalParam memory string 8Gi Memory that each worker requests and is limited to
// @optionalParam deadline_seconds integer 7200 Seconds after which a run is ended as failed: by its pods, with their logs kept; the deadline of the job itself is 300 s later. A TrainJob has that of the job alone
// @optionalParam backoff_limit integer 1 Failures until the job is given up; a retried benchmark measures something else. At 0 a TFJob or PyTorchJob loses the logs of failed pods, and at 1 it restarts nothing
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
local commands = import 'lib/commands.libsonnet';
local jobs = import 'lib/jobs.libsonnet';
local pods = import 'lib/pods.libsonnet';

function(params)
  local worker = commands.container(params, 'pytorch', commands.env(params, 2));
  local replica(count) = pods.replica(params, 'worker', count, worker);
  {
    apiVersion: 'kubeflow.org/v1',
    kind: 'PyTorchJob',
    metadata: jobs.metadata(params),
    spec: {
      runPolicy: jobs.runPolicy(params, params.replicas),
      pytorchReplicaSpecs: {
        // The master trains too: it is the worker of rank 0.
        Master: replica(1),
        [if params.replicas > 1 then 'Worker']: replica(params.replicas - 1),
      },
    },
  }
