"""dlaasgen images: the images that matrices name, locked by digest; and building those of this project."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dlaasgen.cli import output

images = typer.Typer(
    name="images",
    help="The images that matrices name: list, lock and verify their digests; build this project's own.",
    no_args_is_help=True,
)

Lock = Annotated[
    str | None, typer.Option("--lock", metavar="FILE", help="The lock; the nearest images.lock.yaml if not given.")
]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="NAME...", help="Images by their names; all if none is given.")
]
OutputForm = Annotated[output.Output, typer.Option("--output", "-o", help="text or json.")]


class Engine(StrEnum):
    """What can build images."""

    buildah = "buildah"
    podman = "podman"
    docker = "docker"


@images.command("list")
def list_(names: Names = None, lock: Lock = None, output_: OutputForm = output.Output.text) -> None:
    """Print the locked images: what matrices mean by image:NAME."""
    from dlaasgen.pipeline import images as pipeline

    found = pipeline.chosen(pipeline.read(lock), names or [])
    if output_ is output.Output.json:
        output.data(
            [{"name": i.name, "image": i.image, "digest": i.digest, "pinned": i.pinned, "note": i.note} for i in found]
        )
        return
    width = max((len(i.name) for i in found), default=0)
    for image in found:
        output.say(f"{image.name.ljust(width)}  {image.image}  {image.digest}")
        if image.note:
            output.say(f"{' ' * width}  {image.note}")
    if not found:
        output.say("no image is locked; `dlaasgen images lock NAME=REGISTRY/IMAGE:TAG` locks one")


@images.command()
def lock(
    wanted: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME[=IMAGE]...", help="A locked image, or a new one; all locked ones if none is given."
        ),
    ] = None,
    lock: Lock = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="oci:FOLDER[:TAG]", help="Take the digest from an OCI layout, before it is pushed."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and write nothing.")] = False,
    output_: OutputForm = output.Output.text,
) -> None:
    """Resolve tags to digests and write them to images.lock.yaml."""
    from dlaasgen.pipeline import images as pipeline

    current = pipeline.read(lock)
    changes = pipeline.lock_images(current, wanted or [], from_, write=not dry_run)
    if output_ is output.Output.json:
        output.data(
            [
                {
                    "name": c.image.name,
                    "image": c.image.image,
                    "digest": c.image.digest,
                    "changed": c.changed,
                    "before": c.before,
                }
                for c in changes
            ]
        )
        return
    for change in changes:
        state = "new" if change.before is None else "changed" if change.changed else "unchanged"
        output.say(f"{change.image.name}: {change.image.image} is {change.image.digest} ({state})")
    if not changes:
        output.say("no image is locked; name one: NAME=REGISTRY/IMAGE:TAG")


@images.command()
def verify(names: Names = None, lock: Lock = None) -> None:
    """Say what the lock no longer matches: tags that have moved, digests that are gone."""
    from dlaasgen.pipeline import images as pipeline

    for image in pipeline.verify(pipeline.read(lock), names or []):
        output.say(f"{image.name}: {image.image} is {image.digest}")


@images.command()
def build(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME...", help="base, eigen, mkl, benchmarks-eigen, benchmarks-mkl; all if none is given."
        ),
    ] = None,
    engine: Annotated[
        Engine | None, typer.Option("--engine", help="What builds; the first of these on PATH if not given.")
    ] = None,
    folder: Annotated[str, typer.Option("--folder", metavar="DIR", help="The folder of the Dockerfiles.")] = "images",
    prefix: Annotated[
        str, typer.Option("--prefix", metavar="TEXT", help="What comes before the names, such as ghcr.io/acme/.")
    ] = "dlaasgen/",
    tag: Annotated[str, typer.Option("--tag", metavar="TAG", help="The images' tag.")] = "latest",
    build_arg: Annotated[
        list[str] | None,
        typer.Option("--build-arg", metavar="NAME=VALUE", help="A build argument of every image. Can be repeated."),
    ] = None,
    benchmarks: Annotated[
        str | None,
        typer.Option(
            "--benchmarks", metavar="DIR", help="A checkout of tensorflow/benchmarks, instead of its pinned commit."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the engine's command lines, and build nothing.")
    ] = False,
) -> None:
    """Build this project's images, each after the one that it is made from."""
    import shlex

    from dlaasgen.images_build import command, plan
    from dlaasgen.pipeline import images as pipeline

    arguments = dict(_argument(text) for text in build_arg or [])
    if benchmarks is not None:
        arguments = {"BENCHMARKS": "benchmarks", "BENCHMARKS_DIGEST": "", **arguments}
    builds = plan(names or [], prefix, tag, arguments)
    if dry_run:
        for one in builds:
            print(shlex.join(command(engine.value if engine else "buildah", one, folder)))
        return
    pipeline.build(builds, folder, engine.value if engine else None, benchmarks, output.say)
    for one in builds:
        output.say(f"built {one.tag}")


def _argument(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--build-arg")
    return name, value
