"""Experiments inside the market: customers treated at random, and the effect with its standard error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from gearwheel.market.draws import Draws, Stream
from gearwheel.market.levers import day_of
from gearwheel.market.settings import Market
from gearwheel.market.state import Day
from gearwheel.market.tables import clock

METRICS = {
    "price": "orders per customer",
    "selection": "orders per customer",
    "membership": "orders per customer",
    "delivery": "review score",
}


@dataclass(frozen=True)
class Experiment:
    """A lever multiplied by `factor` for a random `share` of the customers who are there at `starts`.

    `lever` is price, selection (part of the range hidden), delivery (days to the door) or membership: with a factor of
    0, for it is given for nothing, to a random share of those who are no members.
    """

    name: str
    lever: str
    factor: float
    starts: int | date
    ends: int | date
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.lever not in METRICS:
            raise ValueError(f"no experiment on {self.lever!r}; possible are {', '.join(METRICS)}")
        if not 0 < self.share < 1:
            raise ValueError(f"the share treated must lie between 0 and 1, not {self.share}")
        if self.lever == "membership" and self.factor != 0:
            raise ValueError(f"a membership is given for nothing, with a factor of 0, not {self.factor}")
        if self.lever != "membership" and not (self.factor > 0 and self.factor != 1):
            raise ValueError(f"the treated lever must be positive and another one, not {self.factor} times the same")


class Trial:
    """One experiment while it runs: who is treated, and what their metric sums up to."""

    def __init__(self, experiment: Experiment, settings: Market, draws: Draws, number: int):
        self.experiment, self.number, self._draws = experiment, number, draws
        self.first, self.end = day_of(settings, experiment.starts), day_of(settings, experiment.ends)
        if not 0 <= self.first < self.end:
            raise ValueError(f"experiment {experiment.name!r} must end after it starts, and start within the market")
        self.metric = METRICS[experiment.lever]
        self.treated = np.zeros(0, dtype=bool)
        self.sums, self.events = np.zeros(0), np.zeros(0)
        self._members: list[tuple[float, float]] = []

    def open(self, day: Day, rows) -> np.ndarray:
        """On its first day: assign everybody who is there, once. Answers who is given a membership today."""
        if day.number != self.first:
            return np.zeros(0, dtype=int)
        given = self.experiment.lever == "membership"
        there = rows["there"] & ~rows["member"] if given else rows["there"]
        luck = self._draws.uniform(Stream.EXPERIMENT, np.arange(len(there)), self.number)
        self.treated = there & (luck < self.experiment.share)
        self.control = there & ~self.treated
        self.sums, self.events = np.zeros(len(there)), np.zeros(len(there))
        return np.flatnonzero(self.treated) if given else np.zeros(0, dtype=int)

    def see(self, day: Day, rows) -> None:
        """Each day of a trial of memberships: the share of members in both groups."""
        if self.experiment.lever == "membership" and self.runs(day.number):
            known = slice(len(self.treated))
            member, there = rows["member"][known], rows["there"][known]
            shares = [
                float(member[g & there].mean()) if (g & there).any() else 0.0 for g in (self.control, self.treated)
            ]
            self._members.append((shares[0], shares[1]))

    def factor(self, lever: str, day: Day, who: np.ndarray) -> np.ndarray:
        """By what each of `who` sees the lever multiplied today."""
        found = np.ones(len(who))
        if lever == self.experiment.lever and self.runs(day.number):
            known = who < len(self.treated)
            found[known] = np.where(self.treated[who[known]], self.experiment.factor, 1.0)
        return found

    def note(self, metric: str, who: np.ndarray, values: np.ndarray) -> None:
        """Values of a metric for some customers."""
        if metric == self.metric and len(self.sums):
            known = who < len(self.sums)
            np.add.at(self.sums, who[known], values[known])
            np.add.at(self.events, who[known], 1.0)

    def runs(self, day):
        """Whether it runs on a day, or on each of an array of days."""
        return (self.first <= day) & (day < self.end)

    def levels(self, levers) -> tuple[float, float]:
        """The mean lever in the control and in the treated group; of memberships, the mean share of members."""
        if self.experiment.lever == "membership":
            control, treated = np.mean(self._members, axis=0)
            return float(control), float(treated)
        path = levers.get(self.experiment.lever)
        control = float(path[self.first : self.end].mean()) if path is not None else 1.0
        return control, control * self.experiment.factor

    def effect(self) -> tuple[float, float]:
        """Log ratio of the treated to the control mean, and its standard error by the delta method over customers."""
        logs, variance = [], 0.0
        for group in (self.treated, self.control):
            top = self.sums[group]
            bottom = self.events[group] if self.metric == "review score" else np.ones(len(top))
            if not top.sum() > 0:
                return math.nan, math.nan
            ratio = top.sum() / bottom.sum()
            variance += float(((top - ratio * bottom) ** 2).sum()) / float(top.sum()) ** 2
            logs.append(math.log(ratio))
        return logs[0] - logs[1], math.sqrt(variance)


def rows(trials: Sequence[Trial], settings: Market, levers, days: int) -> dict[str, np.ndarray]:
    """The experiments table: those that have ended and found anything."""
    done = [(t, *t.effect()) for t in trials if t.end <= days and len(t.sums)]
    done = [(t, effect, se) for t, effect, se in done if math.isfinite(effect)]
    start, levels = settings.start, [t.levels(levers) for t, *_ in done]
    return {
        "name": np.array([t.experiment.name for t, *_ in done], dtype=str),
        "lever": np.array([t.experiment.lever for t, *_ in done], dtype=str),
        "control_value": np.array([control for control, _ in levels], dtype=float),
        "treated_value": np.array([treated for _, treated in levels], dtype=float),
        "starts_at": clock(start, np.array([t.first for t, *_ in done], dtype=float)),
        "ends_at": clock(start, np.array([t.end for t, *_ in done], dtype=float)),
        "unit": np.array(["customer"] * len(done), dtype=str),
        "share_exposed": np.array([t.experiment.share for t, *_ in done], dtype=float),
        "metric": np.array([t.metric for t, *_ in done], dtype=str),
        "scale": np.array(["log"] * len(done), dtype=str),
        "effect": np.array([effect for _, effect, _ in done], dtype=float),
        "se": np.array([se for *_, se in done], dtype=float),
        "design": np.array(["experiment"] * len(done), dtype=str),
    }
