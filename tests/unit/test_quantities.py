"""Quantities, as Kubernetes reads them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from dlaasgen.quantities import as_bytes, as_cores, cores, nano, nearest_quantity, octets, quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("500m", Fraction(1, 2)),
        ("1.5", Fraction(3, 2)),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("1e3", 1000),
        ("1E3", 1000),
        ("12e-1", Fraction(6, 5)),
        ("1E", 10**18),
        ("2Gi", 2 << 30),
        ("1.5Ki", 1536),
        ("100n", Fraction(1, 10**7)),
        ("-1k", -1000),
        ("+2M", 2 * 10**6),
        (3, 3),
        (0.1, Fraction(1, 10)),
    ],
)
def test_quantities_are_exact(text: object, number: Fraction) -> None:
    assert quantity(text) == number
    assert cores(text) == number


@pytest.mark.parametrize(
    "text", ["", "x", "1 Gi", "1GB", "1K", "0x10", "1e", "Gi", ".", "--1", "1e3Gi", True, None, [1]]
)
def test_other_texts_are_none(text: object) -> None:
    assert quantity(text) is None
    assert octets(text) is None


def test_true_is_no_quantity_though_one_is() -> None:
    assert (nano(1), nano(value=True), nano(1.0)) == (10**9, None, 10**9)


def test_what_is_finer_than_kubernetes_keeps_is_rounded_up() -> None:
    assert nano("0.1n") == 1
    assert octets("1500m") == 2


@pytest.mark.parametrize(("text", "near"), [("192GB", "192Gi"), ("16 gib", "16Gi"), ("2k", "2Ki"), ("much", None)])
def test_what_somebody_has_most_likely_meant(text: str, near: str | None) -> None:
    assert nearest_quantity(text) == near


def test_quantities_are_shown_shortly() -> None:
    assert [as_cores(n) for n in (36 * 10**9, 25 * 10**8, 10**5, 0)] == ["36", "2.5", "0.0001", "0"]
    assert [as_bytes(n) for n in (192 << 30, 3 << 29, 500, 0)] == ["192Gi", "1.5Gi", "500", "0"]
