"""Cell ids: the readable slug that names a cell everywhere, and the template it comes from. No I/O here.

An id is file name, label value and result key at once, hence the rule of `check_id`. A template is Jinja2 without
loops, calls and arithmetic: what is left ends at once and cannot grow. Templates of literal text and ``{{ name }}``
alone, the usual kind, are filled in without loading Jinja2 and give what it would give.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlaasgen.cells_codes import Place
from dlaasgen.errors import MatrixError
from dlaasgen.findings import did_you_mean, shown
from dlaasgen.matrix import scalar_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Json = Any

MAX_ID = 63
MAX_TEMPLATE = 1000
# A filled-in template may not grow beyond this, whatever its filters do.
MAX_TEXT = 4000
# Python compiles what Jinja2 makes of a template, and gives up on deeper ones.
MAX_DEPTH = 30
ID_RULE = f"at most {MAX_ID} of a-z, 0-9, '.' and '-', beginning and ending with a letter or digit"

_ID = re.compile(rf"[a-z0-9](?:[a-z0-9.-]{{0,{MAX_ID - 2}}}[a-z0-9])?", re.ASCII)
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)")
_SIMPLE = re.compile(r"\{\{ *([A-Za-z_][A-Za-z0-9_]*) *\}\}")
# Words that mean something to Jinja2: a template with one in braces goes the slow way.
_JINJA_WORDS = frozenset({
    "true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else", "elif", "for",
    "self", "super", "recursive", "caller",
})  # fmt: skip
_NODES = frozenset({
    "Template", "Output", "TemplateData", "Name", "Const", "If", "CondExpr", "Compare", "Operand", "And", "Or", "Not",
    "Concat", "Add", "Sub", "Filter", "Test", "Keyword", "List", "Tuple", "Getattr", "Getitem",
})  # fmt: skip
_FILTERS = frozenset({"default", "d", "lower", "upper", "replace", "trim", "string", "int"})
_TESTS = frozenset({"defined", "undefined", "none", "string", "number", "eq", "ne", "lt", "gt", "le", "ge", "in"})
_ALLOWED = (
    "literal text, {{ name }}, {{ cell['name'] }}, if, ~, comparisons "
    "and the filters default, int, lower, replace, trim, upper"
)


def slug(text: str) -> str:
    """`text` as an id would have it: lower case, other characters as one '-', at most 63; '' when nothing is left."""
    plain = re.sub(r"[^a-z0-9.]+", "-", text.lower())
    return plain.strip("-.")[:MAX_ID].strip("-.")


def is_id(text: str) -> bool:
    """Whether `text` can be a cell id."""
    return _ID.fullmatch(text) is not None and _RESERVED.match(text) is None


def nearest_id(text: str) -> str | None:
    """The id most like `text`, or None when nothing of it can stay."""
    near = slug(text)
    if _RESERVED.match(near):
        near = f"x-{near}"[:MAX_ID].rstrip("-.")
    return near or None


def default_part(axis: str, text: str, value: Json) -> str:
    """What an axis adds to a default id: the value's id, with the axis's name before numbers, true, false and null.

    ``batch_size: 32`` gives ``batch-size32``, ``learning_rate: -0.1`` gives ``learning-ratem0.1``.
    """
    if isinstance(value, str | list | dict) or text != scalar_text(value):
        return slug(text)
    # A '-' or '+' would vanish in the slug and make 1 and -1, 1e5 and 1e-5 the same.
    number = text.replace("e-", "em").replace("-", "m").replace("+", "")
    return slug(axis + number.lower())


@dataclass(frozen=True, slots=True)
class IdTemplate:
    """A compiled id template.

    names   the names that it mentions
    simple  it was compiled without Jinja2
    format, keys  a simple template as a %-format and the names that fill it, in order; unused otherwise
    """

    text: str
    place: Place
    names: frozenset[str]
    simple: bool
    format: str = ""
    keys: tuple[str, ...] = ()
    program: Any = None

    def render(self, values: Mapping[str, Json], cell: Callable[[], str]) -> str:
        """The id for `values` (name -> text; `repeat` a number). Raises MatrixError, naming the cell as `cell` does."""
        if self.simple:
            try:
                return self.format % tuple([values[key] for key in self.keys])
            except KeyError as error:
                raise self._unfilled(f"there is no {error.args[0]}", str(error.args[0]), cell) from None
        from jinja2 import TemplateError, UndefinedError

        try:
            return str(self.program.render({**values, "cell": _Members(values)}))
        except UndefinedError as error:
            lost = re.search(r"'(\w[^']*)' is undefined|has no (?:attribute|element) '(.*)'", str(error))
            name = next((g for g in (lost.groups() if lost else ()) if g), None)
            what = f"there is no {name}" if name else str(error)
            raise self._unfilled(what, name or "name", cell) from None
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise self._unfilled(str(error), None, cell) from None

    def _unfilled(self, what: str, name: str | None, cell: Callable[[], str]) -> MatrixError:
        called = cell()
        hint = None if name is None else f"write {{{{ {name} | default('none') }}}}"
        message = f"the id template cannot be filled in for cell {called}: {what}"
        return MatrixError([self.place.finding("M206", message, cell=called, found=shown(self.text, 200), hint=hint)])


class _Members:
    """``cell['name']`` in a template: names that are no identifiers, and nothing else."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Json]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Json:
        return self._values[name]

    def __repr__(self) -> str:
        raise TypeError("cell is no text: write cell['name']")


def compile_template(text: str, known: Iterable[str], place: Place | None = None) -> IdTemplate:
    """The template that `text` says. `known` are the names that some cell has. Raises MatrixError with every fault."""
    place = place or Place("id")
    names = frozenset(known) | {"cell"}
    if len(text) > MAX_TEMPLATE:
        message = f"the id template has {len(text):,} characters, more than {MAX_TEMPLATE:,}"
        raise MatrixError([place.finding("M205", message)])
    template = _simple(text, place) or _jinja(text, place)
    unknown = sorted(template.names - names)
    if unknown:
        found = shown(text, 200)
        raise MatrixError(
            place.finding(
                "M205",
                f"the id template names {name}, which is no axis or parameter",
                found=found,
                hint=_hint(name, text, names - {"cell"}),
            )
            for name in unknown
        )
    return template


def _hint(name: str, text: str, names: frozenset[str]) -> str | None:
    # `data-format` reads as a subtraction.
    odd = next((n for n in sorted(names) if not n.isidentifier() and n in text and name in n), None)
    return f"write {{{{ cell['{odd}'] }}}}" if odd else did_you_mean(name, sorted(names))


def _simple(text: str, place: Place) -> IdTemplate | None:
    """The template when it is literal text and names alone, else None."""
    parts = _SIMPLE.split(text)
    literals, keys = parts[::2], tuple(parts[1::2])
    if any(c in literal for literal in literals for c in "{\n\r") or not _JINJA_WORDS.isdisjoint(keys):
        return None
    if "cell" in keys:
        return None
    return IdTemplate(
        text, place, frozenset(keys), simple=True, format="%s".join(p.replace("%", "%%") for p in literals), keys=keys
    )


def _jinja(text: str, place: Place) -> IdTemplate:
    from jinja2 import StrictUndefined, TemplateSyntaxError, meta, nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters["replace"] = _replace
    found = shown(text, 200)
    try:
        tree = environment.parse(text)
    except TemplateSyntaxError as error:
        message = f"the id template cannot be read: {(error.message or 'wrong syntax').rstrip('.')}"
        raise MatrixError([place.finding("M205", message, found=found, expected=_ALLOWED)]) from None
    except RecursionError:
        raise MatrixError([place.finding("M205", "the id template is nested too deeply", found=found)]) from None
    refused: dict[str, None] = {}
    level: list[nodes.Node] = [tree]
    depth = 0
    while level and depth < MAX_DEPTH:
        refused |= {what: None for node in level if (what := _refused(node))}
        level = [child for node in level for child in node.iter_child_nodes()]
        depth += 1
    if level:
        raise MatrixError([place.finding("M205", "the id template is nested too deeply", found=found)])
    if refused:
        raise MatrixError(
            place.finding("M205", f"the id template uses {what}", found=found, expected=_ALLOWED) for what in refused
        )
    names = frozenset(meta.find_undeclared_variables(tree))
    return IdTemplate(text, place, names, simple=False, program=environment.from_string(tree))


def _refused(node: Any) -> str | None:
    """What a node of the template's syntax tree is that no id needs, or None."""
    kind = type(node).__name__
    if kind == "Filter":
        return None if node.name in _FILTERS else f"the filter {node.name}"
    if kind == "Test":
        return None if node.name in _TESTS else f"the test {node.name}"
    if kind in ("Getattr", "Getitem"):
        of_cell = type(node.node).__name__ == "Name" and node.node.name == "cell"
        name = node.attr if kind == "Getattr" else getattr(node.arg, "value", None)
        if of_cell and isinstance(name, str) and not name.startswith("_"):
            return None
        return f"the member {name}" if isinstance(name, str) else "a subscript"
    if kind in _NODES:
        return None
    if kind in ("Mul", "Div", "FloorDiv", "Mod", "Pow", "Neg", "Pos"):
        return "arithmetic other than + and -"
    return {"For": "a for loop", "Call": "a call", "Assign": "a set statement", "Macro": "a macro"}.get(
        kind, kind.lower()
    )


def _replace(value: Json, old: Json, new: Json) -> str:
    """Jinja2's replace, refusing results that grow without bound."""
    from jinja2 import TemplateRuntimeError

    text, old, new = str(value), str(old), str(new)
    if not old or len(text) + text.count(old) * len(new) > MAX_TEXT:
        raise TemplateRuntimeError("replace makes a text that is far too long for an id")
    return text.replace(old, new)
