"""How a declared link stands after the fit, and which sign a picture may draw for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gearwheel.show.phrases import OTHER_WAY, STILL, TURNS
from gearwheel.show.values import at, mapping, on_beliefs, words_of

SHOWN, OPEN, NO_EFFECT, CLAIMED, DEFINED = "shown", "open", "no effect", "claimed", "defined"
_SIGNS = ("+", "-")


@dataclass(frozen=True)
class Standing:
    """`standing` of a link: SHOWN where the data show an effect, OPEN where they cannot tell, NO_EFFECT where they show
    that there is none, CLAIMED where nothing was measured. `claimed` is its polarity in the file."""

    standing: str = DEFINED
    claimed: str = "?"
    reversed: bool = False

    def sign(self, edge: dict) -> str:
        """The sign to draw: what the data show, else the claim, never the sign of a median that they leave open."""
        if self.standing == NO_EFFECT:
            return "0"
        if self.claimed in _SIGNS:
            return self.claimed if not self.reversed else "-" if self.claimed == "+" else "+"
        measured = words_of(edge.get("polarity"))
        return measured if self.standing == SHOWN and measured in _SIGNS else "?"


def standings(results: dict) -> dict[str, Standing]:
    """The standing of each link that has a strength to test. A link without one is a definition and is not here."""
    measured = not on_beliefs(results)
    found = {}
    for name, one in mapping(at(results, "links")).items():
        verdict = words_of(mapping(one).get("verdict"))
        standing = CLAIMED
        if verdict and measured:
            standing = {TURNS: SHOWN, OTHER_WAY: SHOWN, STILL: NO_EFFECT}.get(verdict, OPEN)
        claimed = words_of(mapping(one).get("polarity"))
        reverse = standing == SHOWN and verdict == OTHER_WAY
        found[str(name)] = Standing(standing, claimed if claimed in _SIGNS else "?", reverse)
    return found


def together(standing: Iterable[str]) -> str:
    """The standing of a chain: a link without effect breaks it, else its least certain link decides; definitions do not
    count."""
    found = set(standing)
    return next((one for one in (NO_EFFECT, OPEN, CLAIMED, SHOWN) if one in found), DEFINED)
