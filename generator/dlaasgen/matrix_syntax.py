"""What is wrong with a text that is no YAML, in words that do not need the YAML specification. No I/O here."""

from __future__ import annotations

import re
from typing import Any

from dlaasgen.findings import Finding

INDENT = "check the indentation, and quotes that end too early"
TOO_DEEP = "lists and objects are nested more than 50 deep"
COLON = "put a text with ': ' in quotes, or check the indentation"
QUOTE = "put the text in quotes"

# (what the C parser or its Python twin says, message, hint); {c}: the character there, {began}: where it began.
_TABLE: tuple[tuple[str, str, str | None], ...] = (
    (r"mapping values are not allowed", "a colon cannot make a pair here", COLON),
    (r"sequence entries are not allowed", "a list item ('-') cannot begin here", "begin it on a line of its own"),
    (r"',' or '\]'", "the list that begins {began} needs a ',' or ']' here", None),
    (r"',' or '\}'", "the object that begins {began} needs a ',' or '}}' here", "quote texts with any of {} [] ,"),
    (r"found unexpected end of stream", "the quoted text that begins {began} has no end", None),
    (r"found unexpected document indicator", "--- or ... stands within the quoted text that begins {began}", None),
    (r"found unknown escape character", "there is no such escape in double quotes", "write \\\\, or use single quotes"),
    (r"hexa?decimal", "an escape in double quotes is not complete", "write \\x41, \\u0041 or \\U00000041"),
    (r"Unicode character escape", "an escape in double quotes is no character", "write the character itself"),
    (r"could not find expected ':'", "the key that begins {began} has no colon", "write key: value"),
    (r"could not find expected directive|directive", "a line that begins with % is no YAML directive", QUOTE),
    (r"indentation indicator", "| or > is followed by an indentation of 0", "leave the number out"),
    (r"expected comment or line break|chomping", "something follows | or > on its line", QUOTE),
    (r"tab character|found a tab", "a tab stands in the indentation", "indent with blanks"),
    (r"alphabetic or numeric", "no name follows & or *", "quote a text that begins with & or *"),
    (r"incompatible YAML", "the file asks for another version of YAML", "leave the %YAML line out"),
    (r"undefined tag handle", "a tag's prefix is declared nowhere", "quote a text that begins with !"),
    (r"tag|'>'|URI", "a tag (!) is not complete", "quote a text that begins with !"),
    (r"expected (the )?node content", "a value cannot begin with {c}", QUOTE),
    (r"<document start>", "this continues nothing that came before", INDENT),
    (r"too many|nesting|exceeded", TOO_DEEP, None),
)  # fmt: skip


_STRAY = {
    "]": ("this ']' closes nothing", None),
    "}": ("this '}}' closes nothing", None),
    ":": ("no key stands before this colon", None),
    "&": ("a value has two anchors", "quote a text that begins with &"),
}


def explain(error: Any, text: str, file: str | None) -> Finding:
    """The finding for a yaml.MarkedYAMLError in `text`."""
    mark = error.problem_mark or error.context_mark
    lines = re.split(r"\r\n?|\n", text)
    line = lines[mark.line] if mark.line < len(lines) else ""
    char = line[mark.column] if mark.column < len(line) else ""
    message, hint = _words(str(error.problem), str(error.context), char)
    began = error.context_mark or mark
    message = message.format(
        began=f"at line {began.line + 1}, column {began.column + 1}", c=f"'{char}'" if char else "nothing"
    )
    code = "M106" if message == TOO_DEEP else "M103"
    return Finding(code, message, file=file, line=mark.line + 1, column=mark.column + 1, hint=hint)


def _words(problem: str, context: str, char: str) -> tuple[str, str | None]:
    if "cannot start any token" in problem:
        if char == "\t":
            return "a tab stands in the indentation", "indent with blanks"
        return "a text cannot begin with {c}", QUOTE
    if char in _STRAY and context.startswith("while parsing a block"):
        return _STRAY[char]
    if "block mapping" in context:
        return "this continues nothing of the object that begins {began}", INDENT
    if "block collection" in context or "block sequence" in context:
        return "this is no item of the list that begins {began}", INDENT
    for pattern, message, hint in _TABLE:
        if re.search(pattern, problem):
            return message, hint
    return "this is no YAML", f"the parser says: {problem}"
