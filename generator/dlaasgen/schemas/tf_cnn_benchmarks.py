"""The flags and models of tf_cnn_benchmarks, as facts. No I/O here.

From tensorflow/benchmarks (master, 8fb7907), scripts/tf_cnn_benchmarks: the definitions of its flags and its tables of
models. Where they come from is told in SOURCES.md.
"""

from __future__ import annotations

# One flag a line: name, type, then its choices (a|b; "-" is the empty text) or its bounds (least,most).
FLAGS = """
model string
eval boolean
eval_interval_secs integer
eval_during_training_every_n_steps integer 1,
eval_during_training_every_n_epochs float
eval_during_training_at_specified_steps list
eval_during_training_at_specified_epochs list
forward_only boolean
freeze_when_forward_only boolean
print_training_accuracy boolean
batch_size integer
eval_batch_size integer
batch_group_size integer
num_batches integer
num_eval_batches integer
num_epochs float
num_eval_epochs float
stop_at_top_1_accuracy float
collect_eval_results_async boolean
num_warmup_batches integer
autotune_threshold integer
num_gpus integer
gpu_indices string
display_every integer
display_perf_ewma float 0,1
data_dir string
data_name string
resize_method string
distortions boolean
use_datasets boolean
input_preprocessor string
gpu_thread_mode string
per_gpu_thread_count integer
hierarchical_copy boolean
network_topology class DGX1|GCP_V100
gradient_repacking integer 0,
compact_gradient_transfer boolean
variable_consistency enum strong|relaxed
datasets_repeat_cached_sample boolean
local_parameter_device enum cpu|gpu|CPU|GPU
device enum cpu|gpu|CPU|GPU
data_format enum NHWC|NCHW
num_intra_threads integer
num_inter_threads integer
use_numa_affinity boolean
trace_file string
use_chrome_trace_format boolean
tfprof_file string
graph_file string
partitioned_graph_file_prefix string
optimizer enum momentum|sgd|rmsprop|adam
init_learning_rate float
piecewise_learning_rate_schedule string
num_epochs_per_decay float
learning_rate_decay_factor float
num_learning_rate_warmup_epochs float
minimum_learning_rate float
resnet_base_lr float
momentum float
rmsprop_decay float
rmsprop_momentum float
rmsprop_epsilon float
adam_beta1 float
adam_beta2 float
adam_epsilon float
gradient_clip float
weight_decay float
gpu_memory_frac_for_testing float 0.0,
use_unified_memory boolean
timestamped_allocator boolean
gpu_kt_max_interval integer
gpu_kt_max_bytes integer
gpu_kt_max_pending integer
use_tf_layers boolean
tf_random_seed integer
debugger string
use_python32_barrier boolean
ml_perf boolean
datasets_use_prefetch boolean
datasets_prefetch_buffer_size integer
datasets_num_private_threads integer
datasets_use_caching boolean
datasets_parallel_interleave_cycle_length integer
datasets_sloppy_parallel_interleave boolean
datasets_parallel_interleave_prefetch integer
multi_device_iterator_max_buffer_size integer
winograd_nonfused boolean
batchnorm_persistent boolean
sync_on_finish boolean
staged_vars boolean
force_gpu_compatible boolean
allow_growth boolean
xla boolean
xla_compile boolean
fuse_decode_and_crop boolean
distort_color_in_yiq boolean
enable_optimizations boolean
rewriter_config string
loss_type_to_report enum base_loss|total_loss
single_l2_loss_op boolean
use_resource_vars boolean
compute_lr_on_cpu boolean
sparse_to_dense_grads boolean
mkl boolean
kmp_blocktime integer
kmp_affinity string
kmp_settings integer
use_fp16 boolean
fp16_loss_scale float
fp16_vars boolean
fp16_enable_auto_loss_scale boolean
fp16_inc_loss_scale_every_n integer
variable_update enum parameter_server|replicated|distributed_replicated|independent|distributed_all_reduce|collective_all_reduce|horovod
all_reduce_spec string
agg_small_grads_max_bytes integer
agg_small_grads_max_group integer
allreduce_merge_scope integer
job_name enum ps|worker|controller|-
ps_hosts string
worker_hosts string
controller_host string
task_index integer
server_protocol string
cross_replica_sync boolean
horovod_device string
summary_verbosity integer
save_summaries_steps integer
save_model_secs integer
save_model_steps integer
max_ckpts_to_keep integer
train_dir string
eval_dir string
backbone_model_path string
trt_mode enum -|FP32|FP16|INT8
trt_max_workspace_size_bytes integer
benchmark_log_dir string
benchmark_test_id string
ml_perf_compliance_logging boolean
"""

# What absl itself adds to every program: name, type, choices.
ABSL_FLAGS = """
alsologtostderr boolean
flagfile string
help boolean
helpfull boolean
helpshort boolean
helpxml boolean
log_dir string
logger_levels string
logtostderr boolean
only_check_args boolean
pdb boolean
pdb_post_mortem boolean
profile_file string
run_with_pdb boolean
run_with_profiling boolean
showprefixforinfo boolean
stderrthreshold string
undefok string
use_cprofile_for_profiling boolean
v integer
verbosity integer
"""

_OFFICIAL = tuple(
    f"official_resnet{depth}{version}" for depth in (18, 34, 50, 101, 152, 200) for version in ("", "_v2")
)

# Data set -> the models that it can train. The first is what the benchmark takes when told of none.
MODELS: dict[str, tuple[str, ...]] = {
    "imagenet": (
        "vgg11", "vgg16", "vgg19", "lenet", "googlenet", "overfeat", "alexnet", "trivial", "inception3", "inception4",
        "resnet50", "resnet50_v1.5", "resnet50_v2", "resnet101", "resnet101_v2", "resnet152", "resnet152_v2", "ncf",
        *_OFFICIAL,
    ),
    "cifar10": (
        "alexnet", "trivial",
        *(f"resnet{depth}{version}" for depth in (20, 32, 44, 56, 110) for version in ("", "_v2")),
        "densenet40_k12", "densenet100_k12", "densenet100_k24",
    ),
    "coco": ("trivial",),
    "librispeech": ("deepspeech2",),
}  # fmt: skip

# Models that need TensorFlow 1 (data set -> models).
MODELS_OF_TENSORFLOW_1: dict[str, tuple[str, ...]] = {
    "imagenet": ("mobilenet", "nasnet", "nasnetlarge"),
    "cifar10": ("nasnet",),
    "coco": ("ssd300",),
}
