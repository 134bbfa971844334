"""What was measured, for the terminal: each gauge with its last value, what is missing, what the checks found."""

from __future__ import annotations

import textwrap

from gearwheel.show import figures
from gearwheel.show.own_change import latest
from gearwheel.show.own_data import readings_of
from gearwheel.show.values import at, listing, mapping, words_of

WIDTH = 100
MOST_FINDINGS = 8


def measured_text(measures: dict) -> str:
    """Plain text of the `events` part of results.json: gauges by gear, gears on beliefs, findings."""
    lines = ["Measured", "--------"]
    readings = readings_of(measures)
    gauges = mapping(measures.get("gauges"))
    for gear in dict.fromkeys(words_of(mapping(g).get("gear")) for g in gauges.values()):
        lines.append(f"{gear}")
        for name, about in gauges.items():
            if words_of(mapping(about).get("gear")) == gear and name in readings:
                lines.append(f"  {_gauge(name, mapping(about), readings[name], measures)}")
    lines += _left_out(mapping(measures.get("left_out")))
    lines += _findings(measures)
    return "\n".join(lines)


def definitions_text(measures: dict) -> str:
    """How each gauge is defined, read and how sure it is."""
    lines = []
    for name, about in mapping(measures.get("gauges")).items():
        about = mapping(about)
        lines.append(f"{name}  ({words_of(about.get('unit'), '1')}, {words_of(about.get('as'))})")
        for said in (about.get("definition"), f"error: {words_of(about.get('error'), 'none')}"):
            lines += textwrap.wrap(words_of(said), WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def _gauge(name: str, about, readings, measures: dict) -> str:
    unit = words_of(about.get("unit")).replace("money", words_of(at(measures, "source", "currency"), "money"))
    unit = "" if unit == "1" else unit
    title = words_of(about.get("title"), name)
    last, _, quarter = latest(measures, name, readings)
    over = ", the last quarter together" if quarter else ""
    return f"{title[:44]:<45}{figures.amount(last, unit):>22}   {len(readings)} values to {readings[-1].end}{over}"


def _left_out(reasons) -> list[str]:
    if not reasons:
        return []
    why: dict[str, list[str]] = {}
    for gauge, reason in reasons.items():
        why.setdefault(words_of(reason, "no reason given"), []).append(str(gauge))
    lines = ["", "Not measured", "------------"]
    for reason, names in why.items():
        lines += textwrap.wrap(f"{', '.join(names)}: {reason}", WIDTH, subsequent_indent="    ")
    return lines


def _findings(measures: dict) -> list[str]:
    findings = [mapping(f) for f in listing(at(measures, "page", "findings"))]
    doubts = [f for f in findings if f.get("severity") in ("error", "warning")]
    notes = [words_of(n) for n in listing(measures.get("notes"))]
    lines = ["", "Look at", "-------"] if doubts or notes else []
    for found in doubts[:MOST_FINDINGS]:
        where = ".".join(filter(None, (words_of(found.get("table")), words_of(found.get("column")))))
        said = f"{words_of(found.get('severity'))} {words_of(found.get('code'))}: {where}: {words_of(found.get('message'))}"
        lines += textwrap.wrap(said, WIDTH, subsequent_indent="    ")
    if len(doubts) > MOST_FINDINGS:
        lines.append(f"… and {len(doubts) - MOST_FINDINGS} more in the report")
    for note in notes[:MOST_FINDINGS]:
        lines += textwrap.wrap(" ".join(note.split()), WIDTH, subsequent_indent="    ")
    if len(notes) > MOST_FINDINGS:
        lines.append(f"… and {len(notes) - MOST_FINDINGS} more in the report")
    return lines
