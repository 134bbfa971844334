"""Variables, outcomes and levers as a user names them: in full, or by their last word where one gear alone has it."""

from __future__ import annotations

import contextlib

from gearwheel.wheel.errors import Problem, WheelError, did_you_mean
from gearwheel.wheel.parts import Wheel

OWN_PROFIT, BOOKED_PROFIT = "profit", "operating_income"
NEEDED_FOR_PROFIT = "sales, what the goods cost, logistics, overhead and advertising"


def variable(name: str, wheel: Wheel, *also: str) -> str:
    """The full name of a variable. Raises WheelError (GW142) with what was probably meant, `also` among it."""
    from gearwheel.spin.run import resolve_name

    known = wheel.variables()
    try:
        return resolve_name(name, known)
    except KeyError as error:
        shared = [k for k in known if k.rpartition(".")[2] == name]
        message = f"'{name}' could be {' or '.join(shared)}" if shared else f"no variable is called '{name}'"
        hint = (
            "Give its full name."
            if shared
            else did_you_mean(name, (*also, *known, *(k.rpartition(".")[2] for k in known)))
        )
        raise WheelError(Problem("GW142", message, wheel.file, hint=hint)) from error


def outcome_of(name: str, wheel: Wheel) -> str:
    """The full name of an outcome; `profit` is the variable of that name, else the operating income of the cost gear.

    Raises WheelError: GW144 where there is no profit to judge by, GW142 for any other unknown name.
    """
    from gearwheel.spin.run import resolve_name

    if name != OWN_PROFIT:
        return variable(name, wheel, OWN_PROFIT)
    for candidate in (OWN_PROFIT, BOOKED_PROFIT):
        with contextlib.suppress(KeyError):
            return resolve_name(candidate, wheel.variables())
    message = f"this wheel computes no profit: it lacks {NEEDED_FOR_PROFIT}"
    hint = "Take in the gear `costs`, or write [aux.profit] from numbers that you have or believe."
    raise WheelError(Problem("GW144", message, wheel.file, hint=hint))


def judged_by(wheel: Wheel, outcome: str | None = None) -> str:
    """The outcome that levers are judged by: the one asked for, else the first declared, else the size.

    Raises WheelError: GW146 where the business may set no lever, GW142 where there is no outcome or none of this name.
    """
    from gearwheel.levers.judging import business_levers

    if not business_levers(wheel):
        hint = "Add [lever.NAME] with `of`, a parameter, and `limits`."
        raise WheelError(Problem("GW146", "this wheel has no lever that the business may set", wheel.file, hint=hint))
    asked = outcome or next(iter(wheel.outcomes), wheel.size)
    if not asked:
        hint = 'Name a variable with --outcome, or write outcomes = ["…"] in the first line of the file.'
        raise WheelError(Problem("GW142", "this wheel declares no outcome to judge levers by", wheel.file, hint=hint))
    return outcome_of(asked, wheel)


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
