"""Facts of single orders in a shop owner's words: what moves what, by how much, with its 90 % interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gearwheel.show.figures import number, percent
from gearwheel.show.own_change import Z, ranged
from gearwheel.show.values import Span, real, words_of

STEEP = 50.0  # logs beyond which a ratio is no number for people


class Claim(NamedTuple):
    """`cause` goes with a higher or lower `effect`; `turned` where a positive estimate means lower, `tail` a reserve."""

    cause: str
    effect: str
    turned: bool = False
    tail: str = ""


CLAIMS = {
    "late_delivery_review": Claim("each day longer from order to door", "a review score", turned=True),
    "late_review": Claim("coming after the promised day", "a review score"),
    "review_repeat": Claim("a review score 10 % higher", "a rate of leaving", turned=True),
    "review_repeat_180": Claim("a review score 10 % higher", "a rate of leaving", True, ", seen over 180 days"),
    "repeat_share": Claim("", "customers buy again after their first purchase"),
    "repeat_after_repeat": Claim(
        "having bought twice instead of once", "a chance of buying again", tail=", of which habit is at most a part"
    ),
    "active_sellers": Claim(
        "a week with 10 % more sales", "a number of active sellers", tail=", beyond what their definition makes true"
    ),
    "demand_sellers": Claim("demand 10 % higher in the weeks before", "a number of new sellers"),
    "member_frequency": Claim(
        "joining as a member", "an order frequency", tail=", at most: people join in order to buy"
    ),
}


def estimate_of(fact: Mapping) -> Span | None:
    """The estimate with its 90 % interval on the fact's own scale, None where there is none."""
    middle, error = real(fact.get("estimate")), real(fact.get("error"))
    if middle is None:
        return None
    known = error is not None and error > 0
    return Span(middle, middle - Z * error if known else None, middle + Z * error if known else None)


def is_level(fact: Mapping) -> bool:
    """Whether it states how much there is of something, and compares nothing."""
    return words_of(fact.get("scale")) == "share"


def is_seen(fact: Mapping) -> bool:
    """Whether a comparison's interval leaves out no difference at all."""
    found = estimate_of(fact)
    if found is None or is_level(fact) or found.low is None or found.high is None:
        return False
    return found.low > 0 or found.high < 0


def claim_words(fact: Mapping) -> str:
    """'Each day longer from order to door goes with a review score 1.2 % lower (1.1 to 1.3 %)', without full stop."""
    found = estimate_of(fact)
    claim = CLAIMS.get(words_of(fact.get("name")))
    if found is None:
        return f"{title(fact)}: no estimate"
    if is_level(fact):
        share = percent(found.median) + _ends(found, percent)
        return f"{share} of {claim.effect}" if claim else f"{title(fact)}: {share}"
    if claim is None:
        return f"{title(fact)}: {_plain(fact, found)}"
    shown = _turned(found) if claim.turned else found
    said = f"{claim.cause} goes with {_moves(shown, claim.effect, _reader(fact))}{claim.tail}"
    return said[:1].upper() + said[1:]


def title(fact: Mapping) -> str:
    return words_of(fact.get("title")) or words_of(fact.get("name"), "a fact").replace("_", " ")


def _moves(found: Span, effect: str, read: Callable[[float], float]) -> str:
    middle, low, high = (None if v is None else read(v) for v in found)
    if low is not None and high is not None and low <= 0 <= high:
        return f"{effect} not visibly different ({ranged(_signed(low), _signed(high))})"
    word = "higher" if middle > 0 else "lower"
    return f"{effect} {percent(abs(middle))} {word}{_ends(Span(middle, low, high), percent)}"


def _plain(fact: Mapping, found: Span) -> str:
    """A fact that nobody has put into words: its estimate as its scale reads."""
    if words_of(fact.get("scale")).startswith("log"):
        middle, low, high = (None if v is None else _relative(v) for v in found)
        ends = f" ({ranged(_signed(low), _signed(high))})" if low is not None and high is not None else ""
        return _signed(middle) + ends
    ends = f" ({number(found.low)} to {number(found.high)})" if found.low is not None else ""
    return number(found.median) + ends


def _reader(fact: Mapping) -> Callable[[float], float]:
    """From the fact's scale to a relative change: an elasticity as what 10 % more of the cause does."""
    ten = words_of(fact.get("scale")) == "elasticity"
    return (lambda v: _relative(v * math.log(1.1))) if ten else _relative


def _relative(logs: float) -> float:
    """A relative change to a hundredth of a per cent: less is nothing to a shop."""
    return round(math.expm1(max(-STEEP, min(STEEP, logs))), 4)


def _turned(found: Span) -> Span:
    return Span(-found.median, *(None if v is None else -v for v in (found.high, found.low)))


def _ends(found: Span, show: Callable[[float], str]) -> str:
    if found.low is None or found.high is None:
        return ""
    return f" ({ranged(*map(show, sorted((abs(found.low), abs(found.high)))))})"


def _signed(value: float) -> str:
    return percent(value, 2, signed=True)
