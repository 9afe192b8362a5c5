"""Kubernetes quantities: `500m`, `192Gi`, `1e3`. No I/O here.

The grammar is that of https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from math import ceil

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


_NANO = Fraction(10**9)


@lru_cache(maxsize=4096, typed=True)  # True is 1 to a dictionary, and no quantity
def nano(value: object) -> int | None:
    """A quantity in billionths, the finest that Kubernetes keeps, rounded up as it does; None when it is no quantity.

    Integers compare and add many times faster than fractions.
    """
    exact = quantity(value)
    return None if exact is None else ceil(exact * _NANO)


def cores(value: object) -> Fraction | None:
    """A quantity of CPU in cores (`500m` is 1/2); None when it is no quantity."""
    return quantity(value)


def octets(value: object) -> int | None:
    """A quantity of memory in bytes, rounded up; None when it is no quantity."""
    exact = quantity(value)
    return None if exact is None else ceil(exact)


def as_cores(billionths: int) -> str:
    """Billionths of a core as people write them: `36`, `2.5`, `0.0001`."""
    whole, rest = divmod(billionths, 10**9)
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".")


def as_bytes(count: int) -> str:
    """Bytes in the largest binary unit that leaves a short number: `192Gi`, `1.5Gi`, `500`."""
    for suffix, power in reversed(_BINARY.items()):
        unit = 2**power
        if count >= unit:
            return f"{count / unit:.1f}".removesuffix(".0") + suffix
    return str(count)
