"""The page of a plan: one self-contained HTML file with its paths, comparison, risk and next experiment."""

from __future__ import annotations

from collections.abc import Mapping

from gearwheel.show import charts, figures, tables, words_plan
from gearwheel.show.cards import card, paragraphs
from gearwheel.show.palette import LIGHT, Palette, page_palette
from gearwheel.show.report import style
from gearwheel.show.svg import escaped, tag
from gearwheel.show.values import listing, mapping, real, span, words_of

_PAGE = page_palette()


def plan_html(found: Mapping, title: str) -> str:
    """`found` is what `plan` answers. No script, no remote resource."""
    cards = (_headline(found), _levers(found), _compared(found), _next(found))
    heading = f"{title}: a plan for {words_plan.outcome_words(found)}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escaped(heading)}</title><style>{style(False)}</style></head><body><main>"
        f"<h1>{escaped(heading)}</h1>{''.join(cards)}<footer><p>Made by Gearwheel.</p></footer></main></body></html>\n"
    )


def outcome_chart(found: Mapping, palette: Palette = LIGHT) -> str:
    """The outcome over time under the plan and under the current one. A page gives the palette of its style sheet;
    the default has colors of its own and stands anywhere."""
    over, time = mapping(found.get("over_time")), listing(found.get("time"))
    series = [{"title": n, "time": time, **mapping(over.get(n))} for n in ("plan", "nothing") if over.get(n)]
    name = words_of(found.get("outcome")).rpartition(".")[2].replace("_", " ")
    return charts.lines(series, title=name, unit=words_of(found.get("path_unit")), width=860, palette=palette)


def _headline(found: Mapping) -> str:
    said = paragraphs(words_plan.risk(found), *words_plan.rules(found), words_plan.search(found))
    return card("plan", "The plan", words_plan.verdict(found), outcome_chart(found, _PAGE) + said, "plan")


def _levers(found: Mapping) -> str:
    time, drawn, still = listing(found.get("time")), [], []
    for lever in map(mapping, listing(found.get("levers"))):
        title, unit = words_of(lever.get("title")), words_of(lever.get("unit"))
        if lever.get("moved"):
            one = {"title": title, "time": time, "median": listing(lever.get("path"))}
            drawn.append(charts.lines([one], title=title, unit=unit, height=200, palette=_PAGE))
        else:
            still.append(f"{title} ({figures.amount(real(lever.get('from')), unit)})")
    body = f'<div class="pair">{"".join(drawn)}</div>' if drawn else ""
    said = "What to set, and when." if found.get("better") else "The best paths found, which are no advice."
    return card(
        "levers",
        "Levers over time",
        said,
        body + paragraphs(f"As they are: {', '.join(still)}." if still else ""),
        "plan_levers",
    )


def _compared(found: Mapping) -> str:
    unit, money = words_of(found.get("unit")), words_of(found.get("money"))
    rows = []
    for one in map(mapping, listing(found.get("compared"))):
        gain, beats = span(one.get("gain")), real(one.get("plan_beats"))
        rows.append(
            [
                tables.cell(words_plan.NAMES.get(str(one.get("name")), str(one.get("name")))),
                tables.cell(figures.amount(words_plan.expected(one), unit)),
                tables.cell(figures.amount(words_plan.expected_gain(one), unit, signed=True)),
                tables.cell(figures.between(gain, lambda v: figures.amount(v, unit, signed=True))),
                tables.cell(figures.amount(real(one.get("mean_spent")), money, signed=True)),
                tables.cell("–" if beats is None else figures.chance(beats)),
            ]
        )
    head = [
        tables.head(h) for h in ("Plan", "Expected", "Gain", "90 % of the gain", "Extra spent", "This plan is better")
    ]
    return card(
        "compared", "Beside other plans", "All on the same fresh draws.", tables.table(head, rows), "plan_compared"
    )


def _next(found: Mapping) -> str:
    unit = words_of(found.get("unit"))
    items = "".join(
        tag("li", f"{escaped(words_of(k.get('parameter')))}: {escaped(figures.amount(real(k.get('worth')), unit))}")
        for k in map(mapping, listing(found.get("next")))
    )
    return card(
        "next", "What would change it", words_plan.next_step(found), f"<ul>{items}</ul>" if items else "", "plan_next"
    )
