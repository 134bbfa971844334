"""The report: one self-contained HTML file that opens offline, prints, and follows the reader's light or dark scheme."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

from gearwheel.show import charts, figures, tables, words, words_verdicts
from gearwheel.show.cards import card, folded, paragraphs, tied
from gearwheel.show.gear_state import gauges_said, measured
from gearwheel.show.own_data import events_of, prepared
from gearwheel.show.own_facts import facts_card
from gearwheel.show.own_feedback import feedback_card
from gearwheel.show.own_source import data_card
from gearwheel.show.own_steps import steps_card
from gearwheel.show.own_worth import worth_card
from gearwheel.show.palette import DARK, LIGHT, css_variables, page_palette
from gearwheel.show.svg import escaped, tag
from gearwheel.show.terms_card import terms_card
from gearwheel.show.values import at, listing, mapping, now_of, path_over_time, real, words_of
from gearwheel.show.wheel_picture import wheel_svg
from gearwheel.show.words_ceiling import impossible

_PAGE = page_palette()
_ON_CARD = replace(_PAGE, paper=_PAGE.panel)


def report_html(results: dict) -> str:
    """The whole report of `results` (the dict that `gearwheel run` writes) as one HTML text.

    Anything missing or None becomes a sentence saying that it is not known. No script, no remote resource.
    """
    results = prepared(results)
    title = words.report_title(results)
    own = bool(events_of(results))
    cards = (
        _headline(results),
        *(_own(results) if own else ()),
        _wheel(results),
        _speed(results),
        _loops(results),
        _links(results),
        _forecast(results),
        _backtest(results),
        *(() if words.without_levers(results) else (_levers(results),)),
        terms_card(results),
        _critical(results),
        _outcomes(results),
        steps_card(results) if own else _steps(results),
        _fine_print(results),
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escaped(title)}</title><style>{style(own)}</style></head><body><main>"
        f'<h1>{escaped(title)}</h1><p class="under">{escaped(words.subtitle(results))}.</p>'
        f"{''.join(cards)}{_footer(results)}</main></body></html>\n"
    )


def style(own: bool) -> str:
    """The style sheets of a page, light and dark."""
    sheets = ("report.css", "own.css") if own else ("report.css",)
    sheet = "".join(files("gearwheel.show").joinpath(name).read_text(encoding="utf-8") for name in sheets)
    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {css_variables(DARK)} }} }}"
    on_paper = f"@media print {{ :root {{ {css_variables(LIGHT)} }} }}"
    return f":root {{ color-scheme: light dark; {css_variables(LIGHT)} }}\n{dark}\n{on_paper}\n{sheet}"


def _headline(results: dict) -> str:
    items = "".join(
        f"<div><dt>{escaped(label)}</dt><dd>{tied(said)}</dd></div>" for label, said in words.headline(results)
    )
    return f'<section class="lead" id="headline"><dl>{items}</dl></section>'


def _own(results: dict) -> tuple[str, ...]:
    """What only a business measured from its own events has."""
    return data_card(results, _PAGE), facts_card(results), feedback_card(results, _PAGE), worth_card(results)


def _wheel(results: dict) -> str:
    picture = wheel_svg(results, palette=_ON_CARD, heading=False)
    text = tables.link_list(results)
    listed = folded("The loops as text", text)
    return card("wheel", "The wheel", words.wheel(results), picture + listed, "wheel")


def _speed(results: dict) -> str:
    over = mapping(at(results, "speed", "over_time"))
    picture = ""
    if path_over_time(over, "median"):
        title = f"Growth of the wheel, {words_of(at(results, 'speed', 'unit'), 'per year')}"
        picture = charts.lines(
            [{"title": title, **over}], title=title, unit="share", width=860, height=270, palette=_PAGE, zero=True
        )
    tail = paragraphs(words.speed_levers(results), words.feedback(results))
    return card("speed", "How fast it turns", words.speed(results), picture + tail, "speed")


def _loops(results: dict) -> str:
    count = mapping(results.get("loop_count"))
    loops = listing(results.get("loops"))
    picture = ""
    if loops:
        picture = charts.shares(
            loops,
            other_reinforcing=mapping(count.get("other_reinforcing")),
            other_balancing=mapping(count.get("other_balancing")),
            palette=_PAGE,
        )
    said = paragraphs(*(words.loop(results, one) for one in words.strongest_loops(results)))
    return card(
        "shares", "Which loops carry it", words.loops(results), picture + said + tables.loop_table(results), "shares"
    )


def _links(results: dict) -> str:
    body = tables.verdict_table(results, _PAGE)
    if body:
        body = paragraphs(words_verdicts.rule(results)) + body
    linked = {words_of(mapping(v).get("strength")) for v in mapping(results.get("links")).values()}
    others = [
        {"title": words.variable_words(results, name), **mapping(about)}
        for name, about in mapping(results.get("parameters")).items()
        if name not in linked and mapping(about).get("fitted") is True
    ]
    if others:
        drawn = charts.beliefs(others[:40], palette=_PAGE)
        body += f"<h3>Other fitted numbers, before and after the data</h3>{drawn}"
    return card("links", "Which links the data support", words.verdicts(results), body, "links")


def _forecast(results: dict) -> str:
    series = {n: mapping(one) for n, one in mapping(results.get("series")).items() if mapping(one)}
    drawn = [charts.fan({**one, "title": words.gauge_words(results, n)}, palette=_PAGE) for n, one in series.items()]
    body = f'<div class="pair">{"".join(drawn)}</div>' if drawn else ""
    missing = {n: words_of(at(one, "forecast", "missing")) for n, one in series.items()}
    bare = "; ".join(f"{words.gauge_words(results, n)} ({why})" for n, why in missing.items() if why)
    if drawn:
        body += paragraphs(words.HOW_TO_READ_FANS, f"Without a forecast: {bare}." if bare else "")
    body = paragraphs(*impossible(results)) + body
    return card("forecast", "Where it is going", words.forecast(results), body, "forecast")


def _backtest(results: dict) -> str:
    body = tables.backtest_table(results)
    if body:
        body += paragraphs(
            words.HOW_TO_READ_SCORES, " ".join(filter(None, [words.calibration(results), words.rolling(results)]))
        )
    untestable = mapping(at(results, "backtest", "untestable"))
    if untestable:
        told = "; ".join(
            f"{words.gauge_words(results, g)} ({words_of(why, 'no reason given')})" for g, why in untestable.items()
        )
        body += paragraphs(f"Could not be tested: {told}.")
    return card("backtest", "Does it forecast?", words.backtest(results), body, "backtest")


def _levers(results: dict) -> str:
    effects = listing(at(results, "levers", "effects"))
    unit = words_of(at(results, "levers", "unit"))
    body = ""
    if effects:
        body = charts.tornado(effects, unit=unit, palette=_PAGE)
        body += f"<ul>{''.join(tag('li', tied(words.lever(results, e))) for e in words.levers_by_effect(results))}</ul>"
    return card("levers", "What to try next", words.levers(results), body, "levers")


def _critical(results: dict) -> str:
    body = paragraphs(words.critical_rest(results)) + "<h3>The barrier</h3>" + paragraphs(words.barrier(results))
    return card("critical", "First push and barrier", words.critical_mass(results), body, "critical")


def _outcomes(results: dict) -> str:
    drawn, groups = [], {}
    for name, one in mapping(results.get("outcomes")).items():
        one = mapping(one)
        if path_over_time(one, "median"):
            groups.setdefault(words_of(one.get("unit")), []).append(
                (words_of(one.get("title"), str(name).replace("_", " ")), one)
            )
    for unit, members in groups.items():
        for title, one in members:
            drawn.append(charts.lines([one], title=title, unit=unit, height=230, palette=_PAGE, now=now_of(results)))
    body = f'<div class="pair">{"".join(drawn)}</div>' if drawn else ""
    return card("outcomes", "Who gains", words.outcomes(results), body, "outcomes")


def _steps(results: dict) -> str:
    items = []
    for name, anchors, says in words.STEPS:
        there = [a for a in anchors if a != "levers" or not words.without_levers(results)]
        where = ", ".join(f'<a href="#{a}">{escaped(words.CARD_NAMES[a])}</a>' for a in there)
        items.append(f"<li><b>{escaped(name)}</b>: {escaped(says)} See {where}.</li>")
    body = f'<ol class="steps">{"".join(items)}</ol>'
    return card("steps", "The six steps for your own business", words.STEPS_LEAD, body, "steps")


def _fine_print(results: dict) -> str:
    body = paragraphs(*words.diagnostics(results), words.on_belief(results))
    for title, content in (
        ("One-step-ahead checks of each gauge", tables.check_table(results)),
        ("Every belief and its source", tables.belief_table(results)),
        ("What each gear claims", _claims(results)),
    ):
        body += folded(title, content)
    return card("print", "Fine print", words.fit(results), body, "print")


def _claims(results: dict) -> str:
    rows = []
    for name, about in mapping(at(results, "wheel", "gears")).items():
        about = mapping(about)
        by = gauges_said(results, measured(results, str(name))) or "nothing: on beliefs"
        rows.append(
            [
                tables.cell(str(name).replace("_", " ")),
                tables.cell(words_of(about.get("sentence"), "no claim stated")),
                tables.cell(by),
            ]
        )
    return tables.table([tables.head("Gear"), tables.head("Claims"), tables.head("Measured by")], rows) if rows else ""


def _footer(results: dict) -> str:
    stamp = mapping(results.get("stamp"))
    parts = [
        f"{key} {words_of(stamp.get(key))}"
        for key in ("version", "engine", "dtype", "seed", "hash")
        if stamp.get(key) is not None
    ]
    seconds = real(results.get("seconds"))
    if seconds is not None:
        parts.append(f"{figures.number(seconds)} seconds")
    return f"<footer><p>Made by Gearwheel. {escaped(', '.join(parts) or 'This report carries no stamp.')}</p></footer>"
