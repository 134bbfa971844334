"""The six steps as a guide through one's own business: what answers each, and what the numbers say to do next."""

from __future__ import annotations

from gearwheel.show import figures
from gearwheel.show.cards import card, tied
from gearwheel.show.figures import between, in_words, number, percent
from gearwheel.show.own_change import change_words, first_to_last, latest, quarter_on_quarter
from gearwheel.show.own_data import events_of, readings_of, title_of, unit_of
from gearwheel.show.own_plan import PLAN, Step, gauges_of, levers_of, links_of, loop_words, loops_of
from gearwheel.show.own_says import comes_next, says
from gearwheel.show.own_verdict import loop_state
from gearwheel.show.phrases import OTHER_WAY, STILL, TURNS, UNSURE, conjoined, variable_words
from gearwheel.show.svg import escaped, tag
from gearwheel.show.values import Span, at, listing, mapping, span, words_of
from gearwheel.show.words_acts import lever
from gearwheel.show.words_own import held_back
from gearwheel.show.words_wheel import share_mean

MOST_GAUGES = 10


def steps_card(results: dict) -> str:
    items = "".join(_step(results, i + 1, step) for i, step in enumerate(PLAN))
    return card("steps", "The six steps for your own business", steps(results), items, "own_steps")


def steps(results: dict) -> str:
    """How many of the steps have a gauge at all."""
    readings = readings_of(events_of(results))
    asked = [step for step in PLAN if step.gauges]
    answered = [step for step in asked if gauges_of(step, readings)]
    without = [step.name.lower() for step in asked if step not in answered]
    bare = f" Nothing measures {conjoined(without)}." if without else ""
    return f"Of the five steps that events can measure, {in_words(len(answered))} have a gauge here; the sixth asks how far to trust the rest.{bare}"


def _step(results: dict, number_: int, step: Step) -> str:
    rows = [
        ("Gauges", _gauges(results, step)),
        ("Loops", _loops(results, step)),
        ("Links", _links(results, step)),
        ("Levers", _levers(results, step)),
    ]
    if step is PLAN[-1]:
        rows = [("Measured", _measured(results)), ("Held back", _held(results)), ("On beliefs", _beliefs(results))]
    listed = "".join(f"<dt>{escaped(k)}</dt><dd>{v}</dd>" for k, v in rows if v)
    said = tag("p", tied(says(results, step)), class_="says")
    advice = comes_next(results, step)
    said += f'<p class="says"><b>Next.</b> {tied(advice)}</p>' if advice else ""
    asks = f"{step.question[:1].upper()}{step.question[1:]}"
    return f'<div class="step"><h3>{number_}. {escaped(step.name)}</h3><p class="asks">{escaped(asks)}</p>{said}<dl>{listed}</dl></div>'


def _gauges(results: dict, step: Step) -> str:
    events = events_of(results)
    readings = readings_of(events)
    items = []
    for gauge in gauges_of(step, readings)[:MOST_GAUGES]:
        rows = readings[gauge]
        last = figures.amount(latest(events, gauge, rows)[0], unit_of(events, gauge))
        quarter = change_words(quarter_on_quarter(events, gauge, rows), shy=True)
        whole = change_words(first_to_last(events, gauge, rows), shy=True)
        moved = "; ".join(
            filter(None, (f"last quarter {quarter}" if quarter else "", f"first to last {whole}" if whole else ""))
        )
        items.append(f"{title_of(events, gauge)} {last}{f': {moved}' if moved else ''}")
    return _items(items)


def _items(items: list[str]) -> str:
    return f"<ul>{''.join(tag('li', tied(item)) for item in items)}</ul>" if items else ""


def _loops(results: dict, step: Step) -> str:
    items = []
    for one in loops_of(step, results):
        gain, share = span(one.get("gain")), span(one.get("share"))
        told = [loop_state(results, one)]
        told += [_gain(gain)] if gain else []
        told += [f"{_share(share.median)} of the change ({share_mean(results)})"] if share else []
        items.append(f"{loop_words(one)}: {', '.join(filter(None, told)) or 'not measured'}")
    return _items(items)


def _gain(gain: Span) -> str:
    if gain.high is not None and 0 <= gain.high < 0.01:
        return "gain under 0.01"
    return f"gain {number(gain.median, 2)} ({between(gain, lambda v: number(v, 2))})"


def _share(value: float) -> str:
    return "under 0.1 %" if abs(value) < 0.001 else percent(value, signed=True)


def _links(results: dict, step: Step) -> str:
    found = links_of(step, results)
    items = []
    for verdict in (TURNS, OTHER_WAY, STILL, UNSURE):
        ends = [
            f"{variable_words(results, v.get('cause'))} → {variable_words(results, v.get('effect'))}"
            for v in found
            if words_of(v.get("verdict")) == verdict
        ]
        if ends:
            items.append(f"{verdict[:1].upper()}{verdict[1:]}: {', '.join(ends)}")
    return _items(items)


def _levers(results: dict, step: Step) -> str:
    effects = [e for e in map(mapping, listing(at(results, "levers", "effects"))) if e]
    return _items([lever(results, e).rstrip(".") for e in levers_of(step, effects)])


def _measured(results: dict) -> str:
    events = events_of(results)
    readings, left = readings_of(events), mapping(events.get("left_out"))
    if not readings:
        return _items(["No gauge"])
    with_error = sum(rows[-1].error is not None for rows in readings.values())
    count = f"{in_words(len(readings)).capitalize()} gauge{'s' * (len(readings) != 1)}"
    tail = f"; {in_words(len(left))} left out for want of data" if left else ""
    return _items([f"{count}, {in_words(with_error)} of them with a sampling error{tail}"])


def _held(results: dict) -> str:
    back = held_back(results)
    return _items(
        [
            f"The last {in_words(back)} {words_of(events_of(results).get('grain'), 'period')}s"
            if back
            else "Nothing: the record is too short for a test"
        ]
    )


def _beliefs(results: dict) -> str:
    free, fixed = mapping(results.get("parameters")), listing(at(results, "fit", "on_belief"))
    if not free:
        return ""
    return _items(
        [f"{in_words(len(fixed)).capitalize()} of {number(len(free))} numbers, about which the record says nothing"]
    )
