"""`python -m e2e.cluster up | down | build`: a test cluster for a person. `hold` and `inside` are its own parts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.cluster import builds, holder, inside, needs, running, workload

if TYPE_CHECKING:
    from collections.abc import Callable


def main(arguments: list[str]) -> int:
    """Runs one command."""
    if not arguments or arguments[0] not in COMMANDS:
        return _say(f"usage: python -m e2e.cluster {'|'.join(COMMANDS)}", 2)
    return COMMANDS[arguments[0]](*arguments[1:])


def _say(text: str, code: int = 0) -> int:
    print(text, file=sys.stderr if code else sys.stdout, flush=True)
    return code


def _note(text: str) -> None:
    _say(text)


def build() -> int:
    """Builds what is not built yet."""
    if reason := needs.missing():
        return _say(reason, 1)
    builds.build(_note)
    workload.build(_note)
    return 0


def up() -> int:
    """Starts the standing cluster, or says that it runs."""
    folder = running.standing()
    try:
        if not (folder / "ready").exists():
            if code := build():
                return code
            if folder.exists():
                down()
            running.start(folder, builds.build(_note), workload.build(_note), detached=True)
        cluster = running.find(folder)
    except (running.ClusterError, builds.BuildError) as error:
        return _say(str(error), 1)
    images = "".join(f"\n  {name}: {pinned}" for name, pinned in cluster.images.items() if name != "pause")
    return _say(f"The cluster runs. Images:{images}\nexport KUBECONFIG={cluster.kubeconfig}")


def down() -> int:
    """Ends the standing cluster."""
    folder = running.standing()
    if not folder.exists():
        return _say("no cluster runs")
    if (folder / "holder.pid").exists():
        running.stop(folder)
    running.remove(folder)
    holder.sweep()
    return _say("the cluster has ended")


def hold(folder: str) -> int:
    """Holds a cluster, as running.start asks."""
    path = Path(folder)
    plan = json.loads((path / "plan.json").read_text(encoding="utf-8"))
    return holder.hold(path, plan["components"], plan["images"], detached=plan["detached"])


def within(folder: str) -> int:
    """Is the first process of a cluster's namespaces."""
    return inside.main(Path(folder))


COMMANDS: dict[str, Callable[..., int]] = {"up": up, "down": down, "build": build, "hold": hold, "inside": within}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
