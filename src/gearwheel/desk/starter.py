"""A policy to start from, for an operation and a currency."""

from __future__ import annotations

import re
from pathlib import Path

from gearwheel.desk.operations import OPERATIONS
from gearwheel.wheel.errors import DeskError, Problem, did_you_mean


def starter_policy(operation: str, currency: str) -> str:
    """The text of a commented policy that checks as it is. Raises DeskError (GW502)."""
    if operation not in OPERATIONS:
        hint = did_you_mean(operation, OPERATIONS) or f"The operations are: {', '.join(OPERATIONS)}."
        raise DeskError(Problem("GW502", f"no operation '{operation}'", hint=hint))
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise DeskError(Problem("GW502", f"'{currency}' is no currency", hint="Three capital letters, such as EUR."))
    text = Path(__file__).with_name(f"policy_{operation}.toml").read_text("utf-8")
    return text.replace('currency = "EUR"', f'currency = "{currency}"', 1)
