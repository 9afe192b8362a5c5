# TensorFlow's own kernels (Eigen): oneDNN off.
ARG PARENT_IMAGE=dlaasgen/base:latest
FROM ${PARENT_IMAGE}
ENV TF_ENABLE_ONEDNN_OPTS=0
LABEL org.opencontainers.image.title="dlaasgen eigen" \
      org.opencontainers.image.description="TensorFlow for CPUs with Eigen's kernels"
