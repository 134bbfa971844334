"""Sentences about what to do and who gains: levers, first push, barrier, outcomes."""

from __future__ import annotations

from collections.abc import Mapping

from gearwheel.show import figures
from gearwheel.show.bars import lever_change
from gearwheel.show.figures import amount, between, chance, percent, year_words
from gearwheel.show.own_verdict import NO, OPEN, turning
from gearwheel.show.phrases import (
    conjoined,
    interval,
    unknown,
    variable_words,
)
from gearwheel.show.values import (
    Span,
    at,
    decimal_year,
    listing,
    loop_name,
    mapping,
    real,
    span,
    words_of,
)

_RANK = ("promising", "worth testing", "open", "no gain")


def _best_levers(results: dict) -> list[tuple[dict, Span]]:
    known = [
        (e, found)
        for e in map(mapping, listing(at(results, "levers", "effects")))
        if (found := span(e.get("effect"))) is not None
    ]
    # A large effect that may well be a loss is no promise, and one that rests on beliefs is to be tested first.
    return sorted(known, key=lambda pair: (_RANK.index(standing(pair[0])), -pair[1].median))


def standing(effect: Mapping) -> str:
    """What the step deserves to be called: "promising", "worth testing", "open" or "no gain"."""
    said = words_of(effect.get("advice"))
    if said in _RANK:
        return said
    better = real(effect.get("probability_better")) or 0.0  # results of an earlier version
    return "promising" if better >= 0.8 else "open"


def best_lever(results: dict) -> Mapping | None:
    """The lever that the headline is about: the one with the largest likely gain, those that data support first."""
    known = _best_levers(results)
    return known[0][0] if known and known[0][1].median > 0 else None


def levers_by_effect(results: dict) -> list[dict]:
    """The levers with a known effect, the largest first."""
    return [effect for effect, _ in sorted(_best_levers(results), key=lambda pair: -abs(pair[1].median))]


def outcome_words(results: dict) -> str:
    """'free cash after 5 years'."""
    about = mapping(mapping(results).get("levers"))
    name = variable_words(results, about.get("outcome")) if about.get("outcome") else "the outcome"
    horizon = real(about.get("horizon"))
    unit = words_of(at(results, "wheel", "unit"), "period")
    if horizon is None:
        return name
    over = "summed over" if words_of(about.get("how")) == "cumulated" else "after"
    return f"{name} {over} {amount(horizon, unit)}"


def without_levers(results: dict) -> bool:
    """Did the run find nothing that the business may set, or no outcome to judge it by?"""
    return "levers" in mapping(results) and mapping(results)["levers"] is None


def levers(results: dict) -> str:
    if without_levers(results):
        return "This wheel has no lever that the business may set, or no outcome to judge one by."
    known = _best_levers(results)
    if not known:
        return unknown("What the levers would do")
    effect, found = known[0]
    unit = words_of(at(results, "levers", "unit"))
    title = words_of(effect.get("title")) or words_of(effect.get("lever"), "a lever").replace("_", " ")
    change = lever_change(effect)
    way = ", the other way: lowering it helps" if effect.get("direction") == "down" else ""
    odds = real(effect.get("probability_better"))
    doubt = f", {chance(odds)} chance that it is better than doing nothing" if odds is not None else ""
    if odds is not None and 0.35 < odds < 0.65:
        return f"No lever tried stands out: even {title} is as likely to lower {outcome_words(results)} as to raise it."
    if found.median <= 0:
        return f"No lever tried is expected to improve {outcome_words(results)}; the least bad is {title}."
    first = real(effect.get("probability_best"))
    among = (
        f" Of all levers it is the best in {chance(first)} of draws." if first is not None and len(known) > 1 else ""
    )
    head = "Worth testing" if standing(effect) == "worth testing" else "The most promising lever"
    return (
        f"{head} is {title}{f' ({change})' if change else ''}{way}: {amount(found.median, unit, signed=True)} in {outcome_words(results)} "
        f"({interval(found, lambda v: amount(v, unit, signed=True))}{doubt}){size_words(results, effect)}{belief_words(effect)}.{among}{_too_short(results)}{exploding(mapping(results).get('levers'))}"
    )


def size_words(results: dict, about: Mapping) -> str:
    """'; customers at the end −2 % (−4 % to +1 %)', said louder where a gain now costs them later; "" if not known."""
    change = span(at(about, "size", "change"))
    if change is None:
        return ""
    name = variable_words(results, at(about, "size", "name"))
    shown = f"{name} at the end {percent(change.median, signed=True)} ({between(change, lambda v: percent(v, signed=True))})"
    return f"; a gain now that costs {name} later: {shown}" if about.get("costs_later") is True else f"; {shown}"


def belief_words(about: Mapping) -> str:
    """'; 93 % of it rests on priors'."""
    share = real(about.get("belief_share"))
    return "" if share is None else f"; {percent(share)} of it rests on priors"


def exploding(about: object) -> str:
    """Where a few draws of the present plan explode: what the far ends of ranges are worth."""
    if mapping(about).get("explodes") is not True:
        return ""
    return " In a few draws the wheel explodes before the horizon ends, so the far ends of these ranges say nothing."


def _too_short(results: dict) -> str:
    """Where the slowest loop comes round later than the horizon lets it show."""
    about = mapping(mapping(results).get("levers"))
    delay, horizon = real(at(about, "longest_delay", "years")), real(about.get("horizon"))
    if delay is None or horizon is None or 2 * delay <= horizon:
        return ""
    named = {words_of(mapping(one).get("name")): loop_name(one) for one in listing(mapping(results).get("loops"))}
    loop = words_of(at(about, "longest_delay", "loop"))
    return f" The loop {named.get(loop, loop)} takes {amount(delay, 'year')} to come round, so part of what the step sets going comes after this horizon."


def lever(results: dict, effect: dict) -> str:
    effect = mapping(effect)
    found = span(effect.get("effect"))
    title = words_of(effect.get("title")) or words_of(effect.get("lever"), "A lever").replace("_", " ")
    if found is None:
        return words_of(effect.get("sentence")) or f"What {title} would do is not known."
    unit = words_of(at(results, "levers", "unit"))
    named = {words_of(mapping(one).get("name")): loop_name(one) for one in listing(mapping(results).get("loops"))}
    through = [named.get(words_of(x), words_of(x)) for x in listing(effect.get("through")) if words_of(x)]
    tail = f", mostly through {conjoined(through)}" if through else ""
    dollar = span(effect.get("per_dollar"))
    paid = f"; {figures.number(dollar.median, 2)} per unit of money spent" if dollar is not None else ""
    return f"{title} {lever_change(effect)}: {amount(found.median, unit, signed=True)} ({between(found, lambda v: amount(v, unit, signed=True))}){size_words(results, effect)}{belief_words(effect)}{tail}{paid}{_rest(effect, unit)}."


def _rest(effect: dict, unit: str) -> str:
    """The elasticity, and what a step the other way would do."""
    parts = ""
    elastic = span(effect.get("elasticity"))
    if elastic is not None:
        parts += f"; 1 % more of it changes the outcome by {figures.number(elastic.median, 2, True)} %"
    other = mapping(effect.get("other"))
    back = span(other.get("effect"))
    if back is not None:
        change = lever_change({**other, "unit": effect.get("unit")})
        parts += f"; the other way ({change}): {amount(back.median, unit, signed=True)}"
    return parts


def critical_mass(results: dict) -> str:
    about = mapping(mapping(results).get("critical_mass"))
    answer = words_of(about.get("answer"))
    if not answer:
        return unknown("Whether the wheel needs a first push")
    start = decimal_year(about.get("at"))
    when = f" from its start in {year_words(start)}" if start is not None else " from its start"
    scale = span(about.get("scale"))
    odds = {k: real(v) for k, v in mapping(about.get("shares")).items()}
    told = ", ".join(
        f"{name}: {chance(odds[name])} of draws"
        for name in ("none needed", "a push", "no push suffices")
        if odds.get(name) is not None
    )
    # Whether it turns is one value; a push that was not needed does not say that it turns.
    head = {
        OPEN: "The data cannot tell whether the wheel turns; if it does, ",
        NO: "The wheel does not turn now; by its fit, ",
    }.get(turning(results).answer, "By its fit, ")
    core = head + {
        "none needed": f"it needed no push{when}",
        "a push": f"it needed a push{when}",
        "no push suffices": f"no push would have been enough{when}",
    }.get(answer, f"whether it needed a push{when} is not settled")
    size = ""
    if scale is not None and answer in ("a push", "mixed"):
        factor = f"{figures.number(scale.median, 2)} times the start it had ({between(scale, lambda v: figures.number(v, 2))})"
        size = f" Where one was needed, it took {factor}."
        if scale.high is not None and scale.high <= 1:
            size = f" Where there was a threshold, it lay at {factor}: the actual start was past it."
    return f"{core}{f' ({told})' if told else ''}.{size}"


def critical_rest(results: dict) -> str:
    """Which gears were open, and how much of the answer is belief."""
    about = mapping(mapping(results).get("critical_mass"))
    closed = [words_of(g).replace("_", " ") for g in listing(about.get("closed_gears"))]
    share = real(about.get("belief_share"))
    parts = []
    if closed:
        parts.append(f"Not yet open at that date: {conjoined(closed)}.")
    if share is not None:
        parts.append(f"{percent(share)} of this answer rests on beliefs that the data did not move.")
    return " ".join(parts)


def barrier(results: dict) -> str:
    about = mapping(mapping(results).get("barrier"))
    with_habit, without = span(about.get("with_habit")), span(about.get("without_habit"))
    if with_habit is None:
        return words_of(about.get("sentence")) or unknown("The height of the barrier against a rival")
    size = at(results, "wheel", "size")
    halved = variable_words(results, size) if size else "the wheel's size"
    said = f"A rival would have to undercut by {percent(with_habit.median)} ({between(with_habit, percent)}) to halve {halved} in two years"
    never = real(at(about, "with_habit", "no cut suffices")) or 0.0
    beyond = f" In {chance(never)} of draws no cut suffices." if never > 0 else ""
    if without is None:
        return f"{said}.{beyond}"
    other = f"{percent(without.median)} ({between(without, percent)})"
    if None in (with_habit.low, with_habit.high, without.low, without.high):
        return f"{said}; without habit by {other}.{beyond}"
    if with_habit.low > without.high or with_habit.high < without.low:
        word = "raises" if with_habit.median > without.median else "lowers"
        return f"{said}; habit {word} that barrier from {other}.{beyond}"
    return f"{said}; without habit by {other}. The two ranges overlap, so what habit adds is open.{beyond}"


def outcomes(results: dict) -> str:
    """Whether all sides gain."""
    rising, falling, unsure = [], [], []
    for name, one in mapping(mapping(results).get("outcomes")).items():
        one = mapping(one)
        medians = [v for v in map(real, listing(one.get("median"))) if v is not None]
        if len(medians) < 2:
            continue
        title = (words_of(one.get("title")) or words_of(name).replace("_", " ")).lower()
        lows, highs = ([v for v in map(real, listing(one.get(k))) if v is not None] for k in ("low", "high"))
        if lows and highs and lows[-1] < medians[0] < highs[-1]:
            unsure.append(title)
        else:
            (rising if medians[-1] >= medians[0] else falling).append(title)
    if not rising + falling + unsure:
        return unknown("Whether customers and sellers gain too")
    parts = []
    if rising:
        parts.append(f"{conjoined(rising)} rise{'s' * (len(rising) == 1)}")
    if falling:
        parts.append(f"{conjoined(falling)} fall{'s' * (len(falling) == 1)}")
    if unsure:
        parts.append(f"on {conjoined(unsure)} even the direction is open")
    said = conjoined(parts)
    win = (
        "On this wheel it is win-win so far as it was computed"
        if not falling and not unsure
        else "“Win-win” is not established here"
    )
    return f"{win}: over the horizon {said}."
