"""Unit algebra: a unit is a product of powers of base names; `1` is dimensionless."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

Unit = tuple[tuple[str, Fraction], ...]  # sorted (base, power), powers never zero

ONE: Unit = ()
MAX_LENGTH = 200
_PART = re.compile(r"\s*(?:(?P<name>[A-Za-z_%€$£][A-Za-z0-9_]*)|(?P<one>1(?!\d))|(?P<sign>[*/^()])|(?P<power>-?\d+))")


class UnitError(ValueError):
    """The text is not a unit, or two units do not fit."""


def make(powers: dict[str, Fraction]) -> Unit:
    return tuple(sorted((base, power) for base, power in powers.items() if power))


def times(a: Unit, b: Unit, sign: int = 1) -> Unit:
    """a·b, or a/b with sign = -1."""
    powers = dict(a)
    for base, power in b:
        powers[base] = powers.get(base, Fraction(0)) + sign * power
    return make(powers)


def power(a: Unit, exponent: Fraction | int) -> Unit:
    return make({base: p * Fraction(exponent) for base, p in a})


def show(unit: Unit) -> str:
    """`order/(customer*year)`; parse(show(u)) == u."""
    over = [_factor(b, p) for b, p in unit if p > 0]
    under = [_factor(b, -p) for b, p in unit if p < 0]
    top = "*".join(over) or "1"
    if not under:
        return top
    return f"{top}/{under[0]}" if len(under) == 1 else f"{top}/({'*'.join(under)})"


def _factor(base: str, p: Fraction) -> str:
    if p == 1:
        return base
    return f"{base}^{p}" if p.denominator == 1 else f"{base}^({p.numerator}/{p.denominator})"


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit:
    """Read `USD/order`, `1`, `order/(customer*week)`, `m^2`. Raises UnitError."""
    if len(text) > MAX_LENGTH:
        raise UnitError(f"a unit is at most {MAX_LENGTH} characters long")
    tokens, at = [], 0
    stripped = text.strip() or "1"
    while at < len(stripped):
        match = _PART.match(stripped, at)
        if not match:
            raise UnitError(f"'{stripped}' is not a unit: '{stripped[at]}' was not expected")
        tokens.append(match.group().strip())
        at = match.end()
    unit, rest = _product(tokens, stripped, 0)
    if rest:
        raise UnitError(f"'{stripped}' is not a unit: '{rest[0]}' was not expected")
    return unit


def _product(tokens: list[str], text: str, depth: int) -> tuple[Unit, list[str]]:
    if depth > 10:
        raise UnitError(f"'{text}' is nested too deep for a unit")
    unit, sign = ONE, 1
    while True:
        if not tokens:
            raise UnitError(f"'{text}' ends too soon for a unit")
        head, tokens = tokens[0], tokens[1:]
        if head == "(":
            part, tokens = _product(tokens, text, depth + 1)
            if not tokens or tokens[0] != ")":
                raise UnitError(f"'{text}' lacks a closing bracket")
            tokens = tokens[1:]
        elif head == "1":
            part = ONE
        elif head in {"*", "/", "^", ")"} or head.lstrip("-").isdigit():
            raise UnitError(f"'{text}' is not a unit: '{head}' was not expected")
        else:
            part = ((head, Fraction(1)),)
        if tokens and tokens[0] == "^":
            exponent, tokens = _exponent(tokens[1:], text)
            part = power(part, exponent)
        unit = times(unit, part, sign)
        if not tokens or tokens[0] == ")":
            return unit, tokens
        if tokens[0] not in {"*", "/"}:
            raise UnitError(f"'{text}' is not a unit: '{tokens[0]}' was not expected")
        sign, tokens = (1 if tokens[0] == "*" else -1), tokens[1:]


def _exponent(tokens: list[str], text: str) -> tuple[Fraction, list[str]]:
    joined = "".join(tokens[:5])
    bracketed = re.match(r"\((-?\d+)/(\d+)\)", joined)
    if bracketed and int(bracketed[2]):
        return Fraction(int(bracketed[1]), int(bracketed[2])), tokens[5:]
    if not tokens or not tokens[0].lstrip("-").isdigit():
        raise UnitError(f"'{text}': after ^ stands a whole number")
    return Fraction(int(tokens[0])), tokens[1:]
