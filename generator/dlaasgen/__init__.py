"""dlaasgen: from a matrix of benchmark parameters to validated, reviewable Kubernetes manifests."""

__version__ = "0.1.0"
