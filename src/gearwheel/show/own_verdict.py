"""Whether the wheel of one's own business turns at all: a loop is as strong as its weakest link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gearwheel.show.figures import in_words, number
from gearwheel.show.own_plan import loop_words
from gearwheel.show.phrases import OTHER_WAY, STILL, TURNS, UNSURE, conjoined, variable_words
from gearwheel.show.values import at, listing, mapping, on_beliefs, span, words_of

BROKEN, OPEN, UNTESTED = "broken", "open", "untested"
GROWS, SHRINKS = "grows", "shrinks"
NO, UNKNOWN = "does not turn", "not known"


class LoopVerdict(NamedTuple):
    """`state`: turns, broken, open, or untested where no link on it has a strength; `links` are those behind that."""

    loop: Mapping
    state: str
    links: tuple[Mapping, ...]


def links_on(results: dict, loop: Mapping) -> list[Mapping]:
    """The tested links that the loop runs through: cause and effect follow each other on it."""
    stops = [words_of(v) for v in listing(loop.get("links"))]
    steps = set(zip(stops, stops[1:] + stops[:1]))
    links = map(mapping, mapping(results.get("links")).values())
    return [v for v in links if (words_of(v.get("cause")), words_of(v.get("effect"))) in steps]


def loop_verdict(results: dict, loop: Mapping) -> LoopVerdict:
    """Broken where one link does not turn or turns the other way, turning where all turn, else open."""
    links = links_on(results, loop)
    for state, verdicts in ((BROKEN, (STILL, OTHER_WAY)), (OPEN, (UNSURE,))):
        behind = tuple(v for v in links if words_of(v.get("verdict")) in verdicts)
        if behind:
            return LoopVerdict(loop, state, behind)
    turning = tuple(v for v in links if words_of(v.get("verdict")) == TURNS)
    return LoopVerdict(loop, TURNS, turning) if turning else LoopVerdict(loop, UNTESTED, ())


def loop_verdicts(results: dict) -> list[LoopVerdict]:
    """Of the named loops that can drive a wheel: all but the balancing ones."""
    loops = [one for one in map(mapping, listing(results.get("loops"))) if one and words_of(one.get("polarity")) != "B"]
    return [loop_verdict(results, one) for one in loops]


def loop_state(results: dict, loop: Mapping) -> str:
    """A loop's verdict in a few words."""
    found = loop_verdict(results, loop)
    if found.state == BROKEN:
        return f"broken at {_ends(results, [found])}"
    count = len(links_on(results, loop))
    if found.state == OPEN:
        one = (
            "its only tested link"
            if count == 1
            else f"{in_words(len(found.links))} of its {in_words(count)} tested links"
        )
        return f"open on {one}"
    return "supported on every tested link" if found.state == TURNS else "no link on it has a strength to test"


class Turning(NamedTuple):
    """Whether the wheel turns: one value, which every sentence about it follows. `answer` is "turns", "does not turn",
    "open" or "not known"; `drive` what the data make of its loops (turns, broken, open, untested); `growth` of its
    size when left to itself: grows, shrinks, open (the 90 % interval holds 0), or not known."""

    answer: str
    drive: str
    growth: str


def turning(results: dict) -> Turning:
    """It turns where the data support every tested link of a loop that drives it, and it does not shrink; it does not
    where it shrinks, or where every loop is broken. Where a loop is supported and growth is open, so is the answer."""
    states = [v.state for v in loop_verdicts(results)]
    drive = next((s for s in (TURNS, OPEN, BROKEN) if s in states), UNTESTED)
    speed = span(at(results, "speed"))
    growth = UNKNOWN
    if speed is not None and speed.low is not None and speed.high is not None:
        growth = GROWS if speed.low > 0 else SHRINKS if speed.high < 0 else OPEN
    if drive == UNTESTED or on_beliefs(results):
        answer = UNKNOWN
    elif growth == SHRINKS or drive == BROKEN:
        answer = NO
    else:
        answer = TURNS if drive == TURNS and growth != OPEN else OPEN
    return Turning(answer, drive, growth)


def wheel_verdict(results: dict) -> str:
    """Whether it turns, in words that claim no more than the value carries."""
    value = turning(results)
    found = [v for v in loop_verdicts(results) if v.state != UNTESTED]
    if value.drive == UNTESTED:
        return "Whether the business turns as a flywheel is not known: no loop of it has a link that was tested."
    if value.answer == UNKNOWN:
        return "Whether the business turns as a flywheel is not known: nothing was fitted, and every link stands on belief."
    of = {state: [v for v in found if v.state == state] for state in (TURNS, BROKEN, OPEN)}
    names = conjoined([loop_words(v.loop) for v in of[TURNS]])
    if value.answer == TURNS:
        return f"It turns: the data support every tested link of {names}{_rest(of)}.{_alone(of[TURNS])}"
    broken = f"{in_words(len(of[BROKEN]))} broken ({_ends(results, of[BROKEN])}), " if of[BROKEN] else ""
    count = f"of {in_words(len(found))} loop{'s' * (len(found) != 1)} that could drive it"
    if value.drive == BROKEN:
        reason = f"{_all(len(found))} broken at a link that does not turn as claimed ({_ends(results, of[BROKEN])})"
        if value.growth == GROWS:
            reason += ". What grows, grows for other reasons"
        return f"It does not turn as a flywheel here: {reason}."
    open_ = f"{count}, none has all its links supported, {broken}{in_words(len(of[OPEN]))} open"
    supported = f"the data support every tested link of {names}{_rest(of)}"
    if value.answer == NO:
        return f"It does not turn now, since left to itself it shrinks: {supported + ', which is not enough' if of[TURNS] else open_}."
    if of[TURNS]:
        return f"The data cannot tell whether it turns: {supported.replace('the data ', 'they ', 1)}, and leave open whether it grows."
    grows = "it grows, but " if value.growth == GROWS else ""
    return f"The data cannot tell whether it turns: {grows}{open_}."


def _alone(turning: list[LoopVerdict]) -> str:
    """Whether a loop that turns is strong enough to keep itself going, which is more than that it turns."""
    gains = [(v, gain) for v in turning if (gain := span(v.loop.get("gain"))) is not None]
    if not gains:
        return ""
    keep = [loop_words(v.loop) for v, gain in gains if gain.low is not None and gain.low > 1]
    if keep:
        return f" Strong enough to keep itself going: {conjoined(keep)}."
    if all(gain.high is not None and gain.high < 1 for _, gain in gains):
        largest = max(gain.median for _, gain in gains)
        few = "It is" if len(gains) == 1 else "None of them is"
        return f" {few} {'not ' if len(gains) == 1 else ''}strong enough to keep itself going (largest gain {number(largest, 2)}, where 1 is needed)."
    return " Whether that is strong enough to keep itself going is open."


def _all(count: int) -> str:
    return (
        "the only loop that could drive it is" if count == 1 else f"all {in_words(count)} loops that could drive it are"
    )


def _rest(of: Mapping[str, list]) -> str:
    parts = [f"{in_words(len(of[s]))} {'is' if len(of[s]) == 1 else 'are'} {s}" for s in (BROKEN, OPEN) if of[s]]
    return f"; {conjoined(parts)}" if parts else ""


def _ends(results: dict, found: list[LoopVerdict]) -> str:
    names = dict.fromkeys(
        f"{variable_words(results, v.get('cause'))} → {variable_words(results, v.get('effect'))}"
        for one in found
        for v in one.links
    )
    return conjoined(list(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
