"""The short account of a run for the terminal."""

from __future__ import annotations

import textwrap

from gearwheel.show import own_facts, own_source, own_verdict, own_worth, words, words_own
from gearwheel.show.own_data import events_of, prepared
from gearwheel.show.words_ceiling import impossible

MOST_LINES = 25
_WIDTH = 100


def summary_text(results: dict) -> str:
    """At most 25 lines of plain text: title, data and facts where there are some, speed, links, backtest, levers, fit."""
    results = prepared(results)
    title = _printable(words.report_title(results))[: _WIDTH - 2]
    sentences = _own(results) if events_of(results) else _whole(results)
    after = [label for label, _ in sentences].index("Backtest") + 1
    sentences[after:after] = [("Forecast", sentence) for sentence in impossible(results)]
    lines = [title, "-" * len(title)]
    for label, sentence in sentences:
        wrapped = textwrap.wrap(_printable(sentence), _WIDTH - 12) or [""]
        if len(lines) + len(wrapped) > MOST_LINES - 1:
            lines.append("… the rest is in the report.")
            break
        lines += [f"{label if i == 0 else '':<12}{part}" for i, part in enumerate(wrapped)]
    return "\n".join(lines)


def _whole(results: dict) -> list[tuple[str, str]]:
    return [
        ("Speed", words.speed(results)),
        ("Loops", words.loops(results)),
        ("Links", words.verdicts(results)),
        ("Backtest", words.backtest(results)),
        ("First push", words.critical_mass(results)),
        ("Barrier", words.barrier(results)),
        ("Levers", words.levers(results)),
        ("Fit", words.fit(results)),
    ]


def _own(results: dict) -> list[tuple[str, str]]:
    """For a business measured from its own events what the data hold comes first, and whether it turns at all."""
    return [
        ("Data", own_source.data(results)),
        ("Facts", own_facts.facts(results)),
        ("Verdict", own_verdict.wheel_verdict(results)),
        ("Speed", words.speed(results)),
        ("Links", words.verdicts(results)),
        ("Backtest", words.backtest(results)),
        ("Levers", words_own.next_step(results)),
        ("Fit", words.fit(results)),
        ("Customers", own_worth.worth(results)),
    ]


def _printable(text: str) -> str:
    """Without control characters, which in a terminal could do more than print."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
