"""A made shop in which every canonical table is filled and every edge is stepped on: week turns, ties, NULLs, late rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from events_planted import Planted, events_of
from gearwheel.gauges.canonical import tables
from gearwheel.gauges.measure import Measured

# 45 weeks from Monday, 2022-12-26, so that a year turns; about 15 orders a day, 90 products, 700 customers, sellers who
# come and go; week 20 is empty
_MADE = """
    SELECT 'o' || i AS order_id, ['ü', 'A', 'a', 'Z', '_', 'é'][(1 + hash(i, 1) % 6)::INT] || hash(i, 2) % 117 AS customer_id,
           DATE '2022-12-26' + day + to_seconds((hash(i, 3) % 86400)::INT) AS placed_at,
           [NULL, 'done', 'done', 'done', 'cancelled'][(1 + hash(i, 4) % 5)::INT] AS status, 'EUR' AS currency,
           [NULL, false, false, false, false, false, false, true][(1 + hash(i, 5) % 8)::INT] AS is_test
    FROM (SELECT day, day * 100 + unnest(range((10 + day // 40 + hash(day, 6) % 7)::INT)) AS i
          FROM (SELECT range::INT AS day FROM range(315)) WHERE day // 7 <> 20)
"""
_EDGES = """
    SELECT * FROM (VALUES
        ('turn1', 'tie', TIMESTAMP '2023-02-05 23:59:59.999999', 'done', 'EUR', false),
        ('turn2', 'tie', TIMESTAMP '2023-02-06 00:00:00', 'done', 'EUR', false),
        ('Tie', 'tie', TIMESTAMP '2023-03-01 12:00:00', NULL, 'EUR', NULL),
        ('tie', 'tie', TIMESTAMP '2023-03-01 12:00:00', 'done', NULL, false),
        ('éie', 'tie', TIMESTAMP '2023-03-01 12:00:00', 'done', 'EUR', false),
        ('year', 'once', TIMESTAMP '2023-01-01 00:00:00', 'done', 'EUR', false),
        ('late1', 'a5', TIMESTAMP '2023-12-06 10:00:00', 'done', 'EUR', false),
        ('late2', 'late', TIMESTAMP '2023-12-13 10:00:00', 'done', 'EUR', false),
        ('empty', 'a6', TIMESTAMP '2023-04-04 10:00:00', 'done', 'EUR', false))
"""

EDGE = {
    "orders": f"""SELECT * FROM ({_MADE}) UNION ALL {_EDGES}""",
    "order_lines": """
        SELECT order_id, line, 'p' || (hash(order_id, line) % 90) AS product_id,
               [NULL, '', 's1', 's2'][(1 + hash(order_id, line, 1) % 4)::INT] || (hash(order_id) % 12 + month(placed_at) * 4)::VARCHAR AS seller_id,
               [NULL, 1, 1, 2, 3, 0][(1 + hash(order_id, line, 2) % 6)::INT] AS quantity,
               (hash(order_id, line) % 90 + 3) * (1 + 0.01 * (hash(order_id, line, 3) % 20)) AS price,
               [NULL, 0, 0.5, 1.25][(1 + hash(order_id, line, 4) % 4)::INT] AS discount,
               [NULL, 0, 4.9][(1 + hash(order_id, line, 5) % 3)::INT] AS shipping_charged,
               [NULL, 0.7, 1.3][(1 + hash(order_id, line, 6) % 3)::INT] AS commission,
               [NULL, 1, 2.2][(1 + hash(order_id, line, 7) % 3)::INT] AS unit_cost,
               [NULL, 3.1, 3.9][(1 + hash(order_id, line, 8) % 3)::INT] AS shipping_cost,
               [NULL, 'platform', 'seller'][(1 + hash(order_id, line, 9) % 3)::INT] AS fulfilled_by
        FROM events.orders, (VALUES ('1'), ('2'), ('10')) AS l(line)
        WHERE order_id <> 'empty' AND (line = '1' OR hash(order_id, line, 10) % 3 = 0)
        UNION ALL SELECT 'orphan', '1', 'p1', 's11', 1, 9.5, 0, 0, 0, 1, 1, 'platform'""",
    "deliveries": """
        SELECT order_id, CASE WHEN hash(order_id, 1) % 9 > 0 THEN placed_at + INTERVAL 6 DAY END AS promised_at,
               CASE WHEN hash(order_id, 2) % 7 > 0 THEN placed_at + to_hours((hash(order_id, 3) % 240)::INT) END AS delivered_at
        FROM events.orders WHERE hash(order_id, 4) % 8 > 0""",
    "reviews": """
        SELECT order_id, [NULL, 1, 2, 3, 4, 5, 5, 4.5][(1 + hash(order_id, k) % 8)::INT] AS score,
               [NULL, '', 'gut', 'late'][(1 + hash(order_id, k, 1) % 4)::INT] AS text,
               placed_at + to_hours((hash(order_id, k, 2) % 700)::INT) AS created_at
        FROM events.orders, (VALUES (1), (2)) AS r(k) WHERE hash(order_id, k, 3) % (2 * k) = 0""",
    "contacts": """
        SELECT CASE WHEN hash(order_id, 1) % 5 > 0 THEN customer_id END AS customer_id,
               CASE WHEN hash(order_id, 2) % 5 > 0 THEN order_id END AS order_id,
               placed_at + to_hours((hash(order_id, 3) % 300)::INT) AS asked_at,
               [NULL, 'where is it', 'broken'][(1 + hash(order_id, 4) % 3)::INT] AS reason
        FROM events.orders WHERE hash(order_id, 5) % 6 = 0""",
    "returns": """
        SELECT l.order_id, l.line, o.placed_at + to_hours((hash(l.order_id, 1) % 700)::INT) AS requested_at,
               CASE WHEN hash(l.order_id, 2) % 4 > 0 THEN o.placed_at + INTERVAL 30 DAY END AS returned_at,
               [NULL, 0, 10.5][(1 + hash(l.order_id, 3) % 3)::INT] AS refund, 'does not fit' AS reason,
               [NULL, true, false][(1 + hash(l.order_id, 4) % 3)::INT] AS kept,
               [NULL, 2.5][(1 + hash(l.order_id, 5) % 2)::INT] AS salvage
        FROM events.order_lines l JOIN events.orders o USING (order_id) WHERE hash(l.order_id, l.line, 6) % 9 = 0""",
    "customers": """
        SELECT customer_id, CASE WHEN hash(customer_id) % 3 > 0 THEN min(placed_at) - INTERVAL 9 DAY END AS first_seen
        FROM events.orders GROUP BY customer_id""",
    "sellers": """
        SELECT DISTINCT seller_id, TIMESTAMP '2023-01-05' + to_days((hash(seller_id) % 200)::INT) AS joined_at,
               CASE WHEN hash(seller_id, 1) % 3 = 0 THEN TIMESTAMP '2023-08-05' + to_days((hash(seller_id) % 90)::INT) END AS left_at
        FROM events.order_lines WHERE seller_id <> ''""",
    "offers": """
        SELECT seller_id || product_id AS offer_id, seller_id, product_id,
               TIMESTAMP '2022-12-30' + to_days((hash(seller_id, product_id) % 180)::INT) AS listed_at,
               CASE WHEN hash(seller_id, product_id, 1) % 3 = 0
                    THEN TIMESTAMP '2023-07-01 08:00:00' + to_days((hash(product_id) % 120)::INT) END AS delisted_at,
               [NULL, true, false][(1 + hash(seller_id, product_id, 2) % 3)::INT] AS member_eligible
        FROM (SELECT DISTINCT seller_id, product_id FROM events.order_lines WHERE seller_id IS NOT NULL)""",
    "memberships": """
        SELECT customer_id, TIMESTAMP '2023-01-09' + to_days((hash(customer_id, k) % 120)::INT) + to_days(k * 60) AS starts_at,
               CASE WHEN hash(customer_id, k, 1) % 4 > 0
                    THEN TIMESTAMP '2023-01-09' + to_days((hash(customer_id, k) % 120)::INT) + to_days(k * 60 + 60) END AS ends_at,
               [NULL, 0, 9.9][(1 + hash(customer_id, k, 2) % 3)::INT] AS fee
        FROM events.customers, (VALUES (0), (1)) AS t(k) WHERE hash(customer_id, 3) % 4 = 0""",
    "visits": """
        SELECT DATE '2022-12-26' + range::INT AS day, hash(range) % 500 AS visits FROM range(330)
        WHERE hash(range, 1) % 40 > 0""",
    "costs": """
        SELECT DATE '2022-12-26' + d.range::INT AS day, kind, (hash(d.range, kind) % 1000) / 7 AS amount
        FROM range(330) AS d, (VALUES ('advertising'), ('fulfilment'), ('overhead'), ('technology')) AS k(kind)
        WHERE hash(d.range, kind, 1) % 5 > 0""",
    "hosting": """
        SELECT seller_id, DATE '2023-01-02' + d.range::INT AS day,
               [NULL, 0, 3.3][(1 + hash(seller_id, d.range) % 3)::INT] AS revenue,
               [NULL, 1.1][(1 + hash(seller_id, d.range, 1) % 2)::INT] AS cost
        FROM events.sellers, range(300) AS d WHERE hash(seller_id) % 2 = 0 AND hash(seller_id, d.range, 2) % 10 > 0""",
    "experiments": """
        SELECT 'fee' AS name, 'fee' AS lever, 0 AS control_value, 1 AS treated_value, TIMESTAMP '2023-03-06' AS starts_at,
               NULL AS ends_at, 'customer' AS unit, 0.5 AS share_exposed, 'orders' AS metric, 'log' AS scale,
               -0.1 AS effect, 0.05 AS se, 'experiment' AS design""",
    "decisions": """
        SELECT 'd' || order_id AS decision_id, contacts.asked_at AS decided_at, customer_id, order_id, 'keep' AS action, 0.5 AS propensity
        FROM events.contacts""",
}


def edge_events(**mapping) -> Planted:
    """The shop; its active days are few, so that customers come and go within the record."""
    return events_of(EDGE, **{"active_days": 40, **mapping})


def as_parquet(events: Planted, folder: Path, names: set[str] | None = None) -> Path:
    """Writes its tables (or those of `names`) as Parquet files, as an export of the canonical tables would be."""
    for name in tables():
        if names is None or name in names:
            events.connection.execute(f"COPY events.{name} TO '{folder}/{name}.parquet' (FORMAT parquet)")
    return folder


def assert_same(one: Measured, other: Measured, tolerance: float = 1e-9) -> None:
    """Both engines measured the same: gauges, periods, values and errors (relative `tolerance`), NULLs, counts, notes."""
    assert list(one.measures) == list(other.measures)
    assert one.left_out == other.left_out
    assert one.notes == other.notes
    assert [(r.gauge, r.start, r.end, r.n) for r in one.rows] == [(r.gauge, r.start, r.end, r.n) for r in other.rows]
    for mine, theirs in zip(one.rows, other.rows, strict=True):
        assert mine.value == pytest.approx(theirs.value, rel=tolerance, abs=0), mine
        assert (mine.error is None) == (theirs.error is None), mine
        if mine.error is not None:
            assert mine.error == pytest.approx(theirs.error, rel=tolerance, abs=0), mine
