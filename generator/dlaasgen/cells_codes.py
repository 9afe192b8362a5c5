"""The finding codes of the expansion (M2xx): what each means and what to do. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass

from dlaasgen.findings import Finding, Severity

CODES: dict[str, tuple[str, str]] = {
    "M201": ("no cells", "Every combination is excluded, or the matrix has neither axes nor include entries."),
    "M202": (
        "too many cells",
        "The matrix expands to more cells than limits.max_cells allows. Sample it, exclude combinations, or raise it.",
    ),
    "M203": (
        "two cells with one id",
        "An id is file name, label and result key, so every cell has its own. Let the id template name what differs.",
    ),
    "M204": (
        "wrong cell id",
        """A cell id is at most 63 of a-z, 0-9, '.' and '-', begins and ends with a letter or digit, and is no name
that Windows reserves (con, nul, com1, ...). Give axis values short ids, or change the id template.""",
    ),
    "M205": (
        "wrong id template",
        """An id template is literal text, {{ name }}, {{ cell['other-name'] }}, if, comparisons and the filters
default, int, lower, replace, trim and upper.""",
    ),
    "M206": (
        "id template cannot be filled in",
        "The template names something that this cell does not have. Write {{ name | default('none') }}.",
    ),
    "M210": ("wrong expression", "A when or --select expression is not CEL, or names something that no cell has."),
    "M211": (
        "expression fails",
        """The expression cannot be evaluated for a cell: types that do not fit, or a parameter that only some cells
have. Guard with has(cell.name), convert with double(), or give the parameter a default under params.""",
    ),
    "M212": ("expression is no condition", "The expression gives something other than true or false."),
    "M220": ("exclude removes nothing", "No combination of the axes matches the entry: often a misspelt value."),
    "M221": ("include changes nothing", "An include entry with when adds no cell of its own, and it holds for none."),
    "M222": (
        "sample impossible",
        "There is too much to cover, or the excludes leave too little to draw from. Lower the strength or the number.",
    ),
    "M223": (
        "two axes set one parameter",
        "A parameter that comes with the values of one axis is itself an axis, or also comes with another axis.",
    ),
    "M224": ("wrong zip", "Axes that advance together exist, have equally many values, and are in one group only."),
    "M225": ("wrong value in include", "A new value of an axis is a scalar, or an object with an id."),
    "M230": ("selects nothing", "A selector is a cell id, a glob over ids, or a CEL expression, and selects a cell."),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the matrix file (or on the command line) a rule stands."""

    path: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def finding(
        self,
        code: str,
        message: str,
        *,
        severity: Severity = "error",
        cell: str | None = None,
        found: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
    ) -> Finding:
        """A finding at this place."""
        return Finding(
            code,
            message,
            severity=severity,
            file=self.file,
            line=self.line,
            column=self.column,
            path=self.path,
            cell=cell,
            found=found,
            expected=expected,
            hint=hint,
        )
