"""What happened after a decision, checked: the desk learns from it."""

from __future__ import annotations

import difflib
import hashlib
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from gearwheel.desk.consider import Desk
from gearwheel.desk.record import ENCODE, asked_hash
from gearwheel.desk.requests import AHEAD, LARGEST
from gearwheel.desk.store import Outcome
from gearwheel.wheel.errors import Problem

KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
KINDS = (  # the usual ones; others are kept as well, and their amount is a cost
    "returned", "not_returned", "abuse_found", "accepted", "declined", "refunded", "freight", "handling", "goods",
    "reviewed", "salvaged", "bought_again",
)  # fmt: skip
NEAR = 0.85  # likeness from which another word is one of these, misspelled

Told = Outcome | Problem


def outcome_of(desk: Desk, key: str, row: Mapping, now: float) -> Told:
    """The outcome as it is kept: decision_id, kind, at, amount (in the policy's currency, may be missing) and whatever
    else is told. Faults are GW510, GW511, GW512 and GW515."""
    for name in ("decision_id", "kind", "at"):
        if not row.get(name):
            return Problem("GW510", f"'{name}' is missing", hint="An outcome says decision_id, kind and at.")
        if not isinstance(row[name], str):
            return Problem("GW511", f"'{name}' is not a text: {repr(row[name])[:60]}")
    if not KIND.fullmatch(row["kind"]):
        return Problem("GW511", f"no kind of outcome: {row['kind'][:60]!r}", hint=f"Such as {', '.join(KINDS)}.")
    meant = difflib.get_close_matches(row["kind"], KINDS, n=1, cutoff=NEAR)
    if meant and meant != [row["kind"]]:
        hint = f"Did you mean '{meant[0]}'? A kind of your own is less like one of the desk's."
        return Problem("GW511", f"'{row['kind']}' is hardly a kind of outcome", hint=hint)
    amount = row.get("amount")
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int | float)):
        return Problem("GW511", f"'amount' is not a number: {repr(amount)[:60]}")
    if amount is not None and not (math.isfinite(amount) and abs(amount) <= LARGEST):
        return Problem("GW512", f"'amount' is {amount:g}; it is at most {LARGEST:g}")
    try:
        at = datetime.fromisoformat(row["at"])
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return Problem("GW511", f"'at' is not a time such as 2026-11-24T17:00:00Z: {row['at'][:60]!r}")
    if seconds > now + AHEAD:
        return Problem("GW515", f"'at' is {row['at']}, which is still to come")
    name = "o" + hashlib.blake2b(key.encode(), key=desk.secret, digest_size=12, person=b"outcome").hexdigest()
    asked = asked_hash(row)
    body = {**row, "outcome_id": name, "key": key, "asked": asked.hex(), "told_at": now}
    return Outcome(name, row["decision_id"], asked, ENCODE.encode(body))
