"""What a YAML scalar is: null, true, false or a number only where JSON says so too. No I/O here."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlaasgen.matrix import Json

# Jsonnet's numbers, like JavaScript's, are doubles: beyond this, two integers may become one.
MAX_INT = 2**53

_INT = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
CORE = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    f"{CORE}str": (str,),
    f"{CORE}int": (int,),
    f"{CORE}float": (int, float),
    f"{CORE}bool": (bool,),
    f"{CORE}null": (type(None),),
}
SCALAR_TAGS = tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value; with a code when there is something wrong with it."""

    value: Json
    code: str | None = None
    message: str = ""
    hint: str | None = None


def resolve(text: str, tag: str | None, *, plain: bool) -> Scalar:
    """The value of a scalar. `tag` is None, "!" or one of SCALAR_TAGS; `plain` when it has neither quotes nor a tag."""
    if tag is not None and tag not in ("!", f"{CORE}str"):
        return _tagged(text, tag)
    if tag is None and plain:
        return _plain(text)
    if _SURROGATE.search(text):
        return Scalar("?", "M103", "an escape in double quotes is no character", "write the character itself")
    return Scalar(text)


def _plain(text: str) -> Scalar:
    if text in _WORDS:
        return Scalar(_WORDS[text])
    # A longer text is no smaller number, and int() is slow with very long ones.
    if _INT.fullmatch(text):
        if len(text) <= 17 and abs(int(text)) <= MAX_INT:
            return Scalar(int(text))
        message = "an integer is beyond 2^53, where numbers lose digits"
    elif _FLOAT.fullmatch(text):
        if math.isfinite(number := float(text)):
            return Scalar(number)
        message = "a number is beyond 1.8e308, the largest there is"
    else:
        return Scalar(text)
    return Scalar(text, "M108", message, "to keep it as a string, quote it")


def _tagged(text: str, tag: str) -> Scalar:
    scalar = _plain(text)
    value = scalar.value
    wanted = _TYPES[tag]
    if scalar.code is None and (not isinstance(value, wanted) or (bool not in wanted and isinstance(value, bool))):
        return Scalar(text, "M105", f"this is not what its tag !!{tag.removeprefix(CORE)} says")
    return Scalar(float(value)) if float in wanted and scalar.code is None else scalar
