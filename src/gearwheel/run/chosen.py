"""Levers as a user names them: in full or by their last word, of the business and of nobody else."""

from __future__ import annotations

from gearwheel.wheel.errors import Problem, WheelError, did_you_mean
from gearwheel.wheel.parts import Wheel


def chosen_lever(wheel: Wheel, name: str, code: str) -> str:
    """The full name of a lever of the business. Raises WheelError with `code` for an unknown one, one of several of
    that name, or one that the world sets."""
    from gearwheel.levers.judging import business_levers

    full = [n for n in wheel.lever if n == name] or [n for n in wheel.lever if n.rpartition(".")[2] == name]
    if len(full) != 1:
        hint = f"It could be {' or '.join(full)}." if full else did_you_mean(name, wheel.lever)
        raise WheelError(Problem(code, f"no lever is called '{name}'", wheel.file, hint=hint))
    if full[0] not in business_levers(wheel):
        hint = f"Levers of the business: {', '.join(business_levers(wheel)) or 'none'}."
        message = f"'{full[0]}' is set by the world, not by the business"
        raise WheelError(Problem(code, message, wheel.file, hint=hint))
    return full[0]
