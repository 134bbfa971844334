"""Files of one table that overlap: whole rows that stand in more than one, and one order's id that stands for two."""

from __future__ import annotations

from dataclasses import replace

from gearwheel.gauges.sources.expression import quoted
from gearwheel.gauges.sources.parts import SourceTable
from gearwheel.gauges.sources.readings import Unsettled
from gearwheel.gauges.sources.views import FOLDER, PART, hidden, relation

EVERY, BUCKETS = 20_000_000, 16  # rows up to which all are compared; beyond, one in so many is first
LEAST, SHARE_OF_FILES, SHARE_OF_ALL = 3, 0.5, 0.05  # ids that stand for two orders before they are asked about


def overlapping(connection, table: SourceTable) -> int:
    """How many rows of a table stand as they are in an earlier one of its files too."""
    if not hidden(table):
        return 0
    hashed = f"select hash({', '.join(map(quoted, table.columns))}) as row_hash, {PART} from {relation(table)}"
    some = f"where row_hash % {BUCKETS} = 0" if (table.rows or 0) > EVERY else ""
    again = f"select 1 from ({hashed}) {some} group by row_hash having count(distinct {PART}) > 1 limit 1"
    if not connection.execute(again).fetchone():
        return 0
    counts = (f"select count(*) from {relation(replace(table, overlaps=n))}" for n in (0, 1))
    every, single = (connection.execute(count).fetchone()[0] for count in counts)
    return every - single


def check_ids(connection, raw: str, cells: dict[str, str], adapted: bool = False) -> list[tuple[str, str]]:
    """A note (message, hint) where one order_id stands for orders of several customers.

    Raises Unsettled where it does so in several files, or there for several days: these may be several shops. An order
    that a later file changes keeps its customer and its day: few ids that do not are no reason to ask. `cells`:
    canonical column of orders → SQL over the query `raw`. `adapted`: it is the query of an adapter, whose system gives an
    id once: what repeats one is of another file.
    """
    names = [name for name, *_ in connection.execute(f"describe {raw}").fetchall()]
    part = PART if PART in names else "row_number() over ()" if adapted else "0"
    chosen = ", ".join(f"{cells[c]} as {c}" for c in ("order_id", "customer_id", "placed_at"))
    two_days = "max(placed_at) - min(placed_at) > interval 1 day"
    counted = (
        f"select order_id, count(distinct part) as parts, count(distinct customer_id) > 1 as other, {two_days} as apart "
        f"from (select {chosen}, {part} as part from ({raw})) where order_id is not null group by order_id"
    )
    ids, shared, split, within, example = connection.execute(
        f"select count(*), count(*) filter (parts > 1), count(*) filter (parts > 1 and (other or apart)), "
        f"count(*) filter (parts = 1 and other), min(order_id) filter (other or parts > 1 and apart) from ({counted})"
    ).fetchone()
    if split >= max(LEAST, SHARE_OF_FILES * shared):
        hint = (
            f"if they are different orders, map order_id in every table to concat({FOLDER}, ' ', …), or source_file for "
            "files of one folder; if a later file corrects an earlier one, move the earlier one away"
        )
        if adapted:
            hint = "if these are several shops, keep each in a folder of its own and measure them one by one"
        message = f"{split:,} of {ids:,} ids, such as {example!r}, stand in several files for other customers or days"
        raise Unsettled("GW422", "order_id", message, hint)
    if within < max(LEAST, SHARE_OF_ALL * ids):
        return []
    hint = "numbers that begin anew each day or till: map order_id to concat(…) of the number and the day or the till"
    return [(f"orders.order_id: {within:,} of {ids:,} ids, such as {example!r}, stand for several customers", hint)]
