"""Everything that Gearwheel raises on purpose.

GearwheelError
├── WheelError      the model is wrong: a list of Problems, each with code, place and hint
├── DataError       a measured series or a source is wrong: the same
├── FitError        no posterior that may be believed came out
├── DeskError       a policy, or a request to the desk, cannot be used: the same
├── SpinError       a simulation blew up; says which draws, when and in which variable
└── Cancelled       the user stopped a long job
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One finding. `code` is stable (GW101 …); `hint` says what to try."""

    code: str
    message: str
    file: str = ""
    line: int = 0
    hint: str = ""
    severity: str = "error"  # error | warning

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else (f"{self.file}: " if self.file else "")
        hint = f"\n    {self.hint}" if self.hint else ""
        return f"{where}{self.severity} {self.code}: {self.message}{hint}"


class GearwheelError(Exception):
    """Base of all errors meant for the user; the CLI prints it without a traceback and exits 1."""


class ProblemsError(GearwheelError):
    """Carries one or more problems."""

    def __init__(self, problems: Problem | Iterable[Problem]):
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class WheelError(ProblemsError):
    """The wheel cannot be read, assembled or spun as written."""


class DataError(ProblemsError):
    """A measured series, or the source it comes from, cannot be used as it is."""


class DeskError(ProblemsError):
    """A policy, or what was asked of the desk, cannot be used; no decision was made."""


class FitError(GearwheelError):
    """Fitting did not end in a posterior that passes its gate."""


class SpinError(GearwheelError):
    """A simulation left the finite numbers."""


class Cancelled(GearwheelError):
    """Raised through `progress` by whoever wants the work to stop."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint naming the nearest known name, or "" when nothing is near."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if not near:
        short = [k for k in known if k.rsplit(".", 1)[-1] == name.rsplit(".", 1)[-1]]
        near = short[:1]
    return f"Did you mean '{near[0]}'?" if near else ""
