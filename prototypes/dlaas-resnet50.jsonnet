// @apiVersion 1
// @name dlaas-resnet50
// @shortDescription The multi-node DLaaS benchmark of ResNet-50
// @description Trains ResNet-50 with the settings of the 2018 tutorial of the Deep Learning as a Service stack, on Eigen or (with mkl) on oneDNN.
// @optionalParam image string docker.io/clearlinux/stacks-dlaas-kubeflow:latest Image that holds the benchmark, pinned by digest
// @optionalParam batch_size integer 32 Images per step of one worker
// @optionalParam namespace string dlaas Namespace that the job runs in
// @optionalParam replicas integer 3 Number of workers
// @optionalParam ps_replicas integer 1 Number of parameter servers
// @optionalParam num_batches integer 100 Steps to measure, after the warm-up
// @optionalParam num_warmup_batches integer null Steps before the measurement; the benchmark's own choice when left out
// @optionalParam display_every integer 10 Steps between two lines of output
// @optionalParam data_format enum(NHWC|NCHW) null Order of the image tensor's dimensions; NCHW with mkl and NHWC without when left out
// @optionalParam mkl boolean false Whether the framework in the image uses oneDNN (MKL-DNN)
// @optionalParam variable_update enum(parameter_server|distributed_replicated) parameter_server How variables are kept and updated
// @optionalParam optimizer enum(sgd|momentum|rmsprop|adam) sgd Optimizer
// @optionalParam learning_rate number 0.0001 Initial learning rate; the model's own when left out
// @optionalParam random_seed integer 8286 Seed of TensorFlow's random numbers; the benchmark's own when left out
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
// @optionalParam ps_cpu string 2 CPUs that each parameter server requests
// @optionalParam ps_memory string 4Gi Memory that each parameter server requests and is limited to
// @optionalParam deadline_seconds integer 7200 Seconds after which a run is ended as failed: by its pods, with their logs kept; the deadline of the job itself is 300 s later. A TrainJob has that of the job alone
// @optionalParam backoff_limit integer 1 Failures until the job is given up; a retried benchmark measures something else. At 0 a TFJob or PyTorchJob loses the logs of failed pods, and at 1 it restarts nothing
// @optionalParam clean_pod_policy enum(None|Running|All) Running Which pods are removed when the job ends; logs go with them
// @optionalParam node_selector object null Labels of the nodes that may run the pods, name to value
// @optionalParam tolerations array null Taints that the pods tolerate, as Kubernetes writes them
// @optionalParam spread enum(prefer|require) null Workers evenly over the nodes: where possible (prefer), or else not at all (require)
// @optionalParam ps_placement enum(beside|apart) null Parameter servers on a worker's node (beside), or on nodes without one (apart)
// @optionalParam priority_class string null PriorityClass of the pods
// @optionalParam queue string null Kueue's queue that admits the job
// @optionalParam gang boolean null Whether all pods start or none (schedulingPolicy)
// @optionalParam scheduling_policy object null Further fields of schedulingPolicy: queue, minResources, scheduleTimeoutSeconds
// @optionalParam volumes object null Volumes by the path that they are mounted at, as Kubernetes writes them without a name
// @optionalParam image_pull_secrets array null Names of the secrets with which the image is pulled
// @optionalParam service_account string null ServiceAccount of the pods
// @optionalParam security_context object null Security context of the containers; what the restricted Pod Security profile admits when left out
local tfjob = import 'lib/tfjob.libsonnet';

function(params) tfjob(params { model: 'resnet50' })
