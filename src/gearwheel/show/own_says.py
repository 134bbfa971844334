"""The plain words under each of the six steps: what the numbers say, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from gearwheel.show.figures import in_words, percent
from gearwheel.show.own_change import change_words, quarter_on_quarter
from gearwheel.show.own_claims import claim_words, is_seen
from gearwheel.show.own_data import definition, events_of, findings, gears, has, readings_of, texts, title_of
from gearwheel.show.own_facts import all_facts, informs
from gearwheel.show.own_feedback import feedback
from gearwheel.show.own_plan import PLAN, Step, gauges_of, levers_of, links_of
from gearwheel.show.own_verdict import wheel_verdict
from gearwheel.show.own_worth import test_of
from gearwheel.show.phrases import OTHER_WAY, STILL, TURNS, UNSURE, conjoined, variable_words
from gearwheel.show.values import at, listing, mapping, real, span, words_of
from gearwheel.show.words_acts import lever, levers, outcome_words, standing
from gearwheel.show.words_own import experiment, held_back
from gearwheel.show.words_tests import backtest

FACTS = 2  # told under one step
MOVES = 3
CUSTOMERS, GROWTH, LOYALTY, COST, ADAPT, DATA = PLAN


def says(results: dict, step: Step) -> str:
    """What the numbers say about the step; nothing that is not computed."""
    if step is DATA:
        return backtest(results)
    if step is ADAPT:
        tried = "" if has(events_of(results), "experiments") else "No experiment is in the data."
        return _joined(tried, levers(results))
    if not gauges_of(step, readings_of(events_of(results))):
        return _joined("Nothing measures this yet.", _links(results, step))
    return _joined(_special(results, step), _moved(results, step), _facts(results, step), _links(results, step))


def comes_next(results: dict, step: Step) -> str:
    """What to do next about the step, "" where the numbers give no advice."""
    if step is DATA:
        return _data_next(results)
    if step is ADAPT:
        return _joined(experiment(results), _add(results, step))
    if not gauges_of(step, readings_of(events_of(results))):
        return _add(results, step)
    return _next(results, step)


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _special(results: dict, step: Step) -> str:
    if step is CUSTOMERS:
        said = feedback(results)
        return "" if "not known" in said else said
    if step is GROWTH:
        return wheel_verdict(results)
    if step is LOYALTY:
        customers = mapping(events_of(results).get("customers"))
        once, alive = real(customers.get("once")), span(customers.get("alive"))
        parts = [f"{percent(once)} of customers bought once"] if once is not None else []
        test = test_of(customers)
        failed = f" (by a model that missed its test by {percent(test.miss)})" if test and not test.passed else ""
        parts += [f"{percent(alive.median)} are still customers{failed}"] if alive else []
        return f"{conjoined(parts)}." if parts else ""
    return ""


def _moved(results: dict, step: Step) -> str:
    """The gauges that moved over the last quarter, beyond their sampling error or plainly counted, the first by name."""
    events = events_of(results)
    readings = readings_of(events)
    changes = {g: c for g in step.gauges if g in readings and (c := quarter_on_quarter(events, g, readings[g]))}
    clear = [g for g, c in changes.items() if c.sure or words_of(definition(events, g).get("error")) == "none"][:MOVES]
    if clear:
        told = [f"{title_of(events, g).lower()} {change_words(changes[g])}" for g in clear]
        said = f"over the last quarter {conjoined(told)}."
        return said[:1].upper() + said[1:]
    count = sum(c.weight > 0 for c in changes.values())
    if not count:
        return ""
    return f"Over the last quarter {'its gauge did not move' if count == 1 else f'none of its {in_words(count)} gauges moved'} beyond sampling error."


def _facts(results: dict, step: Step) -> str:
    """What single orders say about the step's links, the clearest first."""
    strengths = {words_of(v.get("strength")) for v in links_of(step, results)}
    about = [
        f
        for f in all_facts(results).values()
        if any(words_of(v.get("strength")) in strengths for v in informs(results, f))
    ]
    about = sorted((f for f in about if real(f.get("estimate")) is not None), key=lambda f: not is_seen(f))[:FACTS]
    return f"Single orders say: {'; '.join(map(claim_words, about))}." if about else ""


def _links(results: dict, step: Step) -> str:
    links = links_of(step, results)
    counted = {
        v: [one for one in links if words_of(one.get("verdict")) == v] for v in (TURNS, OTHER_WAY, STILL, UNSURE)
    }
    total = sum(map(len, counted.values()))
    if not total:
        return ""
    turning = counted[TURNS]
    if len(counted[UNSURE]) == total:
        return (
            "On its only link the data cannot tell."
            if total == 1
            else f"On all {in_words(total)} of its links the data cannot tell."
        )
    named = f" ({', '.join(_ends(results, v) for v in turning[:3])})" if turning else ""
    parts = [f"{in_words(len(turning))} turn{'s' * (len(turning) < 2)}{named}"]
    if counted[OTHER_WAY]:
        parts.append(
            f"{in_words(len(counted[OTHER_WAY]))} the other way ({', '.join(_ends(results, v) for v in counted[OTHER_WAY][:3])})"
        )
    if counted[STILL]:
        still = ", ".join(_ends(results, v) for v in counted[STILL][:3])
        parts.append(f"{in_words(len(counted[STILL]))} do{'es' * (len(counted[STILL]) == 1)} not turn here ({still})")
    if counted[UNSURE]:
        parts.append(f"on {in_words(len(counted[UNSURE]))} the data cannot tell")
    return f"Of its {in_words(total)} link{'s' * (total != 1)}, {conjoined(parts)}."


def _ends(results: dict, link: Mapping) -> str:
    return f"{variable_words(results, link.get('cause'))} → {variable_words(results, link.get('effect'))}"


def _next(results: dict, step: Step) -> str:
    links = links_of(step, results)
    best = _best_lever(results, step)
    if best:
        test = "" if standing(best) == "promising" else "it is worth testing "
        first = f"For more {outcome_words(results)} {test or 'try '}{lever(results, best)}"
    elif said := experiment(results, links):
        first = said
    elif links and all(words_of(v.get("verdict")) == STILL for v in links):
        first = "Spend the effort elsewhere: no link of this step turns here."
    else:
        first = ""
    return _joined(first, _add(results, step))


def _best_lever(results: dict, step: Step) -> Mapping | None:
    effects = [e for e in map(mapping, listing(at(results, "levers", "effects"))) if span(e.get("effect"))]
    sure = [e for e in levers_of(step, effects) if standing(e) in ("promising", "worth testing")]
    if step in (CUSTOMERS, GROWTH, LOYALTY):  # what drives customers away is no advice about customers
        sure = [e for e in sure if not _drives_away(e)]
    return max(sure, key=lambda e: (standing(e) == "promising", span(e.get("effect")).median), default=None)


def _drives_away(effect: Mapping) -> bool:
    change = span(at(effect, "size", "change"))
    return change is not None and change.median < 0


def _add(results: dict, step: Step) -> str:
    """The tables and columns that the step lacks."""
    lacking = [need for need in step.tables if not has(events_of(results), need)]
    tables, columns = ([n for n in lacking if ("." in n) == dotted] for dotted in (False, True))
    parts = [f"the table{'s' * (len(tables) != 1)} {conjoined(tables)}"] if tables else []
    parts += [f"the column{'s' * (len(columns) != 1)} {conjoined(columns)}"] if columns else []
    return f"To measure more of this, add {conjoined(parts)}." if parts else ""


def _data_next(results: dict) -> str:
    events = events_of(results)
    graded = [(f, words_of(f.get("severity"))) for f in findings(events)]
    worst = next((f for grade in ("error", "warning") for f, g in graded if g == grade), None)
    if worst is not None:
        return f"Settle the doubts about the data, the worst first: {words_of(worst.get('message')).rstrip('.')}."
    if not held_back(results):
        return "Let the record grow until its last periods can be held back as a test."
    bare = [one for one in gears(events) if not texts(one.get("measured")) and texts(one.get("wanted"))]
    easiest = min(bare, key=lambda one: len(texts(one.get("wanted"))), default=None)
    if easiest is None:
        return "Run again with each new period, and read the test first."
    return (
        f"Take the gear {words_of(easiest.get('name'))} off its beliefs: add {conjoined(texts(easiest.get('wanted')))}."
    )
