"""What the adapter of a known shop system looks at in its own source: totals that the source states, and what it decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.adapters import adapters
from gearwheel.gauges.checks.finding import Finding, ask_one, percent, share_of

SHOWN = 3  # examples that a message names
ASKED = 60  # examples that are looked through for different ones


def check(events: Any) -> Iterator[Finding]:
    adapter = adapters().get(events.mapping.adapter)
    for look in adapter.checks.values() if adapter else ():
        rows, count, examples = ask_one(
            events, f"SELECT count(*), count(*) FILTER (wrong), min(example, {ASKED}) FILTER (wrong) FROM ({look.sql})"
        )
        if count:
            share = share_of(count, rows)
            named = list(dict.fromkeys(examples or ["?"]))[:SHOWN]
            shown = {"share": percent(share), "examples": "; ".join(text[:80] for text in named)}
            message = look.message.format(count=f"{count:,}", rows=f"{rows:,}", **shown)
            yield Finding(look.code, look.severity, look.table, "", count, share, named[0], message, look.hint)
