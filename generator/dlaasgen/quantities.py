"""Kubernetes quantities: `500m`, `192Gi`, `1e3`. No I/O here.

The grammar is that of https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.
"""

from __future__ import annotations

import re
from fractions import Fraction

_QUANTITY = re.compile(
    r"([+-]?)([0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE]([+-]?[0-9]{1,2}))?",
    re.ASCII,
)
_LOOSE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgtpe])i?b?(?:ytes?)?\s*", re.ASCII | re.IGNORECASE)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def quantity(value: object) -> Fraction | None:
    """The exact number that a quantity (a string, or a JSON number) stands for; None when it is no quantity."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Fraction(str(value))
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    sign, number, suffix, exponent = match.groups()
    result = Fraction(number + "0" if number.endswith(".") else number)
    if suffix in _BINARY:
        result *= 2 ** _BINARY[suffix]
    elif power := _DECIMAL[suffix] if suffix else int(exponent or 0):
        result *= Fraction(10) ** power
    return -result if sign == "-" else result


def nearest_quantity(text: str) -> str | None:
    """The quantity that somebody who wrote `192GB` or `192 gib` has most likely meant."""
    match = _LOOSE.fullmatch(text)
    return match and f"{match[1]}{match[2].upper()}i"
