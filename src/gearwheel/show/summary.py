"""The short account of a run for the terminal."""

from __future__ import annotations

import textwrap

from gearwheel.show import words

MOST_LINES = 25
_WIDTH = 100


def summary_text(results: dict) -> str:
    """At most 25 lines of plain text: title, speed, loops, links, backtest, critical mass, barrier, levers, fit."""
    title = _printable(words.report_title(results))[: _WIDTH - 2]
    sentences = [
        ("Speed", words.speed(results)),
        ("Loops", words.loops(results)),
        ("Links", words.verdicts(results)),
        ("Backtest", words.backtest(results)),
        ("First push", words.critical_mass(results)),
        ("Barrier", words.barrier(results)),
        ("Levers", words.levers(results)),
        ("Fit", words.fit(results)),
    ]
    lines = [title, "-" * len(title)]
    for label, sentence in sentences:
        wrapped = textwrap.wrap(_printable(sentence), _WIDTH - 12) or [""]
        if len(lines) + len(wrapped) > MOST_LINES - 1:
            lines.append("… the rest is in the report.")
            break
        lines += [f"{label if i == 0 else '':<12}{part}" for i, part in enumerate(wrapped)]
    return "\n".join(lines)


def _printable(text: str) -> str:
    """Without control characters, which in a terminal could do more than print."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
