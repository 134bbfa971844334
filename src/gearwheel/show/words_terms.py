"""Sentences about terms: the best setting and how sure, what is flat, what a saving returns, what members are worth."""

from __future__ import annotations

from gearwheel.show.figures import amount, between, chance, number, percent
from gearwheel.show.values import at, listing, mapping, real, span, words_of

HALF = 0.5  # of the draws


def amounts(found, unit: str, signed: bool = True) -> str:
    """'+USD 5.6 bn (USD 4.2 bn to USD 7.1 bn)'."""
    middle = amount(found.median, unit, signed=signed)
    return f"{middle} ({between(found, lambda x: amount(x, unit, signed=signed))})"


def terms(found: dict) -> list[str]:
    """One sentence or two for each term, then what the answer leaves out."""
    if found.get("timings"):
        return [passed(found)]
    said = [term(found, mapping(one)) for one in listing(found.get("terms"))]
    for name in listing(found.get("not_booked")):
        said.append(f"Beware: the wheel does not book {name} into {found['outcome']}, so dear terms look too good.")
    drawn = listing(found.get("drawn_from_ranges"))
    if drawn:
        said.append(
            f"Nothing in the record says how these act, so they are drawn from their published or judged ranges: "
            f"{', '.join(words_of(n).rsplit('.', 1)[-1] for n in drawn)}."
        )
    return said


def term(found: dict, one: dict) -> str:
    """The best setting of one term, in words."""
    title, unit = words_of(one.get("title")), words_of(one.get("unit"))
    best = mapping(one.get("best"))
    if not best:
        return f"{title}: no setting changes {words_of(found.get('outcome'))}."
    unit = unit.split("/")[0]  # "USD 300", not "USD 300 per customer and year": the title says what it is
    gain = span(best.get("gain"))
    setting, present = real(best.get("setting")), real(one.get("present"))
    now, before = f"now {amount(present, unit)}", tried_before(one, unit)
    if best.get("at_end") or max(real(best.get(f"share_at_{end}_limit")) or 0.0 for end in ("low", "high")) >= HALF:
        # the gain at an end says how far was tried, so it is not told as if it were a find
        said = (
            f"{title}: no advice here: the best lies at the end of what was tried, {amount(setting, unit)}, and the wheel "
            f"knows no brake there ({'; '.join(filter(None, (now, before)))})."
        )
    else:
        low, high = listing(best.get("within_1_percent"))
        beyond = ", which this business has not tried yet," if before and not was_tried(one, setting) else ","
        said = (
            f"{title}: best at {amount(setting, unit)}{beyond} {'; '.join(filter(None, (now, before)))}; that gains "
            f"{amounts(gain, found['unit']) if gain else 'not known'} over {amount(found['years'], 'year')} and is better than "
            f"now with a probability of {chance(real(best.get('probability_better')))}. From {amount(low, unit)} to "
            f"{amount(high, unit)} the outcome is within 1 % of the best."
        )
    alone, without = mapping(one.get("break_even_without")), span(found.get("without"))
    if without and (real(alone.get("share_of_draws")) or 0) >= HALF and one["term"] == found["terms"][0]["term"]:
        said += (
            f" Without any such offer the outcome would change by {amounts(without, found['unit'])}; the offer breaks even "
            f"against none at {amounts(span(alone['setting']), unit, signed=False)}."
        )
    belief = real(best.get("belief_share"))
    if belief is not None:
        said += f" {percent(belief)} of what this hangs on is belief, not data."
    return said


def was_tried(one: dict, setting: float | None) -> bool:
    """Whether the business has had this setting, or a lower and a higher one; also where the past is not known."""
    had = [real(v) for v in listing(one.get("tried_before"))]
    return len(had) != 2 or None in (*had, setting) or had[0] - 1e-9 <= setting <= had[1] + 1e-9


def better(setting: dict) -> str:
    """The chance that a setting is better than now; one that changes nothing in any draw is no worse."""
    effect = span(setting.get("effect"))
    if effect is not None and (effect.low, effect.high) == (0.0, 0.0):
        return "as now"
    return chance(real(setting.get("probability_better")))


def tried_before(one: dict, unit: str) -> str:
    """'in the past USD 79 to USD 139', 'never another in the past', '' where the past is not known."""
    had = [real(v) for v in listing(one.get("tried_before"))]
    if len(had) != 2 or None in had:
        return ""
    low, high = (amount(v, unit) for v in had)
    return f"in the past {low} to {high}" if low != high else "never another in the past"


def passed(found: dict) -> str:
    """What passing a saving on does and returns, in words."""
    saving = mapping(found.get("saving"))
    now = mapping(listing(found.get("timings"))[0])
    whole = mapping(listing(now.get("settings"))[-1])
    gain, returned = span(whole.get("against_keeping")), span(whole.get("returned"))
    unit, years = found["unit"], amount(found["years"], "year")
    best, most = span(now.get("best")), (real(now.get("all_is_best")) or 0.0) >= HALF
    return (
        (
            f"Of a saving of {percent(saving.get('share'))} on {words_of(saving.get('of'))}, giving all to price at once "
            f"instead of keeping it changes {words_of(found.get('outcome'))} by "
            f"{amounts(gain, unit)} over {years} and is better with a "
            f"probability of {chance(real(whole.get('probability_better')))}. The loop returns "
            f"{amounts(returned, unit)} by what is sold more. "
            f"Best is to pass on {percent(best.median)} ({between(best, percent)})."
            + (" That is the most that was tried; the wheel knows no brake there." if most else "")
        )
        if gain and returned and best
        else "What passing the saving on does is not known."
    )


def effect(found: dict) -> list[str]:
    """What the events say about a membership's effect, in words."""
    naive = span(at(found, "naive", "orders", "ratio"))
    said = (
        [
            f"Members order {number(naive.median)} times as much as others ({between(naive, number)}). That holds who joins "
            f"and what joining does; it is no effect."
        ]
        if naive
        else []
    )
    for one in [*listing(found.get("experiments")), *listing(found.get("dated"))]:
        ratio = span(mapping(one).get("ratio"))
        design = "by an experiment" if one["design"] == "experiment" else "by a dated change, so observational"
        said.append(
            f"As a member one orders {number(ratio.median)} times as much ({between(ratio, number)}), {design}: {one['how']}."
        )
    bounds = span({**mapping(found.get("bounds")), "median": at(found, "bounds", "low")})
    if found.get("answer") == "bounds" and bounds:
        said.append(
            f"There is no experiment and no dated change that tells. If {found['assumption']}, the effect lies between "
            f"{number(bounds.low)} and {number(bounds.high)} times; these are bounds, no estimate. Offer the membership "
            f"for nothing to customers drawn at random to know."
        )
    before = mapping(found.get("before_after"))
    if before:
        said.append(
            f"Members ordered {number(at(before, 'ratio', 'median'))} times as much after joining as before, others in the "
            f"same weeks set against it. Descriptive and too high: people join when they plan to buy."
        )
    return said + [f"{note}." for note in listing(found.get("notes"))]


def past(found: dict) -> list[str]:
    """What each past change of the fee did, by the wheel."""
    said = []
    for one in listing(found.get("past")):
        gain = span(one.get("effect"))
        members = span(at(one, "shown", "members", "relative"))
        if gain and members:
            said.append(
                f"{words_of(one.get('date'))[:4]}, {number(one['from'])} to {number(one['to'])}: over {amount(one['years'], 'year')} "
                f"{amounts(gain, found['unit'])}, better than leaving the "
                f"fee with a probability of {chance(real(one.get('probability_better')))}; members end "
                f"{percent(members.median - 1, signed=True)} ({between(members, lambda x: percent(x - 1, signed=True))})."
            )
    return said


def selection(found: dict) -> str:
    """Who joins against what joining does, where there is a survey."""
    one = mapping(found.get("selection"))
    surveys = listing(one.get("survey"))
    held, left = span(one.get("effect")), span(one.get("left_to_selection"))
    if not surveys or held is None or left is None:
        return ""
    latest = surveys[-1]
    return (
        f"In a survey of {latest['year']} members spent {number(latest['ratio'])} times what others did. That is an upper "
        f"bound on what a membership does. The wheel holds {number(held.median)} times ({between(held, number)}) for the "
        f"effect, and so {number(left.median)} times ({between(left, number)}) for who joins."
    )
