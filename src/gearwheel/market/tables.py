"""The columns that a market emits: the canonical tables, each column with its kind, and how a kind becomes Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

WORDS: dict[str, tuple[str, ...]] = {  # a column of these kinds holds codes, −1 for empty
    "status": ("delivered", "cancelled"),
    "fulfilled": ("seller", "platform"),
    "contact": ("late", "quality", "return"),
    "reason": ("damaged", "not as described", "wrong size", "changed mind", "never arrived"),
    "cost": ("advertising", "fulfilment", "overhead"),
    "review": (
        "arrived late, I waited far too long",
        "the delivery took longer than promised",
        "poor quality, it broke after a day",
        "not as described and the fabric is thin",
        "fine for the money",
        "as expected",
        "arrived quickly and well packed",
        "great quality, would buy again",
    ),
}
PREFIX = {"customer": "c", "seller": "s", "product": "p", "offer": "f", "order": "o"}  # numbers in memory, text outside

TABLES: dict[str, dict[str, str]] = {
    "orders": {
        "order_id": "order",
        "customer_id": "customer",
        "placed_at": "time",
        "status": "status",
        "currency": "currency",
        "is_test": "flag",
    },
    "order_lines": {
        "order_id": "order",
        "line": "line",
        "product_id": "product",
        "seller_id": "seller",
        "quantity": "number",
        "price": "number",
        "discount": "number",
        "shipping_charged": "number",
        "commission": "number",
        "unit_cost": "number",
        "shipping_cost": "number",
        "fulfilled_by": "fulfilled",
    },
    "deliveries": {"order_id": "order", "promised_at": "time", "delivered_at": "time"},
    "reviews": {"order_id": "order", "score": "number", "text": "review", "created_at": "time"},
    "contacts": {"customer_id": "customer", "order_id": "order", "asked_at": "time", "reason": "contact"},
    "returns": {
        "order_id": "order",
        "line": "line",
        "requested_at": "time",
        "returned_at": "time",
        "refund": "number",
        "reason": "reason",
        "kept": "flag",
        "salvage": "number",
    },
    "customers": {"customer_id": "customer", "first_seen": "time"},
    "sellers": {"seller_id": "seller", "joined_at": "time", "left_at": "time"},
    "offers": {
        "offer_id": "offer",
        "seller_id": "seller",
        "product_id": "product",
        "listed_at": "time",
        "delisted_at": "time",
        "member_eligible": "flag",
    },
    "memberships": {"customer_id": "customer", "starts_at": "time", "ends_at": "time", "fee": "number"},
    "visits": {"day": "date", "visits": "number"},
    "costs": {"day": "date", "kind": "cost", "amount": "number"},
    "hosting": {"seller_id": "seller", "day": "date", "revenue": "number", "cost": "number"},
    "experiments": {
        "name": "text",
        "lever": "text",
        "control_value": "number",
        "treated_value": "number",
        "starts_at": "time",
        "ends_at": "time",
        "unit": "text",
        "share_exposed": "number",
        "metric": "text",
        "scale": "text",
        "effect": "number",
        "se": "number",
        "design": "text",
    },
}

Columns = Mapping[str, np.ndarray]


def clock(start: date, days: np.ndarray) -> np.ndarray:
    """Days since the start, with their fractions, as times to the second; NaN as NaT."""
    days = np.asarray(days, dtype=float)
    known = np.isfinite(days)
    seconds = np.where(known, np.where(known, days, 0.0) * 86400, 0).astype("timedelta64[s]")
    return np.where(known, np.datetime64(start, "s") + seconds, np.datetime64("NaT", "s"))


def arrow_table(name: str, columns: Columns, currency: str):
    """The columns of one table as an Arrow table in the canonical types."""
    import pyarrow as pa

    kinds = TABLES[name]
    return pa.table({column: _arrow(columns[column], kind, currency) for column, kind in kinds.items()})


def empty(name: str) -> dict[str, np.ndarray]:
    """The columns of a table without rows."""
    kinds = {"time": "datetime64[s]", "date": "datetime64[D]", "number": float, "flag": bool, "text": "U1"}
    return {column: np.zeros(0, dtype=kinds.get(kind, np.int64)) for column, kind in TABLES[name].items()}


def _arrow(values: np.ndarray, kind: str, currency: str):
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind in PREFIX:
        text = pc.binary_join_element_wise(PREFIX[kind], pa.array(values).cast(pa.string()), "")
        return pc.if_else(pa.array(values >= 0), text, pa.scalar(None, pa.string()))
    if kind == "currency":
        return pa.array([currency]).take(pa.array(np.zeros(len(values), dtype=np.int8)))
    if kind in WORDS:
        codes = pa.array(values.astype(np.int8), mask=values < 0)
        return pa.array(WORDS[kind]).take(codes)
    if kind == "line":
        return pa.array(values).cast(pa.string())
    if kind == "time":
        return pa.array(values.astype("datetime64[us]"))
    if kind == "number":
        return pa.array(values.astype(float), mask=np.isnan(values.astype(float)))
    return pa.array(values)
