"""Lines of orders that have no number of their own: a product may stand on two lines of one receipt."""

from __future__ import annotations

from gearwheel.gauges.sources.readings import Unsettled
from gearwheel.gauges.sources.views import PART

FEW = 20  # lines below which nothing is concluded from lines that are alike
NEARLY_ALL = 0.9  # share of the lines that have a twin, from which the rows were written twice
ALIKE = "order_id, product_id, seller_id, quantity, price, discount"


def numbered_lines(chosen: str, raw: str, parted: bool, whole: str) -> str:
    """SELECT of the canonical columns `chosen` of `raw` where `whole`, in its order. `line` comes as the product.

    The second line of a product in an order is called by the product and 2, and so on. It is counted within a file,
    so that a line that a later file repeats has the same name there.
    """
    part = PART if parted else "0"
    made = f"select {chosen}, {part} as line_part, row_number() over () as line_place from ({raw})"
    again = "row_number() over (partition by line_part, order_id, line order by line_place)"
    return (
        f"select * exclude (line_part, line_place, line_again) replace (case when line_again = 1 then line else "
        f"concat(line, ' ', line_again) end as line) from (select *, {again} as line_again from ({made}) where {whole}) "
        "order by line_place"
    )


def repeated_lines(connection, rows: str, count: int) -> list[tuple[str, str]]:
    """A note (message, hint) on products that stand on several lines of an order. Raises Unsettled where nearly every
    line has a twin: then the rows were written twice, or each order has two of everything."""
    products, alike = connection.execute(
        f"select count(*), coalesce(sum(kinds), 0) from (select count(distinct ({ALIKE})) as kinds from {rows} "
        "group by order_id, product_id)"
    ).fetchone()
    if count == products:
        return []
    twins = count - int(alike)
    if count >= FEW and 2 * twins >= NEARLY_ALL * count:
        message = f"{twins:,} of {count:,} lines are like another line of their order in product, quantity and price"
        hint = (
            "if the rows were exported twice, remove one copy; if a product stands once in an order, map line to the "
            "product; if these are two lines each, map line to a column that tells them apart"
        )
        raise Unsettled("GW423", "line", message, hint)
    message = (
        f"order_lines: {count - products:,} of {count:,} lines name a product that stands in their order already; they count "
        f"as lines of their own ({twins:,} of them are like another line in quantity and price, too)"
    )
    return [(message, "if a product stands once in an order, map line to the product")]
