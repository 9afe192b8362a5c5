// @apiVersion 1
// @name command
// @shortDescription Any benchmark
// @description Runs a command as a Job: one pod, or for several workers an Indexed Job whose pods have names: JOB_NAME-0.JOB_NAME and so on, with their number in JOB_COMPLETION_INDEX.
// @param image string Image that holds the benchmark, pinned by digest
// @param command array Command, a word an item; {model}, {batch_size} and other parameters are put in
// @optionalParam entrypoint enum(replace|keep) replace Whether the command stands in the place of the image's entrypoint, or the entrypoint gets it (keep), as dlaasgen's launcher must to record the run
// @optionalParam model string null Model, for {model} in the command
// @optionalParam batch_size integer null Batch size, for {batch_size} in the command
// @optionalParam values object null Further values for the command, name to value: {name} is replaced
// @optionalParam namespace string dlaas Namespace that the job runs in
// @optionalParam replicas integer 1 Number of workers
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
// @optionalParam backoff_limit integer 0 Failures until the job is given up; a retried benchmark measures something else. At 0 a TFJob or PyTorchJob loses the logs of failed pods, and at 1 it restarts nothing
// @optionalParam node_selector object null Labels of the nodes that may run the pods, name to value
// @optionalParam tolerations array null Taints that the pods tolerate, as Kubernetes writes them
// @optionalParam spread enum(prefer|require) null Workers evenly over the nodes: where possible (prefer), or else not at all (require)
// @optionalParam priority_class string null PriorityClass of the pods
// @optionalParam queue string null Kueue's queue that admits the job
// @optionalParam volumes object null Volumes by the path that they are mounted at, as Kubernetes writes them without a name
// @optionalParam image_pull_secrets array null Names of the secrets with which the image is pulled
// @optionalParam service_account string null ServiceAccount of the pods
// @optionalParam security_context object null Security context of the containers; what the restricted Pod Security profile admits when left out
local commands = import 'lib/commands.libsonnet';
local jobs = import 'lib/jobs.libsonnet';

function(params)
  local spare = if params.replicas > 1 then 2 else 0;
  local container = commands.container(params, 'benchmark', commands.env(params, spare));
  if params.replicas == 1 then jobs.job(params, 1, container) else [
    jobs.job(params, params.replicas, container),
    // It gives the pods their names.
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: params.name, namespace: params.namespace },
      spec: {
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: { 'batch.kubernetes.io/job-name': params.name },
      },
    },
  ]
