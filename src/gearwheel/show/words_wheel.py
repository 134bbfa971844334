"""Sentences about the wheel itself: its gears, speed, loops and links."""

from __future__ import annotations

from gearwheel.show import figures
from gearwheel.show.figures import amount, between, in_words, percent
from gearwheel.show.gear_state import unfitted_said
from gearwheel.show.phrases import (
    OTHER_WAY,
    STILL,
    TURNS,
    UNSURE,
    conjoined,
    in_gear,
    interval,
    rate,
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
    on_beliefs,
    real,
    span,
    words_of,
)
from gearwheel.show.words_verdicts import behind_unsure

TIED = 0.5  # correlation from which two strengths are said to be hard to tell apart


def wheel(results: dict) -> str:
    """What the picture shows."""
    gears = mapping(at(results, "wheel", "gears"))
    if not gears:
        return unknown("Which gears this wheel has")
    named = conjoined([str(g).replace("_", " ") for g in gears])
    count = in_words(len(gears)).capitalize()
    said = f"{count} gear{'s' * (len(gears) != 1)} turn{'s' * (len(gears) == 1)} one wheel: {named}."
    return " ".join(filter(None, (said, unfitted_said(results, [str(g) for g in gears]))))


def speed(results: dict) -> str:
    """How fast the wheel turns."""
    found = span(at(results, "speed"))
    if found is None and not at(results, "wheel", "size") and "speed" in mapping(results):
        return "How fast the wheel turns is not known: it names no size, the stock by which growth is judged."
    if found is None:
        return unknown("The speed of the wheel")
    per = words_of(at(results, "speed", "unit"), "per year")
    size = variable_words(results, at(results, "wheel", "size")) if at(results, "wheel", "size") else "the wheel's size"
    when = decimal_year(at(results, "speed", "at"))
    dated = f" (as of {figures.year_words(when)})" if when is not None else ""
    verb = "grows" if found.median > 0 else "shrinks"
    doubt = ""
    if found.low is not None and found.high is not None and found.low <= 0 <= found.high:
        judge = "beliefs" if on_beliefs(results) else "data"
        doubt = f" The {judge} leave open whether it grows at all."
    pace = rate(abs(found.median), per)
    return f"Left to itself the wheel {verb} by {pace} in {size}{dated}, {interval(found, lambda v: percent(v, signed=True))}.{doubt}"


def speed_levers(results: dict) -> str:
    """Which parameters the speed depends on most."""
    pairs = [(k, real(v)) for k, v in mapping(at(results, "speed", "sensitivity")).items()]
    pairs = sorted([(k, v) for k, v in pairs if v], key=lambda p: -abs(p[1]))[:3]
    if not pairs:
        return "Which parameters the speed depends on was not computed."
    per = words_of(at(results, "speed", "unit"), "per year")
    # A derivative to ln(parameter) times ln(1.1) is what 10 % more of it does.
    told = [
        f"{variable_words(results, k)} ({figures.number(9.53 * v, 2, True)} percentage points {per} for 10 % more of it)"
        for k, v in pairs
    ]
    return f"It depends most on {conjoined(told)}."


def feedback(results: dict) -> str:
    found = span(mapping(results).get("feedback_rate"))
    if found is None:
        return ""
    return f"The fastest self-sustaining motion of its feedback core runs at {percent(found.median, signed=True)} ({between(found, lambda v: percent(v, signed=True))}) per year."


def loops(results: dict) -> str:
    """Which loops carry the change, over the whole time and now."""
    known = _by_share(results)
    if not known:
        return unknown("Which loops carry the wheel")
    told = [f"{loop_name(loop)} ({percent(found.median, signed=True)}{_now(loop)})" for loop, found in known[:3]]
    count = real(at(results, "loop_count", "found"))
    found = (
        f", of {count:,.0f} loops found"
        if count and at(results, "loop_count", "complete")
        else f", of at least {count:,.0f} loops"
        if count
        else ""
    )
    verb = f"carr{'ies' if len(told) == 1 else 'y'} the largest share{'s' * (len(told) > 1)} of the change"
    return f"{conjoined(told)} {verb} among the named loops, in the {share_mean(results)}{found}."


def share_mean(results: dict) -> str:
    """'mean over 1995 to 2025': what the share of a loop is, so that nobody takes it for the present one."""
    times = [real(t) for one in named_loops(results) for t in listing(at(one, "share_over_time", "time"))]
    times = [t for t in times if t is not None]
    if not times:
        return "mean over time"
    first, last = figures.year_words(min(times)), figures.year_words(max(times))
    return f"mean over {first} to {last}" if first != last else f"mean over {first}"


def _now(one: dict) -> str:
    now = span(one.get("share_now"))
    return f"; now {percent(now.median, signed=True)}" if now is not None else ""


def _by_share(results: dict) -> list[tuple[dict, Span]]:
    known = [(one, found) for one in named_loops(results) if (found := span(one.get("share"))) is not None]
    return sorted(known, key=lambda pair: -abs(pair[1].median))


def named_loops(results: dict) -> list:
    return [loop for loop in map(mapping, listing(mapping(results).get("loops"))) if loop]


def loop(results: dict, one: dict) -> str:
    """One named loop: kind, gain, delay and share."""
    one = mapping(one)
    reinforces = words_of(one.get("polarity")) == "R"
    kind = {"R": "reinforces", "B": "balances", "changes": "reinforces at some times and balances at others"}
    verb = kind.get(words_of(one.get("polarity")), "has a polarity that is not known")
    gain, delay, share = (span(one.get(key)) for key in ("gain", "delay", "share"))
    parts = [f"{loop_name(one)} {verb}"]
    if gain is not None:
        alone = "would sustain itself" if gain.median > 1 else "would not sustain itself"
        if gain.low is not None and gain.high is not None and gain.low <= 1 <= gain.high:
            alone = "may or may not sustain itself"
        ends = f"; alone it {alone}" if reinforces else ""  # a brake sustains nothing, whatever its gain
        parts.append(
            f"has a gain of {figures.number(gain.median, 2)} ({between(gain, lambda v: figures.number(v, 2))}{ends})"
        )
    if delay is not None:
        parts.append(
            f"takes about {amount(delay.median, words_of(at(results, 'wheel', 'unit')), digits=2)} to come round"
        )
    if share is not None:
        parts.append(f"carries {percent(share.median, signed=True)} of the change ({share_mean(results)}{_now(one)})")
    if len(parts) == 1 and words_of(one.get("sentence")):
        return words_of(one.get("sentence"))
    first = f"{parts[0]}" if len(parts) == 1 else f"{parts[0]}, {conjoined(parts[1:])}"
    return first + "."


def strongest_loops(results: dict) -> list[dict]:
    """The three named loops with the largest share, mean over time."""
    return [one for one, _ in _by_share(results)[:3]]


def verdict_counts(results: dict) -> dict[str, int]:
    counts = dict.fromkeys((TURNS, OTHER_WAY, STILL, UNSURE), 0)
    for link in mapping(mapping(results).get("links")).values():
        verdict = words_of(mapping(link).get("verdict"))
        if verdict in counts:
            counts[verdict] += 1
    return counts


def verdicts(results: dict) -> str:
    """How many of the claimed links the data support."""
    counts = verdict_counts(results)
    total = sum(counts.values())
    if not total:
        return "Which links the data support is not known: nothing has been fitted yet."
    if on_beliefs(results):
        return f"Nothing is measured yet: all {in_words(total)} claimed links stand on belief, and each awaits a record or an experiment."
    parts = [f"{in_words(counts[TURNS])} turn{'s' * (counts[TURNS] < 2)} as claimed"]
    if counts[OTHER_WAY]:
        parts.append(f"{in_words(counts[OTHER_WAY])} turn{'s' * (counts[OTHER_WAY] == 1)} the other way")
    if counts[STILL]:
        parts.append(f"{in_words(counts[STILL])} do{'es' * (counts[STILL] == 1)} not turn here")
    return f"Of {in_words(total)} claimed link{'s' * (total != 1)}, {conjoined(parts)}; on {in_words(counts[UNSURE])} the data cannot tell.{behind_unsure(results)}"


def link(results: dict, one: dict) -> str:
    """One link's verdict with its numbers, and the experiment that would tell where the data cannot."""
    one = mapping(one)
    ends = f"{in_gear(results, one.get('cause'))} → {in_gear(results, one.get('effect'))}"
    verdict = words_of(one.get("verdict"))
    median, low, high = (real(at(one, "posterior", key)) for key in ("median", "q05", "q95"))
    shown = f"strength {figures.number(median)}" if median is not None else "strength not known"
    if low is not None and high is not None:
        shown += f" (90 % interval {figures.number(low)} to {figures.number(high)}, no effect at {figures.number(real(one.get('neutral')) or 0.0)})"
    if verdict in (TURNS, OTHER_WAY):
        return f"{ends} {verdict}: {shown}."
    if verdict == STILL:
        return f"{ends} does not turn here: {shown}, too small to matter."
    if verdict == UNSURE:
        tied = mapping(one.get("correlated_with"))
        r = real(tied.get("r"))
        because = (
            f" It cannot be told apart from {variable_words(results, tied.get('parameter'))} (correlation {figures.number(r, 2)})."
            if r is not None and abs(r) >= TIED
            else ""
        )
        test = words_of(one.get("experiment"))
        return f"{ends}: the data cannot tell, {shown}.{because}" + (f" What would tell: {test}." if test else "")
    return words_of(one.get("sentence")) or f"{ends}: not tested."
