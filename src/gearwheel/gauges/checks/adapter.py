"""What only the adapter of a system can check: the totals that its source states, and what the adapter decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.adapters import SourceCheck, adapters
from gearwheel.gauges.checks.finding import Finding, ask_one, share_of
from gearwheel.gauges.sources.views import ADAPTED

SHOWN = 3  # examples that a message names
ASKED = 60  # examples that are looked through for different ones


def check(events: Any) -> Iterator[Finding]:
    adapter = adapters().get(events.mapping.adapter)
    if adapter is None or not ask_one(events, "SELECT count(*) FROM duckdb_views() WHERE schema_name = ?", ADAPTED)[0]:
        return  # a mapping of one's own may replace every table of the adapter
    for one in adapter.checks:
        yield from _asked(events, one)


def _asked(events: Any, one: SourceCheck) -> Iterator[Finding]:
    bad, rows, ids, amount, units, unit = ask_one(
        events,
        f"""SELECT count(*) FILTER (bad), count(*), min(id, {ASKED}) FILTER (bad), sum(amount) FILTER (bad),
                count(DISTINCT currency) FILTER (bad), upper(min(currency) FILTER (bad)) FROM ({one.sql})""",
    )
    if not bad:
        return
    examples = list(dict.fromkeys(str(id_)[:80] for id_ in ids or ["?"]))[:SHOWN]
    money = f" ({amount:,.2f} {unit})" if amount is not None and units == 1 else ""
    said = one.message.format(rows=f"{bad:,} of {rows:,} {one.of}", money=money)
    message = f"{said}, such as {', '.join(examples)}"
    share = share_of(bad, rows)
    yield Finding(one.code, one.severity, one.table, one.column, bad, share, examples[0], message, one.hint)
