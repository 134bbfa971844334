"""A policy for returns with every kind of part, and requests to it, for tests of the desk."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from gearwheel.desk.consider import Desk
from gearwheel.desk.policy import believed
from gearwheel.desk.policy_file import parse_policy
from gearwheel.desk.returns import RETURNS

POLICY = """
operation = "returns"
currency = "EUR"
explore = 0.2
draws = 60

[rule.dear]
when = { amount = { above = 100 } }
forbid = ["keep", "replace"]

[right.withdrawal]
when = { jurisdiction = ["DE", "FR"], days_since_delivery = { at_most = 14 } }
grants = ["return", "keep"]

[cap.customer]
actions = ["keep", "replace"]
per = "customer"
days = 90
most = 1

[cap.product]
actions = ["keep"]
per = "product"
days = 1
most = 3

[cap.money]
actions = ["keep", "replace", "partial"]
per = "all"
days = 1
money = 300
"""
NOW = 1_795_000_000.0  # 18 November 2026


def desk(text: str = POLICY, secret: bytes = b"secret of the tests") -> Desk:
    policy, operation = parse_policy(text, [RETURNS])
    return Desk(operation, policy, believed(policy, operation), secret)


def request(number: int = 0, **changed) -> dict:
    """One request as JSON states it; requests with unlike numbers differ."""
    lots = np.random.default_rng(number)
    row = {
        "order_id": f"o{number}",
        "product_id": f"p{number % 7}",
        "customer_id": f"c{number % 11}",
        "quantity": 1,
        "price": round(float(lots.lognormal(3, 0.8)), 2),
        "currency": "EUR",
        "reason": "too small",
        "requested_at": "2026-11-17T10:00:00Z",
        "jurisdiction": ("DE", "US")[number % 2],
        "delivered_at": f"2026-11-{1 + number % 16:02d}T10:00:00+01:00",
    }
    return {k: v for k, v in (row | changed).items() if v is not ...}


def time_of(text: str) -> datetime:
    """A time of a request as a file has it."""
    return datetime.fromisoformat(text)
