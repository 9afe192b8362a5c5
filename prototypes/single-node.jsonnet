// @apiVersion 1
// @name single-node
// @shortDescription A training benchmark on one node
// @description Runs tf_cnn_benchmarks as a Job of one pod: no operator is needed. With mkl and a known shape it uses all physical cores.
// @param image string Image that holds the benchmark, pinned by digest
// @param model string Model, as tf_cnn_benchmarks names it: resnet50, alexnet, ...
// @param batch_size integer Images per step of one worker
// @optionalParam namespace string dlaas Namespace that the job runs in
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
// @optionalParam backoff_limit integer 0 Failures until the job is given up; a retried benchmark measures something else. At 0 a TFJob or PyTorchJob loses the logs of failed pods, and at 1 it restarts nothing
// @optionalParam node_selector object null Labels of the nodes that may run the pods, name to value
// @optionalParam tolerations array null Taints that the pods tolerate, as Kubernetes writes them
// @optionalParam priority_class string null PriorityClass of the pods
// @optionalParam queue string null Kueue's queue that admits the job
// @optionalParam volumes object null Volumes by the path that they are mounted at, as Kubernetes writes them without a name
// @optionalParam image_pull_secrets array null Names of the secrets with which the image is pulled
// @optionalParam service_account string null ServiceAccount of the pods
// @optionalParam security_context object null Security context of the containers; what the restricted Pod Security profile admits when left out
local containers = import 'lib/containers.libsonnet';
local jobs = import 'lib/jobs.libsonnet';
local benchmark = import 'lib/tf_cnn_benchmarks.libsonnet';

// No core is left to the network. The launcher, the image's entrypoint, has no cluster to tell of; it records the run.
function(params)
  jobs.job(params, 1, containers.new(
    params,
    'benchmark',
    benchmark.args(params, 'parameter_server', 0),
    benchmark.env(params, 0),
    params.cpu,
    params.memory
  ))
