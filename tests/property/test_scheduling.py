"""What is said of a job's place in a cluster, against every way of placing it."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from dlaasgen.checks import Context, check_manifest
from dlaasgen.matrix import Cluster
from jobs import container, tfjob

SIZES = st.tuples(st.integers(1, 6), st.integers(1, 6))  # cores, GiB


def placed(pods: list[tuple[int, int]], nodes: int, node: tuple[int, int]) -> bool:
    """Whether some way of giving pods to nodes overloads none."""
    for ways in product(range(nodes), repeat=len(pods)):
        loads = [[sum(p[r] for p, n in zip(pods, ways, strict=True) if n == k) for r in (0, 1)] for k in range(nodes)]
        if all(cpu <= node[0] and memory <= node[1] for cpu, memory in loads):
            return True
    return False


@given(SIZES, SIZES, st.integers(1, 2), st.integers(1, 4), SIZES, st.integers(1, 3))
def test_a_job_that_can_be_placed_is_never_refused(
    ps: tuple[int, int], worker: tuple[int, int], servers: int, workers: int, node: tuple[int, int], nodes: int
) -> None:
    data = tfjob(workers=workers, servers=servers)
    for role, (cpu, memory) in {"PS": ps, "Worker": worker}.items():
        box = container(cpu=str(cpu), memory=f"{memory}Gi")
        data["spec"]["tfReplicaSpecs"][role]["template"]["spec"]["containers"] = [box]
    context = Context(cluster=Cluster(nodes, node[0], node[1] << 30))
    codes = {f.code for f in check_manifest(data, context)}
    assert codes <= {"P401", "P402"}
    possible = placed([ps] * servers + [worker] * workers, nodes, node)
    if possible:
        assert not codes
    alike = ps == worker
    if alike:  # then nothing is left to chance: what is not refused can be placed
        assert possible is not bool(codes)
    too_large = any(have > most for pod in (ps, worker) for have, most in zip(pod, node, strict=True))
    assert ("P401" in codes) is too_large
