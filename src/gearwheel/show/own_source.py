"""The card "What the data hold": tables, findings, gears and gauges of a business measured from its own events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gearwheel.show import figures, tables
from gearwheel.show.cards import card, folded, paragraphs, tied
from gearwheel.show.figures import in_words
from gearwheel.show.gear_state import gauges_said, measured
from gearwheel.show.own_change import change_words, latest, quarter_on_quarter
from gearwheel.show.own_data import (
    COMPLAINTS,
    day,
    definition,
    events_of,
    findings,
    gears,
    readings_of,
    texts,
    there,
    title_of,
    unit_of,
)
from gearwheel.show.palette import Palette
from gearwheel.show.phrases import conjoined
from gearwheel.show.sparks import spark
from gearwheel.show.svg import tag
from gearwheel.show.values import at, mapping, real, words_of

SEVERITIES = {
    "error": "makes a gauge wrong",
    "warning": "may make a gauge wrong",
    "note": "good to know",
}
MOST_SPARKS = 40


def data_card(results: dict, palette: Palette) -> str:
    events = events_of(results)
    readings = readings_of(events)
    body = _findings(events) + _notes(events) + _gears(results, events)
    body += _multiples(results, events, readings, palette)
    body += folded("Every gauge: what it is, and how sure", _definitions(events, readings))
    body += folded("Every table", _tables(events))
    return card("data", "What the data hold", data(results), body, "data")


def data(results: dict) -> str:
    """What was measured, from what, over which days."""
    events = events_of(results)
    readings, held = readings_of(events), there(events)
    if not readings and not held:
        return "What the data hold is not known: nothing was measured."
    grain = words_of(events.get("grain"), "period")
    periods = max((len(r) for r in readings.values()), default=0)
    count = f"{in_words(len(readings))} gauge{'s' * (len(readings) != 1)} measured by {grain}"
    said = f"{_source(events, held)}: {count}" + (
        f" over up to {figures.number(periods)} {grain}s." if periods else "."
    )
    return said + _doubts(events)


def _source(events: Mapping, held: list[Mapping]) -> str:
    if not held:
        return "From tables that are not listed"
    rows = sum(real(one.get("rows")) or 0 for one in held)
    first, last = (_orders_day(held, key) for key in ("first", "last"))
    currency = words_of(at(events, "source", "currency"))
    count = f"{in_words(len(held)).capitalize()} table{'s' * (len(held) != 1)} with {figures.number(rows)} rows"
    span = f", {_date(first)} to {_date(last)}" if first and last else ""
    return count + span + (f", in {currency}" if currency else "")


def _doubts(events: Mapping) -> str:
    counts = {s: sum(words_of(f.get("severity")) == s for f in findings(events)) for s in SEVERITIES}
    if not mapping(events.get("page")):
        return ""
    if counts["error"]:
        return f" The checks found {in_words(counts['error'])} fault{'s' * (counts['error'] != 1)} that make{'s' * (counts['error'] == 1)} a gauge wrong: see below before believing any number."
    if counts["warning"]:
        return f" The checks found no fault that makes a gauge wrong, and {in_words(counts['warning'])} that may."
    return " The checks found nothing that makes a gauge doubtful."


def _orders_day(held: list[Mapping], key: str) -> date | None:
    return next((day(one.get(key)) for one in held if words_of(one.get("name")) == "orders"), None)


def _date(found: date) -> str:
    month = figures.year_words(found.year + (found.month - 1) / 12)
    return f"{found.day} {month}" if found.month > 1 else f"{found.day} January {month}"


def _findings(events: Mapping) -> str:
    rows = []
    for one in findings(events):
        severity = words_of(one.get("severity"))
        where = ".".join(filter(None, (words_of(one.get("table")), words_of(one.get("column")))))
        rows.append(
            [
                tables.cell(SEVERITIES.get(severity, "not graded"), small=words_of(one.get("code"))),
                tables.cell(_sentence(words_of(one.get("message"))), small=_sentence(words_of(one.get("hint")))),
                tables.cell(where),
            ]
        )
    if not rows:
        return ""
    return "<h3>Doubts about the data</h3>" + tables.table([tables.head(t) for t in ("How bad", "What", "Where")], rows)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "." if words else ""


def _notes(events: Mapping) -> str:
    said = [_sentence(" ".join(note.split())) for note in texts(events.get("notes"))]
    items = "".join(tag("li", tied(note)) for note in said)
    return folded(f"What measuring left out ({len(said)})", f"<ul>{items}</ul>" if said else "")


def _gears(results: dict, events: Mapping) -> str:
    turning = mapping(at(results, "wheel", "gears"))
    rows = []
    found = {words_of(one.get("name")): measured(results, words_of(one.get("name"))) for one in gears(events)}
    for one in sorted(gears(events), key=lambda g: found[words_of(g.get("name"))].stands == "on beliefs"):
        name, wanted = words_of(one.get("name")), ", ".join(texts(one.get("wanted")))
        state = "in the wheel" if name in turning else "left out of the wheel"
        said = gauges_said(results, found[name]) or f"nothing: {stays(one)}"
        rows.append([tables.cell(name, small=state), tables.cell(said), tables.cell(wanted or "nothing")])
    if not rows:
        return ""
    titles = ("Gear", "Measured by", "More could be said with")
    return "<h3>Gears</h3>" + tables.table([tables.head(t) for t in titles], rows)


def stays(gear: Mapping) -> str:
    """Why a gear stays on beliefs."""
    wanted = texts(gear.get("wanted"))
    if not wanted:
        return "it stays on beliefs, for no event table measures it"
    return f"it stays on beliefs, for the source lacks {conjoined(wanted)}"


def _multiples(results: dict, events: Mapping, readings: Mapping, palette: Palette) -> str:
    forecast = mapping(results.get("series"))
    shown = [g for g in readings if g not in forecast and not g.startswith(COMPLAINTS) and len(readings[g]) > 1]
    drawn = "".join(
        spark(readings[g], title_of(events, g), unit_of(events, g), palette=palette) for g in shown[:MOST_SPARKS]
    )
    if not drawn:
        return ""
    how = "Each has its own scale; the band is the 90 % of sampling error. Gauges that the wheel is fitted to are drawn with their forecasts further down."
    return f'<h3>Also measured</h3>{paragraphs(how)}<div class="sparks">{drawn}</div>'


def _definitions(events: Mapping, readings: Mapping) -> str:
    rows = []
    for gauge, found in readings.items():
        about, unit = definition(events, gauge), unit_of(events, gauge)
        last, events_behind, quarter = latest(events, gauge, found)
        n = f"of {figures.amount(events_behind, 'event')}" if events_behind else ""
        n += " in the last quarter" if quarter else ""
        change = change_words(quarter_on_quarter(events, gauge, found), shy=True) or figures.NOT_KNOWN
        rows.append(
            [
                tables.cell(title_of(events, gauge), small=gauge),
                tables.cell(figures.amount(last, unit), "n", n.strip()),
                tables.cell(change, "n"),
                tables.cell(
                    words_of(about.get("definition"), "not defined"), small=_error_words(words_of(about.get("error")))
                ),
            ]
        )
    for gauge, why in mapping(events.get("left_out")).items():
        rows.append(
            [
                tables.cell(title_of(events, str(gauge)), small=str(gauge)),
                tables.cell("not measured", "n"),
                tables.cell("", "n"),
                tables.cell(words_of(why, "no reason given")),
            ]
        )
    titles = [
        tables.head("Gauge"),
        tables.head("Last period", "n"),
        tables.head("Last quarter on the one before (90 %)", "n"),
        tables.head("What it is"),
    ]
    return tables.table(titles, rows) if rows else ""


def _error_words(error: str) -> str:
    return "" if not error else "no sampling error: it is counted" if error == "none" else f"sampling error: {error}"


def _tables(events: Mapping) -> str:
    rows = []
    for one in there(events):
        days = f"{words_of(one.get('first'))} to {words_of(one.get('last'))}" if words_of(one.get("first")) else ""
        empty = [f"{c} {figures.percent(v)}" for c, share in mapping(one.get("nulls")).items() if (v := real(share))]
        rows.append(
            [
                tables.cell(words_of(one.get("title"), words_of(one.get("name"))), small=words_of(one.get("name"))),
                tables.cell(figures.number(real(one.get("rows"))), "n"),
                tables.cell(days),
                tables.cell(", ".join(empty) or "none"),
                tables.cell(", ".join(texts(one.get("missing"))) or "none"),
            ]
        )
    titles = [
        tables.head("Table"),
        tables.head("Rows", "n"),
        *(tables.head(t) for t in ("First and last day", "Empty cells", "Columns not given")),
    ]
    missing = texts(at(events, "page", "page", "missing"))
    tail = paragraphs(f"Not in the source: {conjoined(missing)}.") if missing else ""
    return (tables.table(titles, rows) if rows else "") + tail
