"""Import: a ksonnet prototype as one of ours, a function of its documented parameters. No I/O here.

What ks put around a prototype (`env`, `params`) becomes two locals. A prototype that uses k.libsonnet for nothing but
`k.core.v1.list.new` needs it no more, since a prototype of ours may return an array.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import PrototypeError
from dlaasgen.findings import Finding
from dlaasgen.ksonnet.lexer import field, member, text_of, tokens
from dlaasgen.ksonnet.snippets import replaced, substituted
from dlaasgen.prototypes import GIVEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dlaasgen.ksonnet.headers import Header, Parameter
    from dlaasgen.ksonnet.lexer import Token

LIBRARY = "lib/k.libsonnet"
_KSONNET_LIB = "k.libsonnet"
_LIST = (".", "core", ".", "v1", ".", "list", ".", "new", "(")
_WORD = re.compile(r"[^\s\"'\[{][^\s]*").fullmatch
_NAMESPACE = "Namespace that the objects go to"
_OUTDATED = re.compile(r"kubeflow\.org/v1(?:alpha|beta)\d|(?:extensions|apps)/v1beta\d").fullmatch


def imported(header: Header) -> tuple[str, bool]:
    """(text of the prototype of ours, whether it imports lib/k.libsonnet). Raises PrototypeError with every fault."""
    try:
        body = substituted(header.body)
        read = tokens(body)
    except ValueError as error:
        raise PrototypeError([_fault(header, str(error))]) from None
    faults = [*_parameter_faults(header), *_import_faults(header, read)]
    if faults:
        raise PrototypeError(faults)
    without = _without_library(body, read)
    if without is None:
        body = replaced(body, ((t.start, t.end, f"'{LIBRARY}'") for t in read if _is_library(t)))
    else:
        body = without
    given, words = "given", {t.text for t in read}
    while given in words:
        given += "_"
    own = "".join(f"    {field(p.name)}: {given}{member(p.name)},\n" for p in header.parameters)
    text = (
        f"{_header(header)}\n"
        f"function({given})\n"
        f"  // What ks gave to a prototype: its parameters, and the environment.\n"
        f"  local params = {{\n{own}  }};\n"
        f"  local env = {{ namespace: {given}.namespace, server: '' }};\n"
        f"{_indented(body.strip())}\n"
    )
    return text, without is None


def sample(header: Header, name: str, namespace: str) -> dict[str, Any]:
    """Values for every parameter: its default, or one of its type."""
    types: dict[str, Any] = {"number": 1, "integer": 1, "boolean": True, "object": {}, "array": []}
    found: dict[str, Any] = {}
    for p in header.parameters:
        if p.default is not None:
            found[p.name] = json.loads(p.literal(p.default))
        else:
            found[p.name] = types.get(_type(p), p.name.lower())
    return {**found, "name": name, "namespace": namespace}


def outdated(objects: Iterable[Mapping[str, Any]], file: str) -> list[Finding]:
    """What is outdated in objects that no policy tells: the versions of their APIs."""
    versions = dict.fromkeys((str(o.get("apiVersion")), str(o.get("kind"))) for o in objects)
    return [
        Finding(
            "A202", f"no current API has this {k}", "warning", file=file, path="apiVersion", found=v, hint=_current(k)
        )
        for v, k in versions
        if _OUTDATED(v)
    ]


def _current(kind: str) -> str:
    """How an object of an outdated API is brought to a current one."""
    if kind.endswith("Job"):
        return "dlaasgen convert moves a manifest on; a matrix's `dialect` does so for its jobs"
    return f"write apiVersion: {'networking.k8s.io' if kind == 'Ingress' else 'apps'}/v1"


def _fault(header: Header, message: str, hint: str | None = None) -> Finding:
    return Finding("A201", f"the prototype cannot be imported: {message}", file=header.file, hint=hint)


def _parameter_faults(header: Header) -> list[Finding]:
    taken = [p.name for p in header.parameters if p.name in GIVEN - {"name"}]
    faults = [_fault(header, f"dlaasgen gives its own {name} to every prototype", "rename it") for name in taken]
    for p in header.parameters:
        if p.default is not None:
            try:
                p.literal(p.default)
            except ValueError as error:
                faults.append(_fault(header, f"the default of {p.name} is not {error}"))
    return faults


def _import_faults(header: Header, read: Sequence[Token]) -> list[Finding]:
    faults = []
    for number, token in enumerate(read[:-1]):
        after = read[number + 1]
        if token.text in ("import", "importstr", "importbin") and not _is_library(after):
            hint = "put that file's part into the prototype, or into prototypes/lib by hand"
            faults.append(_fault(header, f"it imports {after.text:.100}", hint))
        if token.text == "extVar":
            faults.append(_fault(header, "it reads external variables, which dlaasgen does not set"))
    return faults


def _is_library(token: Token) -> bool:
    return token.kind == "string" and text_of(token.text) == _KSONNET_LIB


def _without_library(body: str, read: Sequence[Token]) -> str | None:
    """The program with lists as arrays, and without the library; None when it needs more of that."""
    bound = [n for n, t in enumerate(read) if _is_library(t)]
    if not bound:
        return body
    start = bound[0] - 4
    texts = [t.text for t in read]
    if len(bound) > 1 or start < 0 or (texts[start], texts[start + 2], texts[start + 3]) != ("local", "=", "import"):
        return None
    if texts[bound[0] + 1 : bound[0] + 2] != [";"]:
        return None
    name, changes = texts[start + 1], [(read[start].start, read[bound[0] + 1].end, "")]
    for n, text in enumerate(texts):
        if text == name and n != start + 1 and texts[n - 1] != ".":
            if tuple(texts[n + 1 : n + 1 + len(_LIST)]) != _LIST:
                return None
            changes.append((read[n].start, read[n + len(_LIST)].start, ""))
    return replaced(body, changes)


def _header(header: Header) -> str:
    lines = ["// @apiVersion 1", f"// @name {header.short_name}"]
    short = header.short_description or header.description or header.short_name
    lines.append(f"// @shortDescription {short}")
    if header.description:
        lines.append(f"// @description {header.description}")
    for p in header.parameters:
        if p.name in ("name", "namespace"):
            continue
        if p.default is None:
            lines.append(f"// @param {p.name} {_type(p)} {p.description}".rstrip())
        else:
            lines.append(f"// @optionalParam {p.name} {_type(p)} {_default(p)} {p.description}".rstrip())
    own = header.parameter("namespace")
    default = "default" if own is None or own.default in (None, "null") else own.default
    lines.append(f"// @optionalParam namespace string {default} {_NAMESPACE}")
    return "\n".join(lines)


def _type(parameter: Parameter) -> str:
    """Its type in our header, which has none that is two."""
    if parameter.type != "numberOrString":
        return parameter.type
    return "string" if parameter.default is None or parameter.literal(parameter.default)[0] == '"' else "number"


def _default(parameter: Parameter) -> str:
    text = parameter.default or ""
    plain = _type(parameter) != "string" or (_WORD(text) is not None and text != "null")
    return text if plain else json.dumps(text, ensure_ascii=False)


def _indented(program: str) -> str:
    """A program two blanks further in; lines inside a string in quotes stay, since they are part of it."""
    inside = [(t.start, t.end) for t in tokens(program) if t.kind == "string" and t.text[0] != "|"]
    lines, position = [], 0
    for line in program.split("\n"):
        kept = not line.strip() or any(start < position < end for start, end in inside)
        lines.append(line if kept else f"  {line}")
        position += len(line) + 1
    return "\n".join(lines)
