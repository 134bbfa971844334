"""Numbers as people read them: 1.2 bn, 12,300, 0.15, 4.1 %, with units, the same on every axis and in every sentence."""

from __future__ import annotations

import math
import re

from gearwheel.show.values import Span

MINUS = "\N{MINUS SIGN}"
NOT_KNOWN = "not known"
_SCALES = ((1e12, "tn"), (1e9, "bn"), (1e6, "m"))
_UNIT_WORDS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_PLAIN_UNITS = {"", "1", "dmnl", "dimensionless", "index", "ratio"}


def _significant(x: float, digits: int) -> str:
    """`x` >= 0 to so many significant digits without an exponent and without trailing zeros."""
    if x == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(x)))
    text = f"{x:,.{min(decimals, 8)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(x: float | None, digits: int = 3, signed: bool = False) -> str:
    """1234567 → '1.23 m'; 12345 → '12,300'; 0.1534 → '0.153'. `signed` writes the plus sign too."""
    if x is None or not math.isfinite(x):
        return NOT_KNOWN
    size = abs(x)
    if size and not 10 ** -(digits + 2) <= size < 1e15:
        text = f"{size:.1e}".replace("e-0", "e-").replace("e+", "e")
    else:
        rounded = float(f"{size:.{digits}g}")
        scale, word = next(((s, w) for s, w in _SCALES if rounded >= s), (1.0, ""))
        text = _significant(rounded / scale, digits) + (f" {word}" if word else "")
    sign = MINUS if x < 0 and text != "0" else ("+" if signed and x > 0 else "")
    return sign + text


def percent(x: float | None, digits: int = 2, signed: bool = False) -> str:
    """0.0812 → '8.1 %'."""
    if x is None or not math.isfinite(x):
        return NOT_KNOWN
    if abs(x) > 0.98:  # 99.5 % is not 100 %
        digits = max(digits, 3)
    return number(100 * x, digits, signed) + " %"


def chance(p: float | None) -> str:
    """A probability from draws, as 'over 99 %' where all draws agree: what a few hundred draws show is never certain."""
    if p is None or not math.isfinite(p):
        return NOT_KNOWN
    return "over 99 %" if p > 0.99 else "under 1 %" if p < 0.01 else f"{100 * p:.0f} %"


def unit_scale(unit: str) -> tuple[float, str]:
    """Takes the number word out of a unit: 'USD million' → (1e6, 'USD')."""
    words = str(unit or "").split()
    factor = math.prod(_UNIT_WORDS.get(w.lower(), 1.0) for w in words)
    return factor, " ".join(w for w in words if w.lower() not in _UNIT_WORDS)


def is_share(unit: str) -> bool:
    """Whether values in this unit are shown as percentages."""
    return bool(re.match(r"^(share|percent|%)", str(unit or "").strip().lower()))


def is_money(unit: str) -> bool:
    """Whether the unit begins with a currency code."""
    return bool(re.match(r"^[A-Z]{3}\b", str(unit or "")))


def _plural(unit: str, figure: str) -> str:
    """The unit beside a figure as it is printed: 0.998 years are printed as 1, so it is '1 year'."""
    head, slash, tail = unit.partition("/")
    head = head.strip()
    if figure.lstrip(f"{MINUS}+") != "1" and head != "money" and head.isalpha() and head.islower() and head[-1:] != "s":
        head = head[:-1] + "ies" if head.endswith("y") and head[-2:-1] not in "aeiou" else head + "s"
    return head + (f" per {_both(tail.strip())}" if slash else "")


def _both(unit: str) -> str:
    """'customer and year' of '(customer*year)'."""
    return re.sub(r"\((\w+)\*(\w+)\)", r"\1 and \2", unit)


def amount(x: float | None, unit: str = "", signed: bool = False, digits: int = 3) -> str:
    """A number with its unit: amount(638000, 'USD million') → 'USD 638 bn'; shares become percentages."""
    if x is None or not math.isfinite(x):
        return NOT_KNOWN
    if is_share(unit):
        of = str(unit).strip()[5:].strip() if str(unit).strip().lower().startswith("share") else ""
        return percent(x, digits, signed) + (f" {of}" if of.startswith("of ") else "")
    factor, rest = unit_scale(unit)
    if rest in _PLAIN_UNITS:
        return number(x * factor, digits, signed)
    if is_money(rest):
        code, tail = rest[:3], rest[3:].strip()
        per = f" per {_both(tail[1:].strip())}" if tail.startswith("/") else (f" {tail}" if tail else "")
        figure = number(abs(x) * factor, digits)
        sign = MINUS if x < 0 and figure != "0" else ("+" if signed and x > 0 else "")
        return f"{sign}{code} {figure}{per}"
    if rest.startswith("1/"):
        return f"{number(x * factor, digits, signed)} per {_both(rest[2:].strip())}"
    figure = number(x * factor, digits, signed)
    return f"{figure} {_plural(rest, figure)}".strip()


def figure(x: float | None, unit: str = "") -> str:
    """The same without its unit, on the same scale: figure(0.0014, 'customer million') → '1,400'."""
    if x is None:
        return NOT_KNOWN
    return percent(x) if is_share(unit) else number(x * unit_scale(unit)[0])


def between(found: Span | None, show) -> str:
    """'A to B' of a span's ends through `show`, 'A' where both print alike, or words saying that the range is not known."""
    if found is None or found.low is None or found.high is None:
        return "range not known"
    low, high = show(found.low), show(found.high)
    return f"{low} to {high}" if low != high else low


def unit_words(unit: str) -> str:
    """The unit for an axis title: 'USD million/year' → 'USD per year', 'customer' → 'customers'; numbers have none."""
    if is_share(unit):
        return "%"
    _, rest = unit_scale(unit)
    if rest in _PLAIN_UNITS:
        return ""
    if rest.startswith("1/"):
        return f"per {_both(rest[2:].strip())}"
    return _both(rest).replace("/", " per ") if is_money(rest) else _plural(rest, "2")


def in_words(count: int) -> str:
    """Small counts as words, as prose wants them."""
    small = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return small[count] if 0 <= count < len(small) else str(count)


def year_words(t: float | None) -> str:
    """2016.5 → 'July 2016'; whole years stay years."""
    if t is None or not math.isfinite(t):
        return NOT_KNOWN
    year, month = int(math.floor(t + 1e-9)), int(round((t - math.floor(t + 1e-9)) * 12))
    if month == 12:
        year, month = year + 1, 0
    names = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    return str(year) if month == 0 else f"{names[month]} {year}"
