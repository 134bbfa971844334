"""Sentences about a plan: what it brings, what it risks, how far the search can be trusted, what to find out first."""

from __future__ import annotations

from collections.abc import Mapping

from gearwheel.show.figures import amount, between, chance, percent
from gearwheel.show.values import at, listing, mapping, real, span, words_of
from gearwheel.show.words_acts import belief_words, size_words

NAMES = {
    "plan": "this plan",
    "nothing": "the current plan",
    "equal split": "an equal split",
    "greedy": "best lever first",
}


LITTLE = 0.02  # of the gain, that knowing a number must be worth to be called more than little


def outcome_words(found: Mapping) -> str:
    name = words_of(found.get("outcome")).rpartition(".")[2].replace("_", " ")
    over = f"over {amount(real(found.get('years')), 'year')}"
    return f"{name} {over}" if found.get("how") == "cumulated" else f"{name} at the end of {over.removeprefix('over ')}"


def row(found: Mapping, name: str) -> Mapping:
    return next((r for r in map(mapping, listing(found.get("compared"))) if r.get("name") == name), {})


def by_median(found: Mapping) -> bool:
    return found.get("expected_by") == "median"


def expected_gain(one: Mapping) -> float | None:
    """By the mean of the draws, or by their median where a few exploding ones make the mean."""
    gain = real(one.get("expected_gain"))
    return real(one.get("mean_gain")) if gain is None else gain


def expected(one: Mapping) -> float | None:
    value = real(one.get("expected"))
    return real(one.get("mean")) if value is None else value


def verdict(found: Mapping) -> str:
    """The headline: the gain with its range and odds, or that nothing better was found."""
    ours, unit = row(found, "plan"), words_of(found.get("unit"))
    if not found.get("better"):
        tail = ""
        if expected_gain(ours) not in (None, 0.0):
            mean = amount(expected_gain(ours), unit, signed=True)
            tail = f" The best paths found bring {mean} on draws that the search had not seen."
        return f"No plan was found that is better than the current one; change nothing.{tail}"
    gain = span(ours.get("gain"))
    told = f"{amount(expected_gain(ours), unit, signed=True)} {'in the middle of the draws' if by_median(found) else 'expected'}"
    if gain:
        told += f" (90 % {between(gain, lambda v: amount(v, unit, signed=True))})"
    odds = chance(real(ours.get("probability_better")))
    spent = amount(real(ours.get("mean_spent")), words_of(found.get("money")))
    budget = real(found.get("budget"))
    within = f" of a budget of {amount(budget, words_of(found.get('money')))}" if budget is not None else ""
    paid = f"Extra money spent on levers: {spent}{within}."
    if budget is not None and (real(ours.get("mean_spent")) or 0.0) <= 0:
        saved = amount(-(real(ours.get("mean_spent")) or 0.0), words_of(found.get("money")))
        paid = f"It needs nothing{within}: it spends {saved} less on levers."
    head = "Worth testing before you carry it out. " if found.get("advice") == "worth testing" else ""
    return (
        f"{head}Against the current plan this one changes {outcome_words(found)} by {told}; it is better with a "
        f"probability of {odds}{size_words({}, found)}{belief_words(found)}. {paid}{_few(found)}"
    )


def _few(found: Mapping) -> str:
    if not by_median(found):
        return ""
    return " A few draws explode and would make the mean, so the plan raises and states the median."


def risk(found: Mapping) -> str:
    """The risk measure of the plan beside that of the current one."""
    if found.get("risk") != "cvar":
        return ""
    unit, share = words_of(found.get("unit")), percent(real(found.get("at_risk")))
    ours, none = (amount(real(row(found, n).get("risk_value")), unit) for n in ("plan", "nothing"))
    return f"In the worst {share} of the draws the outcome is {ours} on average, {none} when nothing changes."


def rules(found: Mapping) -> list[str]:
    """One sentence a condition, on fresh draws."""
    told = []
    for rule in map(mapping, listing(found.get("rules"))):
        ours, asked = real(rule.get("plan")) or 0.0, real(rule.get("probability")) or 0.0
        word = "holds" if ours >= asked else "is missed"
        told.append(
            f"{words_of(rule.get('text'))}: {word} on fresh draws, in {chance(ours)} of them "
            f"({chance(real(rule.get('now')))} when nothing changes)."
        )
    return told


def search(found: Mapping) -> str:
    """What both optimisers found, and how much of the gain was luck of the draws searched on."""
    unit = words_of(found.get("unit"))
    ours, other = (amount(real(at(found, "search", k)), unit) for k in ("by_gradient", "without_gradient"))
    agree = "they agree" if at(found, "search", "agree") else _apart(found)
    optimism = real(at(found, "search", "optimism")) or 0.0
    than = "more than" if optimism >= 0 else "less than"
    return (
        f"Gain found by gradient {ours}, without gradients {other}: {agree}. "
        f"The search promised {amount(abs(optimism), unit)} {than} fresh draws gave."
    )


def _apart(found: Mapping) -> str:
    """Which of the two optimisers is behind, and what that means."""
    ours, other = (real(at(found, "search", k)) for k in ("by_gradient", "without_gradient"))
    if ours is None or other is None:
        return "one of them kept no condition"
    if other > ours:
        return "they disagree, the better one is taken, and a still better plan may exist"
    return "they disagree: in as many runs the check did not get as far"


def next_step(found: Mapping) -> str:
    """What would change the choice, and the experiment to run first."""
    known = [mapping(k) for k in listing(found.get("next"))]
    if not known:
        return "Knowing any single number better would not change the choice."
    unit, first = words_of(found.get("unit")), known[0]
    name = words_of(first.get("parameter"))
    told = f"What would change it most is {name}: knowing it before choosing is worth up to "
    told += f"{amount(real(first.get('worth')), unit)}."
    if (real(first.get("worth")) or 0.0) < LITTLE * abs(expected_gain(row(found, "plan")) or 0.0):
        told += " That is little beside the gain: the choice hardly hangs on any one number."
    tried = next((k for k in known if words_of(k.get("experiment"))), None)
    if tried is first:
        return f"{told} Try first: {words_of(first.get('experiment'))}."
    told += f" No link declares an experiment for it; measure it ({words_of(first.get('because'), 'no source given')})."
    if tried:
        worth = amount(real(tried.get("worth")), unit)
        told += f" The experiment to run first is about {words_of(tried.get('parameter'))} (worth up to {worth}): "
        told += f"{words_of(tried.get('experiment'))}."
    return told
