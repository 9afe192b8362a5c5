"""The matrices that the bench renders: TFJobs of the nightly kind, by the thousand."""

from __future__ import annotations

NAME = "bench"
PER_BATCH_SIZE = 1000
_OSS = "docker.io/clearlinux/stacks-dlaas-oss@sha256:8f4a1f3b6b5d2c7e9a0d4e6f8b1c3d5e7f9a2b4c6d8e0f1a3b5c7d9e1f2a4b6c"
_MKL = "docker.io/clearlinux/stacks-dlaas-mkl@sha256:1b3d5f7a9c2e4f6a8b0d1c3e5f7a9b2d4c6e8f0a1b3c5d7e9f2a4b6c8d0e1f3a"
_MODELS = (
    "resnet50",
    "resnet101",
    "resnet152",
    "alexnet",
    "googlenet",
    "inception3",
    "inception4",
    "vgg11",
    "vgg16",
    "vgg19",
)


def matrix(cells: int, num_batches: int | None = None) -> str:
    """A matrix file of `cells` cells, a multiple of 1,000. `num_batches` gives exactly one of them other parameters."""
    if cells < PER_BATCH_SIZE or cells % PER_BATCH_SIZE:
        msg = f"{cells} cells: the bench's matrices have a multiple of {PER_BATCH_SIZE:,}"
        raise ValueError(msg)
    sizes = [8 * n for n in range(1, cells // PER_BATCH_SIZE + 1)]
    text = f"""\
apiVersion: dlaasgen/v1
name: {NAME}
prototype: tfjob
dialect: tfjob-v1
params:
  namespace: dlaas
  num_batches: 100
axes:
  model: [{", ".join(_MODELS)}]
  batch_size: {sizes}
  replicas: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  num_intra_threads: [1, 2, 3, 4, 6]
  image:
    - {{id: eigen, value: "{_OSS}", data_format: NHWC}}
    - {{id: mkl, value: "{_MKL}", data_format: NCHW, mkl: true}}
id: "{{{{ model }}}}-bs{{{{ batch_size }}}}-w{{{{ replicas }}}}-t{{{{ num_intra_threads }}}}-{{{{ image }}}}"
limits: {{max_cells: {cells + 1}}}
"""
    if num_batches is not None:
        cell = "model: vgg11, batch_size: 8, replicas: 5, num_intra_threads: 2, image: mkl"
        text += f"include:\n  - {{{cell}, num_batches: {num_batches}}}\n"
    return text
