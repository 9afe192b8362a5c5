"""Conditions over a cell in CEL: `when` in a matrix file and `--select` on the command line. No I/O here.

CEL (https://cel.dev) ends always and touches nothing outside its variables; docs/adr/0003-expressions-in-cel.md says
why it was chosen. Variables are the axes (their value when it is a scalar, the value's id when it is an object) and
the parameters; `cell` is a map of all of them, for names that are no identifiers: ``cell["data-format"]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlaasgen.cells_codes import Place
from dlaasgen.errors import MatrixError
from dlaasgen.findings import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dlaasgen.findings import Finding

    Json = Any

MAX_LENGTH = 2000

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FAULT = re.compile(r"<input>:(-?\d+):(-?\d+): (.*)")
_BINARY = re.compile(r"^'?_(\S+)_'?(?: applied to ')?\(([\w()]+), ([\w()]+)\)'?$")
# CEL declares these itself; a variable of the name would be refused.
_TYPES = frozenset({"type", "int", "uint", "double", "string", "bytes", "bool", "list", "map", "null_type", "dyn"})


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled condition.

    variables  names that the text mentions, as far as they are known: never too few
    whole      the text mentions `cell`, so it may depend on every name
    """

    text: str
    place: Place
    known: frozenset[str]
    variables: tuple[str, ...]
    whole: bool
    program: Any

    def holds(self, values: Mapping[str, Json], cell: Callable[[], str] | None = None) -> bool:
        """Whether the condition is true for `values`. Raises MatrixError, naming what `cell` calls the cell."""
        data = {name: values[name] for name in self.variables if name in values}
        if self.whole:
            data["cell"] = dict(values)
        for name, value in data.items():
            # The engine takes a string to end at its first NUL and would compare the rest as equal.
            if _has_nul(value):
                fault = self._fault("M211", f"{name} holds a NUL character, which expressions cannot compare", cell)
                raise MatrixError([fault])
        try:
            result = self.program.eval(data=data)
            value = result.value()
        except (RuntimeError, TypeError, ValueError) as error:
            raise MatrixError([self._evaluation(str(error), cell)]) from None
        if value is True or value is False:
            return bool(value)
        if str(result.type()) == "ERROR":
            raise MatrixError([self._evaluation(str(value), cell)])
        fault = self._fault(
            "M212",
            f"the expression gives {shown(value)}, which is neither true nor false",
            cell,
            expected="true or false",
        )
        raise MatrixError([fault])

    def _fault(
        self,
        code: str,
        message: str,
        cell: Callable[[], str] | None,
        *,
        expected: str | None = None,
        hint: str | None = None,
    ) -> Finding:
        name = None if cell is None else cell()
        where = "" if name is None else f" for cell {name}"
        return self.place.finding(
            code, f"{message}{where}", cell=name, found=_quoted(self.text), expected=expected, hint=hint
        )

    def _evaluation(self, raw: str, cell: Callable[[], str] | None) -> Finding:
        """The engine's complaint about one cell, in our words."""
        text = re.sub(r"^[A-Z_]+: ", "", raw)
        if missing := re.match(r'No value with name "(.*)" found in Activation', text):
            return self._missing(missing[1], cell)
        if missing := re.match(r'Key not found in map : "(.*)"', text):
            return self._missing(missing[1], cell)
        if overload := re.match(r"No matching overloads found : (.*)", text):
            message, hint = _overload(overload[1])
            return self._fault("M211", message, cell, hint=hint)
        if "out of range for" in text or "integer overflow" in text:
            message = "a number is beyond 64-bit integers"
            return self._fault("M211", message, cell, hint="convert with double() before calculating")
        if "Iteration budget" in text:
            return self._fault("M211", "the expression loops over too many elements", cell)
        return self._fault("M211", f"the expression fails ({text.rstrip('.')})", cell)

    def _missing(self, name: str, cell: Callable[[], str] | None) -> Finding:
        guard = f"has(cell.{name}) && ..." if _plain(name) else f'"{name}" in cell && ...'
        hint = None if name in self.known else did_you_mean(name, sorted(self.known))
        hint = hint or f"guard it with `{guard}`, or give {name} a default under params"
        return self._fault("M211", f"there is no {name}", cell, hint=hint)


def compile_expression(text: str, names: Iterable[str], place: Place | None = None) -> Expression:
    """The condition that `text` says over variables `names`. Raises MatrixError with every fault found in it."""
    from cel_expr_python import cel

    place = place or Place()
    known = frozenset(names)
    if problem := _unfit(text):
        raise MatrixError([place.finding("M210", problem, found=_quoted(text))])
    words = set(_WORD.findall(text))
    variables = tuple(sorted((words & known) - _TYPES - {"cell"}))
    try:
        env = cel.NewEnv(variables=dict.fromkeys((*variables, "cell"), cel.Type.DYN))
        program = env.compile(text)
    except RuntimeError as error:
        raise MatrixError(_compile_findings(str(error), text, known, place)) from None
    return Expression(text, place, known, variables, "cell" in words, program)


def _unfit(text: str) -> str | None:
    if not text.strip():
        return "the expression is empty"
    if len(text) > MAX_LENGTH:
        return f"the expression has {len(text):,} characters, more than {MAX_LENGTH:,}"
    if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
        return "the expression holds a character that no text may hold"
    return None


def _compile_findings(raw: str, text: str, known: frozenset[str], place: Place) -> list[Finding]:
    faults = [(int(line), int(column), what) for line, column, what in _FAULT.findall(raw)]
    if not faults or faults[0][0] < 1:
        return [place.finding("M210", _whole_fault(raw), found=_quoted(text), hint="split it into several entries")]
    # After a syntax error the parser's further complaints are guesses.
    if any(what.startswith("Syntax error") for _, _, what in faults):
        faults = faults[:1]
    findings: dict[tuple[str, str | None], Finding] = {}
    for line, column, what in faults:
        if _within_name(text.split("\n")[line - 1], column - 1, known):
            continue
        at = f"at character {column}"
        if "\n" in text.strip():
            at = f"at line {line}, character {column} of the expression"
        message, hint = _words(what.removesuffix(" [INVALID_ARGUMENT]"), text, line, column, known)
        finding = place.finding("M210", f"{message} {at}", found=_quoted(text), hint=hint)
        findings.setdefault((message, hint), finding)
    return list(findings.values())


def _whole_fault(raw: str) -> str:
    if "recursion" in raw:
        return "the expression is nested more than 32 deep"
    return f"the expression cannot be compiled ({re.sub(r'^[A-Z_]+: ', '', raw).partition(chr(10))[0]})"


def _words(what: str, text: str, line: int, column: int, known: frozenset[str]) -> tuple[str, str | None]:
    """(message, hint) for one of the compiler's complaints."""
    if match := re.match(r"undeclared reference to '(.*?)'", what):
        return _undeclared(match[1], text, line, column, known)
    if match := re.match(r"reserved identifier: (\w+)", what):
        return f"{match[1]} is a word that CEL reserves", f'write cell["{match[1]}"]'
    if match := re.match(r"found no matching overload for (.*)", what):
        message, hint = _overload(match[1])
        clash = sorted(_TYPES & known & set(_WORD.findall(text)))
        return message, f'{clash[0]} is a type in CEL: write cell["{clash[0]}"]' if clash else hint
    if "<EOF>" in what and "expecting" in what and "input '<EOF>'" in what:
        return "the expression ends too early", None
    if match := re.match(r"Syntax error: .*?(?:at|input):? '(.*?)'(?: expecting.*)?$", what):
        found = match[1].strip()
        return f"unexpected {found!r}", "compare with ==" if found == "=" else None
    if what.startswith("has()"):
        return "has() takes a member of cell", "write has(cell.name)"
    return what.removeprefix("Syntax error: "), None


def _undeclared(name: str, text: str, line: int, column: int, known: frozenset[str]) -> tuple[str, str | None]:
    rest = text.split("\n")[line - 1][column - 1 :]
    if rest.startswith("(") or re.match(rf"\.?{re.escape(name)}\s*\(", rest):
        return f"there is no function {name}", None
    # `data-format` reads as a subtraction.
    for other in sorted(known):
        if not _plain(other) and rest.startswith(other):
            return f"{other} is no identifier", f'write cell["{other}"]'
    return f"there is no variable {name}", did_you_mean(name, sorted(known))


def _within_name(line: str, start: int, known: frozenset[str]) -> bool:
    """Whether a word is the tail of a name that is no identifier, whose head has been reported."""
    odd = [other for other in known if not _plain(other)]
    return any(line.startswith(o, start - k) for o in odd for k in range(1, min(len(o), start + 1)))


def _overload(signature: str) -> tuple[str, str | None]:
    if "jump_condition" in signature:
        return "the condition before ? is neither true nor false", None
    plain = signature.replace("int64", "int").replace("null_type", "null")
    if not (match := _BINARY.match(plain)):
        return f"no function takes these types: {plain}", None
    operator, left, right = match.groups()
    hint = None
    if {left, right} == {"int", "double"}:
        hint = "convert the integer with double()"
    elif "string" in (left, right) and left != right:
        hint = "convert with string(), int() or double()"
    return f"{operator} does not combine {left} and {right}", hint


def _plain(name: str) -> bool:
    return _WORD.fullmatch(name) is not None


def _has_nul(value: Json) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(v) for pair in value.items() for v in pair)
    return isinstance(value, list) and any(map(_has_nul, value))


def _quoted(text: str) -> str:
    return shown(text, 200)
