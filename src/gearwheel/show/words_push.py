"""Sentences about a push: whether one is needed, what it costs, when it can stop, how fast the wheel turns."""

from __future__ import annotations

from gearwheel.show.figures import amount, between, chance, number, percent, year_words
from gearwheel.show.phrases import conjoined
from gearwheel.show.values import mapping, span

ALL = 0.995  # of the draws


def answer(found: dict) -> str:
    """The first sentence: is a push needed, does one suffice, what does it cost."""
    when, judged = year_words(found["at"]), rule(found)
    wanted = percent(found["wanted"])
    if found["answer"] == "none needed":
        return f"No push is needed from {when}: it works without one in {chance(found['without'])} of draws. {judged}"
    money = amount(found["cost"]["mean"], found["money"])
    if found["answer"] == "no push suffices":
        return (
            f"No push within the limits of these levers suffices from {when}: the likeliest one tried works in "
            f"{chance(found['probability'])} of draws, and {wanted} were asked for ({chance(found['without'])} without a push). {judged}"
        )
    cost = f"{money} on average ({between(span(found['cost']), lambda v: amount(v, found['money']))})"
    given = conjoined([f"{r['title']} at {amount(r['to'], r['unit'])}" for r in moved(found)])
    head = (
        "The cheapest push found"
        if found["answer"] == "a push"
        else "Too dear for the money allowed: the cheapest push found"
    )
    return (
        f"{head} is {given} for {years(found['stop'])}: it works in {chance(found['probability'])} of draws "
        f"({chance(found['without'])} without) and costs {cost}. {judged}"
    )


def rule(found: dict) -> str:
    """What "works" means."""
    head = f"“Works” means that {years(found['years'])} after {year_words(found['at'])} the size"
    so = "a larger start may do worse than a smaller one"
    share = found["high_state"]
    if share >= ALL:
        return f"{head} is at least half its high state."
    if share <= 1 - ALL:
        return f"{head} has not fallen since the push stopped. The wheel has no high state (it ends where its start decides), so {so}."
    return (
        f"{head} is at least half its high state. In {chance(1 - share)} of draws it has none (it ends where its start decides): there it works "
        f"when the size has not fallen since the push stopped, and {so}."
    )


def stop(found: dict) -> str:
    """When the wheel goes on alone."""
    early, effort = span(found.get("earliest")), span(found.get("effort"))
    if early is None or found["answer"] == "no push suffices":
        return ""
    never = f"; in {chance(found['never'])} of draws it never does" if found["never"] else ""
    paid = ""
    if effort is not None:
        paid = (
            f", after {amount(effort.median, found['money'])} ({between(effort, lambda v: amount(v, found['money']))})"
        )
    return f"At this rate it goes on alone after {years(early.median)} ({between(early, number)}){paid}{never}."


def speed(found: dict) -> str:
    """Great effort from static to rotation, then alone: in numbers."""
    told = {k: span(v) for k, v in mapping(found.get("speed")).items()}
    names = (
        ("before", "before"),
        ("during", "during the push"),
        ("stop", "alone at its end"),
        ("after", "alone later"),
    )
    parts = [f"{percent(told[k].median, signed=True)} {word}" for k, word in names if told.get(k)]
    return f"Growth a year: {', '.join(parts)}." if parts else ""


def boundary(found: dict) -> str:
    """How the start needed falls with the push."""
    part = found["map"]
    parts = [
        f"{'without a push' if s == 0 else f'with {number(s)} of it'} {number(b)} times"
        for s, b in zip(part["sizes"], part["boundary"])
        if b is not None and s in (0, 0.5, 1)
    ]
    return f"The start needed, over the one it has: {', '.join(parts)}." if parts else ""


def sizes(found: dict) -> str:
    """What the sizes of the map are of."""
    return "times the one found" if moved(found) else "times the largest that the levers allow"


def moved(found: dict) -> list[dict]:
    """The subsidies that the push uses."""
    return [r for r in found["levers"] if abs(r["to"] - r["from"]) > 1e-3 * (r["limits"][1] - r["limits"][0])]


def years(count: float) -> str:
    return amount(count, "year")
