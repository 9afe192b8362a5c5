# TensorFlow for CPUs, what it needs to run, and nothing else. docs/images.md tells the build arguments.
ARG OS_IMAGE=docker.io/library/debian:bookworm-slim

# pip and its like stay behind in this stage.
FROM ${OS_IMAGE} AS build
ARG OS=debian
ARG APT_MIRROR=
COPY install_os.sh /tmp/
RUN sh /tmp/install_os.sh "${OS}" build "${APT_MIRROR}"
ARG PIP_INDEX_URL=https://pypi.org/simple
ARG REQUIREMENTS=requirements.txt
COPY ${REQUIREMENTS} /tmp/requirements.txt
RUN python3 -m venv /opt/tensorflow \
 && PIP_INDEX_URL="${PIP_INDEX_URL}" /opt/tensorflow/bin/python -m pip install --disable-pip-version-check --no-cache-dir \
      --no-compile --no-deps --require-hashes --only-binary :all: -r /tmp/requirements.txt \
 && /opt/tensorflow/bin/python -m pip --disable-pip-version-check uninstall --quiet --yes pip \
 && rm -rf /opt/tensorflow/lib/python3*/site-packages/tensorflow/include

FROM ${OS_IMAGE}
ARG OS=debian
ARG APT_MIRROR=
COPY install_os.sh /tmp/
RUN sh /tmp/install_os.sh "${OS}" run "${APT_MIRROR}" && rm /tmp/install_os.sh
COPY --from=build /opt/tensorflow /opt/tensorflow

# Nothing needs to be written: the root file system can be read-only, with an empty /tmp.
ENV PATH=/opt/tensorflow/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TF_USE_LEGACY_KERAS=1 \
    HOME=/tmp \
    USER=benchmark
WORKDIR /tmp
USER 65532:65532
CMD ["python"]

ARG VERSION=0
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="dlaasgen base" \
      org.opencontainers.image.description="TensorFlow for CPUs and nothing else" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
