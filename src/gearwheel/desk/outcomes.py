"""What happened after a decision, checked: the desk learns from it."""

from __future__ import annotations

import difflib
import hashlib
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from gearwheel.desk.consider import Desk
from gearwheel.desk.history import LEAST_CLAIM, MOST_TIMES
from gearwheel.desk.operation import Operation
from gearwheel.desk.places import folded
from gearwheel.desk.policy import Policy
from gearwheel.desk.record import ENCODE, asked_hash
from gearwheel.desk.requests import AHEAD, LARGEST
from gearwheel.desk.store import Outcome
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Belief

KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
KINDS = (  # the usual ones; others are kept as well, and their amount is a cost
    "returned", "not_returned", "abuse_found", "accepted", "declined", "refunded", "freight", "handling", "goods",
    "reviewed", "salvaged", "bought_again",
)  # fmt: skip
COSTS = ("refunded", "freight", "handling", "goods", "reviewed")
GAINS = ("salvaged", "bought_again")
SAYS = ("decision_id", "kind", "at", "amount", "currency", "sure")  # keys that the desk reads
NEAR = 0.85  # likeness from which another word is one of these, misspelled
ZONES = (14 * 3600, 12 * 3600)  # seconds by which a day begins earlier, and ends later, somewhere than in UTC
DATE = re.compile(r"[^T ]*")  # an `at` that names no time of the day

Told = Outcome | Problem


def outcome_of(desk: Desk, key: str, row: Mapping, now: float) -> Told:
    """The outcome as it is kept: decision_id, kind, at, amount (in the policy's currency) and whatever else is told.
    Faults are GW510, GW511, GW512, GW514, GW515 and GW527; what does not fit the decision, `misfit` says."""
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
    spelled = {folded(name): name for name in SAYS}
    for name in row:
        meant = spelled.get(folded(str(name)), name)
        if meant != name:
            return Problem("GW511", f"an outcome has no '{str(name)[:60]}'", hint=f"Did you mean '{meant}'?")
    for name, kind in (("sure", bool), ("currency", str)):
        if not isinstance(row.get(name), kind | None):
            return Problem("GW511", f"'{name}' is not {'true or false' if kind is bool else 'a text'}")
    try:
        first, _ = _times(row["at"])
    except (ValueError, OverflowError):
        return Problem("GW511", f"'at' is not a time such as 2026-11-24T17:00:00Z: {row['at'][:60]!r}")
    if first > now + AHEAD:
        return Problem("GW515", f"'at' is {row['at']}, which is still to come")
    wrong = _amiss(row, desk.policy.currency)
    if wrong:
        return wrong
    asked = asked_hash(row)
    name = outcome_name(desk, key)
    body = {**row, "outcome_id": name, "key": key, "asked": asked.hex(), "told_at": now}
    return Outcome(name, row["decision_id"], asked, ENCODE.encode(body))


def outcome_name(desk: Desk, key: str) -> str:
    """What the outcome under this key is called."""
    return "o" + hashlib.blake2b(key.encode(), key=desk.secret, digest_size=12, person=b"outcome").hexdigest()


def misfit(operation: Operation, policy: Policy, row: Mapping, decided_at: float, request: Mapping) -> Problem | None:
    """What is wrong with an outcome (a row that was read) of the decision on `request`, made at `decided_at` (seconds
    since 1970): it came before the decision (GW528), or is out of proportion (GW514, GW527)."""
    if _times(row["at"])[1] < decided_at - AHEAD:
        hint = "Is it another decision's, or is the zone missing? A time that states no zone is UTC."
        return Problem("GW528", f"'at' is {row['at']}, before the decision was made", hint=hint)
    wrong = _amiss(row, policy.currency)
    if wrong or row.get("amount") is None or row.get("sure") or "price" not in request:
        return wrong
    claimed = max(float(request["price"]) * float(request.get("quantity") or 1.0), LEAST_CLAIM)
    if row["kind"] == "bought_again":
        claimed = max(claimed, usual_spending(operation, policy))
    if abs(row["amount"]) > MOST_TIMES * claimed:
        said = f"'amount' is {row['amount']:,.2f}, more than {MOST_TIMES} times the {claimed:,.2f} {policy.currency} that were claimed"
        if row["kind"] == "bought_again":
            said = f"'amount' is {row['amount']:,.2f}, more than {MOST_TIMES} times what a customer spends in a year"
        return Problem("GW527", said, hint=SURE)
    return None


def usual_spending(operation: Operation, policy: Policy) -> float:
    """What a customer of whom nothing is known is believed to spend in a year, in the middle; 0 where nobody believes."""
    if "newcomer_value" not in operation.quantities:
        return 0.0
    stated = policy.quantities.get("newcomer_value", operation.quantities["newcomer_value"].belief)
    return stated.centre if isinstance(stated, Belief) else float(stated)


SURE = 'If it is right all the same, say "sure": true with it.'


def _amiss(row: Mapping, currency: str) -> Problem | None:
    """What is wrong with it whatever the decision was."""
    stated, amount, kind = row.get("currency"), row.get("amount"), row["kind"]
    if isinstance(stated, str) and stated and folded(stated) != folded(currency):
        hint = "Convert the amount, and leave the currency out."
        return Problem("GW514", f"the amount is in {stated[:20]}, the policy in {currency}", hint=hint)
    if amount is None and kind in (*COSTS, *GAINS):
        return Problem("GW510", "'amount' is missing", hint=f"'{kind}' is money.")
    if amount is not None and amount < 0 and not row.get("sure"):
        said = f"'amount' is {amount:,.2f}; what was spent or gained is not negative"
        return Problem("GW527", said, hint=f"What came in is told as {' or '.join(GAINS)}. {SURE}")
    return None


def _times(text: str) -> tuple[float, float]:
    """The first and the last moment that it can mean, seconds since 1970: a date is a whole day in any zone."""
    at = datetime.fromisoformat(text)
    seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    dated = DATE.fullmatch(text) is not None
    return (seconds - ZONES[0], seconds + 86_400 + ZONES[1]) if dated else (seconds, seconds)
