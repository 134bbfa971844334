"""Canonical events for tests: a small clean shop whose faults are planted, and Olist as it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb

from gearwheel.gauges.canonical import empty_view_sql, tables

SHARED = Path(environ.get("GEARWHEEL_SHARED", Path(__file__).parents[1] / "../shared"))
OLIST = SHARED / "data" / "olist"


@dataclass
class Planted:
    """What `gauges.events.Events` offers to whoever only reads."""

    connection: Any
    present: set[str] = field(default_factory=set)
    columns: dict[str, set[str]] = field(default_factory=dict)
    mapping: Any = None

    def run(self, sql: str) -> Planted:
        self.connection.execute(sql)
        return self


def events_of(queries: dict[str, str], **mapping: Any) -> Planted:
    """Events whose tables are these queries, with the columns that they yield; all others are empty."""
    connection = duckdb.connect(config={"threads": 2})
    events = Planted(connection, mapping=SimpleNamespace(**{**MAPPING, **mapping}))
    connection.execute("CREATE SCHEMA events")
    for name, table in tables().items():
        connection.execute(f'CREATE TABLE events."{name}" AS {empty_view_sql(table)}')
        if name in queries:
            connection.execute(f'INSERT INTO events."{name}" BY NAME {queries[name]}')
            described = connection.execute(f"DESCRIBE {queries[name]}").fetchall()
            events.present.add(name)
            events.columns[name] = {row[0] for row in described}
    return events


MAPPING = {"adapter": "", "time_zone": "UTC", "currency": "EUR", "grain": "week", "active_days": 90}

# 60 weeks from Monday, 2023-01-02: about 40 orders a day, fewer on Sundays, more year by year, busiest at 15 h
_ORDERS = """
    SELECT 'o' || i AS order_id, 'c' || (hash(i, 1) % 3000) AS customer_id,
           DATE '2023-01-02' + day + to_hours(8 + ((hash(i, 2) % 8 + hash(i, 3) % 8) % 15)::INT)
               + to_minutes((hash(i, 4) % 60)::INT) AS placed_at,
           CASE WHEN hash(i, 5) % 50 = 0 THEN 'cancelled' ELSE 'done' END AS status, 'EUR' AS currency,
           FALSE AS is_test
    FROM (SELECT day, unnest(range(n)) AS k, day * 1000 + k AS i
          FROM (SELECT day::INT AS day, (35 + day / 20 + hash(day, 6) % 12 - 15 * (day % 7 = 6)::INT)::INT AS n
                FROM range(420) AS r(day)))
"""

CLEAN = {
    "orders": _ORDERS,
    "order_lines": """
        SELECT order_id, line, 'p' || hash(order_id, line) % 200 AS product_id, 's' || hash(order_id) % 20 AS seller_id,
               1 AS quantity, 5 + hash(order_id, line) % 50 AS price, 0 AS discount, 4.9 AS shipping_charged
        FROM events.orders, (VALUES ('1'), ('2')) AS l(line) WHERE line = '1' OR hash(order_id) % 3 = 0""",
    "deliveries": """
        SELECT order_id, placed_at + INTERVAL 5 DAY AS promised_at,
               placed_at + to_days(2 + (hash(order_id) % 4)::INT) AS delivered_at FROM events.orders""",
    "reviews": """
        SELECT order_id, 1 + hash(order_id) % 5 AS score, 'good' AS text, placed_at + INTERVAL 7 DAY AS created_at
        FROM events.orders WHERE hash(order_id) % 4 = 0""",
    "customers": "SELECT DISTINCT customer_id, TIMESTAMP '2023-01-01' AS first_seen FROM events.orders",
    "sellers": "SELECT 's' || i AS seller_id, TIMESTAMP '2023-01-01' AS joined_at FROM range(20) AS r(i)",
    "visits": "SELECT DATE '2023-01-02' + i::INT AS day, 1000 AS visits FROM range(420) AS r(i)",
    "memberships": """
        SELECT customer_id, TIMESTAMP '2023-02-01' AS starts_at, TIMESTAMP '2024-02-01' AS ends_at, 50 AS fee
        FROM events.customers WHERE hash(customer_id) % 10 = 0""",
}


def clean_events(**mapping: Any) -> Planted:
    """A shop with nothing wrong."""
    return events_of(CLEAN, **mapping)


def olist_queries(folder: Path, customer: str = "customer_unique_id") -> dict[str, str]:
    """Olist as canonical tables, with every quirk of the files left in. Times are made UTC."""

    def utc(column: str) -> str:
        return f"timezone('UTC', timezone('America/Sao_Paulo', {column}))"

    orders = f"(SELECT * FROM '{folder}/orders.parquet' JOIN '{folder}/customers.parquet' USING (customer_id))"
    return {
        "orders": f"""SELECT order_id, {customer} AS customer_id, {utc("order_purchase_timestamp")} AS placed_at,
                      replace(order_status, 'canceled', 'cancelled') AS status FROM {orders}""",
        "order_lines": f"""SELECT order_id, order_item_id::VARCHAR AS line, product_id, seller_id, price,
                           freight_value AS shipping_charged FROM '{folder}/order_items.parquet'""",
        "deliveries": f"""SELECT order_id, {utc("order_estimated_delivery_date")} AS promised_at,
                          {utc("order_delivered_customer_date")} AS delivered_at FROM '{folder}/orders.parquet'""",
        "reviews": f"""SELECT order_id, review_score AS score,
                       nullif(concat_ws(' ', review_comment_title, review_comment_message), '') AS text,
                       {utc("review_creation_date")} AS created_at FROM '{folder}/order_reviews.parquet'""",
        "sellers": f"SELECT seller_id FROM '{folder}/sellers.parquet'",
    }
