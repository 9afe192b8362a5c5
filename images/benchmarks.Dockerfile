# tf_cnn_benchmarks and the launcher, on top of eigen or mkl: what jobs run.
ARG PARENT_IMAGE=dlaasgen/eigen:latest

FROM ${PARENT_IMAGE} AS source
USER 0:0
# An archive's URL, or a folder or archive in the build context.
ARG BENCHMARKS=https://github.com/tensorflow/benchmarks/archive/8fb79079265933ad39bea628b777af662f5bf15d.tar.gz
ADD ${BENCHMARKS} /tmp/source/
# Of the files in scripts/tf_cnn_benchmarks, not of the archive, whose bytes may change; empty: any.
ARG BENCHMARKS_DIGEST=bdc641213c5e1c4809bbbd8be6378b3dd12637217f6946df8c7cc325cfbdc128
COPY install_benchmarks.py /tmp/
RUN python3 /tmp/install_benchmarks.py /tmp/source /opt/tf-benchmarks "${BENCHMARKS_DIGEST}"

FROM ${PARENT_IMAGE}
COPY --from=source /opt/tf-benchmarks /opt/tf-benchmarks
COPY launcher.py /opt/launcher.py
ENTRYPOINT ["/opt/launcher.py"]
CMD ["python", "/opt/tf-benchmarks/scripts/tf_cnn_benchmarks/tf_cnn_benchmarks.py", "--help"]
LABEL org.opencontainers.image.title="dlaasgen benchmarks" \
      org.opencontainers.image.description="tf_cnn_benchmarks with a launcher for Kubeflow's jobs"
