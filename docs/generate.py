"""Writes the parts of the documentation that the code says itself: `make docs`. A test holds them up to date."""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dlaasgen.adapters.jsonnet import Library
    from dlaasgen.prototypes import Prototype

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "generator" / "dlaasgen"
DOCS = ROOT / "docs"
KINDS = {
    "M1": "M1: the matrix file",
    "M2": "M2: the expansion",
    "T1": "T1: prototypes",
    "K1": "K1: Kubernetes and dialect schemas",
    "K2": "K2: conversions between dialects",
    "P1": "P1: names and identity",
    "P2": "P2: images, pods and security",
    "P3": "P3: benchmark flags",
    "P4": "P4: scheduling",
    "P5": "P5: GitOps",
    "R1": "R1: the rendered tree",
    "S1": "S1: clusters",
    "C1": "C1: logs, the store and results",
    "I1": "I1: images",
    "A1": "A1: ksonnet applications",
    "A2": "A2: imported ksonnet prototypes",
}
PROTOTYPES = """# The shipped prototypes

What is said here of parameters is what the headers of the files in `prototypes/` say. A parameter without a default
must be given; one whose default is `null` is left out. Parameters of one name mean the same in all prototypes. Each
prototype has an example in `matrix/examples/`, and its job can be had in other dialects by the matrix' key `dialect`.

Threads: with `mkl: true` (an image with oneDNN) and the shape of a node in the matrix, `cluster: {nodes: 3, sockets:
2, cores_per_socket: 18}`, `num_intra_threads` is the number of physical cores less two a socket, which are left to
the network (on a single node none is), `num_inter_threads` the number of sockets, `OMP_NUM_THREADS` the same as
`num_intra_threads`, `KMP_AFFINITY` `granularity=fine,verbose,compact,1,0` and `KMP_BLOCKTIME` 0. A parameter or an
axis of the name wins: `num_intra_threads`, `num_inter_threads`, `omp_num_threads`, `kmp_affinity`, `kmp_blocktime`.
Without a shape nothing is derived. `data_format` is NCHW with `mkl` and NHWC without, since on a CPU only oneDNN knows
the other order. In NCHW tf_cnn_benchmarks itself sets `OMP_NUM_THREADS` to `num_intra_threads`, whatever the container
has: a cell with another `omp_num_threads` needs `data_format: NHWC`, and P314 says so.

| prototype | what it is | dialect |
|---|---|---|
"""
# A place in a page that this script fills: between these two comments.
PLACE = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def generated() -> dict[Path, str]:
    """Every page that is generated, or has generated parts: its path and whole text."""
    parts = {
        "modules": modules(),
        "reference": links("reference"),
        "decisions": links("adr"),
        "guides": links("guides"),
        "dialects": dialects(),
        "conversions": conversions(),
    }
    pages = {
        DOCS / "reference" / "cli.md": cli(),
        DOCS / "reference" / "findings.md": findings(),
        DOCS / "reference" / "prototypes.md": prototypes(),
    }
    for page in (DOCS / "architecture.md", DOCS / "README.md", DOCS / "reference" / "dialects.md"):
        text = page.read_text(encoding="utf-8")
        pages[page] = PLACE.sub(lambda m: f"{m[1]}{parts[m[2]]}{m[3]}", text)
    return pages


def modules() -> str:
    """A table of modules a layer, from the first sentence of their docstrings."""
    layers: dict[str, list[str]] = {"core": [], "adapters": [], "pipeline": [], "cli": []}
    for file in sorted(SOURCE.rglob("*.py")):
        doc = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
        if file.name == "__init__.py" or doc is None:
            continue
        path = file.relative_to(SOURCE).as_posix()
        first = " ".join(doc.split("\n\n")[0].split()).replace(" No I/O here.", "")
        layer = path.split("/")[0] if "/" in path else path.removesuffix(".py")
        layers.get(layer, layers["core"]).append(f"| `{path}` | {_cell(first)} |\n")
    return "\n" + "\n".join(f"| {layer} | |\n|---|---|\n{''.join(rows)}" for layer, rows in layers.items()) + "\n"


def links(folder: str) -> str:
    """A list of the pages in a folder of docs/, by their titles; of its guides in the order of reading."""
    pages = sorted((DOCS / folder).glob("*.md"))
    if folder == "guides":
        order = [
            "first-study.md",
            "write-a-prototype.md",
            "review.md",
            "gitops.md",
            "apply.md",
            "collect.md",
            "notebook.md",
        ]
        pages.sort(key=lambda p: order.index(p.name) if p.name in order else len(order))
    titles = {page: page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for page in pages}
    return "\n" + "".join(f"- [{title}]({folder}/{page.name})\n" for page, title in titles.items()) + "\n"


def dialects() -> str:
    """A table of the dialects, from the data that conversions and checks use."""
    from dlaasgen.conversion_job import OWN, policies_of
    from dlaasgen.dialects import DIALECTS

    text = "\n| dialect | object | roles | run policies | fields of its own | container |\n|---|---|---|---|---|---|\n"
    for d in DIALECTS.values():
        where = f"in `{d.policy_path}`: " if d.kind != "TrainJob" else ""
        cells = (
            f"`{d.name}`",
            f"{d.kind}, {d.api_version}",
            ", ".join(d.roles) or "equal pods",
            where + ", ".join(policies_of(d)),
            ", ".join(OWN.get(d.name, ())),
            f"`{d.container}`" if d.container else "",
        )
        text += f"| {' | '.join(cells)} |\n".replace("|  |", "| |")
    return text + "\n"


def conversions() -> str:
    """Two tables of what conversions of small jobs find, made by converting them."""
    return f"\nOf one pod:\n\n{_conversions(1)}\nOf three pods:\n\n{_conversions(3)}\n"


def _conversions(pods: int) -> str:
    from dlaasgen.conversion import convert
    from dlaasgen.dialects import DIALECTS

    text = f"| | {' | '.join(DIALECTS)} |\n|{'---|' * (len(DIALECTS) + 1)}\n"
    for source in DIALECTS.values():
        found = [convert(_small(source, pods), to).findings for to in DIALECTS]
        cells = [", ".join(sorted({_mark(f) for f in each if f.severity != "note"})) or "yes" for each in found]
        text += f"| {source.name} | {' | '.join(cells)} |\n"
    return text


def _mark(finding: Any) -> str:
    return f"**{finding.code}**" if finding.severity == "error" else str(finding.code)


def _small(dialect: Any, pods: int) -> dict[str, Any]:
    """A job of some pods and no settings."""
    box = {"name": dialect.container or "main", "image": "image"}
    replica = {"restartPolicy": "Never", "template": {"spec": {"containers": [box]}}}
    pod = {"spec": {"restartPolicy": "Never", "containers": [box]}}
    head: dict[str, Any] = {"apiVersion": dialect.api_version, "kind": dialect.kind, "metadata": {"name": "study"}}
    if dialect.kind == "TrainJob":
        trainer = {"image": "image", "numNodes": pods}
        return {**head, "spec": {"runtimeRef": {"name": "torch-distributed"}, "trainer": trainer}}
    if dialect.replicas is None:
        indexed = {"completionMode": "Indexed"} if pods > 1 else {}
        spec = {"parallelism": pods, "completions": pods, **indexed, "backoffLimit": 0, "template": pod}
        return {**head, "spec": spec}
    first = {"TFJob": "Chief", "PyTorchJob": "Master"}.get(dialect.kind, "Launcher")
    roles = {first: {"replicas": 1, **replica}, "Worker": {"replicas": pods - 1, **replica}}
    if pods == 1 or dialect.kind == "TFJob":
        roles = {"Worker" if dialect.kind == "TFJob" else first: {"replicas": pods, **replica}}
    policies = {"cleanPodPolicy": "None"}
    return {
        **head,
        "spec": {**({dialect.run_policy: policies} if dialect.run_policy else policies), dialect.replicas: roles},
    }


def cli() -> str:
    """The reference of the command line, from the functions that are its commands."""
    from dlaasgen.cli.app import COMMANDS, app
    from dlaasgen.cli.lazy import source

    whole = typer.Typer()
    for name in COMMANDS:
        found = source("dlaasgen.cli", name)
        if isinstance(found, typer.Typer):
            whole.add_typer(found, name=name)
        else:
            whole.command(name)(found)
    text = "# The command line\n\n`dlaasgen COMMAND --help` says the same in a terminal.\n"
    top = app.registered_callback
    assert top is not None  # noqa: S101 - it has the global options
    assert top.callback is not None  # noqa: S101
    for name, function, told in [("", top.callback, ""), *_commands(whole, "")]:
        if function is None:
            text += f"\n## dlaasgen{name}\n\n{told}\n\n```text\ndlaasgen{name} COMMAND\n```\n"
            continue
        arguments, options = _parameters(function)
        usage = " ".join([f"dlaasgen{name} [OPTIONS]", *(arguments if name else ["COMMAND"])])
        text += f"\n## dlaasgen{name}\n\n{inspect.getdoc(function)}\n\n```text\n{usage}\n```\n"
        text += "\n" if arguments or options else ""
        text += "".join(f"- `{argument.strip('[]')}`: {told}\n" for argument, told in arguments.items())
        text += "\n" if arguments and options else ""
        if options:
            text += "| option | meaning |\n|---|---|\n"
            text += "".join(f"| `{_cell(option)}` | {_cell(told)} |\n" for option, told in options.items())
    return text + "\n## Exit codes\n\n" + "".join(_exit_codes())


def _commands(app: Any, above: str) -> Iterator[tuple[str, Callable[..., Any] | None, str]]:
    """(name, function, help) of every command, groups (which have no function) before what is in them."""
    for command in app.registered_commands:
        yield f"{above} {command.name or command.callback.__name__.rstrip('_')}", command.callback, ""
    for entry in app.registered_groups:
        group = entry.typer_instance
        name = f"{above} {group.info.name}"
        yield name, None, group.info.help
        yield from _commands(group, name)


def findings() -> str:
    """The reference of finding codes, from the CODES of the modules that report them: code -> (title, explanation)."""
    codes: dict[str, tuple[str, str]] = {}
    for file in sorted(SOURCE.rglob("*.py")):
        if re.search(r"^CODES\b", file.read_text(encoding="utf-8"), flags=re.MULTILINE):
            codes |= import_module(".".join(file.relative_to(SOURCE.parent).with_suffix("").parts)).CODES
    text = "# Findings\n\nEvery problem has a code that stays the same. `dlaasgen explain CODE` says what is here.\n"
    for letter, kind in KINDS.items():
        told = {code: codes[code] for code in sorted(codes) if code.startswith(letter)}
        text += f"\n## {kind}\n" if told else ""
        text += "".join(
            f"\n### {code}: {title[:1].upper()}{title[1:]}\n\n{words}\n" for code, (title, words) in told.items()
        )
    return text


def prototypes() -> str:
    """The reference of the shipped prototypes, from their headers."""
    from dlaasgen.adapters.jsonnet import Library

    library = Library([str(ROOT / "prototypes")])
    found = {name: library.prototype(name) for name in library.names()}
    text = PROTOTYPES
    for name, prototype in found.items():
        text += f"| [{name}](#{name}) | {_cell(prototype.short_description)} | `{_dialect(library, prototype)}` |\n"
    for name, prototype in found.items():
        example = f"matrix/examples/{name}.yaml"
        text += f"\n## {name}\n\n{prototype.description} Example: [{example}](../../{example}).\n"
        text += "\n| parameter | type | default | meaning |\n|---|---|---|---|\n"
        for p in prototype.parameters.values():
            type_ = " or ".join(f"`{c}`" for c in p.choices) or p.type
            default = "" if p.required else f"`{p.default if isinstance(p.default, str) else json.dumps(p.default)}`"
            text += f"| `{p.name}` | {type_} | {_cell(default)} | {_cell(p.description)} |\n"
    return text


def _dialect(library: Library, prototype: Prototype) -> str:
    """The dialect of the job that a prototype returns."""
    from dlaasgen.adapters.jsonnet import engine, evaluate
    from dlaasgen.dialects import detect

    some = {"string": "x", "integer": 1, "array": []}
    cell = {p.name: some[p.type] for p in prototype.parameters.values() if p.required} | {"name": "x"}
    told = evaluate(library, prototype.name, prototype.defaults, [cell], engine("rjsonnet"), json.dumps)
    job = json.loads(told)[0]
    dialect = detect(job[0] if isinstance(job, list) else job)
    return dialect.name if dialect is not None else ""


def _parameters(function: Callable[..., Any]) -> tuple[dict[str, str], dict[str, str]]:
    """(arguments, options) of a command: how each is written -> what it means."""
    from typer.models import ArgumentInfo, Context, OptionInfo

    arguments, options = {}, {}
    hints = get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        if hints[name] is Context:
            continue
        kind, *rest = get_args(hints[name])
        info = next(x for x in rest if isinstance(x, ArgumentInfo | OptionInfo))
        required = parameter.default is inspect.Parameter.empty
        if isinstance(info, ArgumentInfo):
            metavar = info.metavar or name.upper()
            arguments[metavar if required else f"[{metavar}]"] = info.help or ""
            continue
        # In an annotation, Typer keeps the first of the names where the default would be.
        declared = [info.default] if isinstance(info.default, str) and info.default.startswith("-") else []
        names = ", ".join([*declared, *(info.param_decls or ())] or [f"--{name.rstrip('_').replace('_', '-')}"])
        enum = next((k for k in (kind, *get_args(kind)) if isinstance(k, type) and issubclass(k, StrEnum)), None)
        choices = None if enum is None else "|".join(enum)
        value = "" if kind is bool else f" {info.metavar or choices or 'TEXT'}"
        default = (
            f" Default: `{parameter.default}`." if isinstance(parameter.default, str | int) and kind is not bool else ""
        )
        options[names + value] = (info.help or "") + default
    return arguments, options


def _cell(text: str) -> str:
    """Text as a table's cell has it."""
    return text.replace("|", "\\|")


def _exit_codes() -> Iterator[str]:
    from dlaasgen import errors

    text = " ".join((errors.__doc__ or "").split("Exit codes:")[1].split("`tests/")[0].split()).rstrip(". ")
    yield "| code | meaning |\n|---|---|\n"
    for part in text.split("; "):
        code, _, meaning = part.partition(" ")
        yield f"| {code} | {meaning} |\n"


def main() -> None:
    """Write what is not up to date; a page that the lists name must be there before they are made."""
    for _ in range(2):
        for path, text in generated().items():
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
                sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
