# oneDNN's kernels (once MKL-DNN): on. A cell's own environment goes before what is set here.
ARG PARENT_IMAGE=dlaasgen/base:latest
FROM ${PARENT_IMAGE}
# The KMP_ variables are for builds with Intel's OpenMP; the wheels from PyPI use TensorFlow's own threads and pass over them.
# The numbers of threads depend on the node, so the cell says them.
ENV TF_ENABLE_ONEDNN_OPTS=1 \
    KMP_AFFINITY=granularity=fine,compact,1,0 \
    KMP_BLOCKTIME=1 \
    KMP_SETTINGS=0
LABEL org.opencontainers.image.title="dlaasgen mkl" \
      org.opencontainers.image.description="TensorFlow for CPUs with oneDNN's kernels"
