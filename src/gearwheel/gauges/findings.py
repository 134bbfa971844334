"""Collects what is wrong with a file of measurements, so that one reading tells all of it."""

from __future__ import annotations

from collections.abc import Callable

from gearwheel.wheel.errors import DataError, Problem

ENOUGH = 1000  # problems after which reading on helps nobody
SHOWN = 60  # characters of a cell that a message repeats

Note = Callable[[str, str, str], None]  # (code, message, hint)


class Findings:
    """The problems found so far in one file."""

    def __init__(self, file: str):
        self.file = file
        self.problems: list[Problem] = []

    def at(self, line: int) -> Note:
        """The function that notes problems of this line."""
        return lambda code, message, hint: self.problems.append(Problem(code, message, self.file, line, hint))

    @property
    def enough(self) -> bool:
        return len(self.problems) >= ENOUGH

    def check(self) -> None:
        """Raises DataError with every problem, in the order of the file; returns when there is none."""
        if self.problems:
            raise DataError(sorted(self.problems, key=lambda problem: problem.line))


def shown(text: str) -> str:
    """A cell as a message may repeat it: quoted, short, and without control characters."""
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")
