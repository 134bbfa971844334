"""The whole answer about terms: the settings that a wheel computes, and beside them what events and past fees say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gearwheel.run.store import Progress, silent
from gearwheel.run.terms import terms_of
from gearwheel.wheel.errors import Problem, WheelError
from gearwheel.wheel.parts import Wheel

PAST = ("members", "fees")  # what a past change of the fee is shown to have moved


def ask_terms(
    posterior,
    kind: str,
    outcome: str | None = None,
    *,
    data: str | Path | None = None,
    changed: date | None = None,
    progress: Progress | None = None,
    **asked,
) -> dict:
    """`terms_of`, and for a membership: `selection` (survey against effect), `past` (each past change of the fee) and
    `member_effect` from the events at `data`, else from those that the wheel is measured from where they hold
    memberships. Raises WheelError as `terms_of` does, and DataError for events at `data` that do not tell."""
    progress = progress or silent
    if data and kind != "membership":
        hint = "Leave it out, or ask for the membership."
        raise WheelError(Problem("GW156", f"events say nothing yet about terms of the kind '{kind}'", hint=hint))
    progress("terms", 0, 1, kind)
    found = terms_of(posterior, kind, outcome=outcome, **asked)
    if kind == "membership":
        found |= membership_beside(posterior, found["gear"], found["outcome"])
        found["member_effect"] = _from_events(posterior.wheel, data, changed, progress)
    progress("terms", 1, 1, "")
    return found


def membership_beside(posterior, gear: str, outcome: str) -> dict:
    """`selection` and `past` of a wheel with a membership."""
    from gearwheel.levers.terms_kinds import inside
    from gearwheel.run.members import past_changes, selection_of

    names = [inside(gear, n) for n in PAST]
    past = past_changes(posterior, inside(gear, "fee"), outcome, names)
    short = [one | {"shown": {n.rsplit(".", 1)[-1]: v for n, v in one["shown"].items()}} for one in past]
    return {"selection": selection_of(posterior, gear), "past": short}


def terms_part(posterior) -> dict | None:
    """The `terms` part of results.json: the membership, where the record has seen its fee change; else None."""
    from gearwheel.levers.terms_kinds import gear_of, inside, kinds
    from gearwheel.spin.levers import history

    gear = gear_of(kinds()["membership"], posterior.wheel)
    if gear is None or posterior.traced is None:
        return None
    if len(history(posterior.wheel).get(inside(gear, "fee"), ())) < 2:
        return None
    found = terms_of(posterior, "membership")
    return found | membership_beside(posterior, gear, found["outcome"])


def _from_events(wheel: Wheel, data, changed: date | None, progress: Progress) -> dict | None:
    from gearwheel.run.measuring import from_events
    from gearwheel.run.members import member_effect_at
    from gearwheel.wheel.errors import DataError

    if data:
        return member_effect_at(data, changed, progress)
    if not wheel.measured or not from_events(wheel):
        return None
    try:
        return member_effect_at(Path(wheel.file).parent / wheel.measured, changed, progress)
    except DataError as error:
        if error.problems[0].code != "GW158":
            raise
        return None  # the wheel's own events hold no memberships to speak of, and nobody asked for them
