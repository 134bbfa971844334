"""The best lever paths under a budget, limits, ramps and risk, judged on draws that the search has not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gearwheel.levers.next_experiment import worth_knowing
from gearwheel.levers.plan_search import Found, Scales, best_of, by_gradient, judge, without_gradient
from gearwheel.levers.plan_simple import equal_split, greedy
from gearwheel.levers.plan_task import Inputs, Measured, Task, jax_objectives, objectives
from gearwheel.levers.risk import mean_weights, ordered, quantile_weights, tail_weights, width

Progress = Callable[[str, int, int, str], None]
AGREE = 0.02  # of the larger gain that the two optimisers may differ by
TIGHTENINGS = 2  # times that a condition missed on other noise is asked for more strictly
NEARLY = 0.005  # of the best gain that a simpler plan may do worse by
LUCK = 0.005  # by which a condition is asked less strictly where the draws of the search miss it by bad luck
SLACK, OVER = 0.01, 0.02  # by which draws of their own may miss a condition's share, and the budget
IDLE = 0.001  # of the gain: levers whose paths add less in all stay as they are
LEAST_RUNS, LEAST_EACH, MOST_RUNS = 150, 10, 800  # of the derivative-free check; each: for every number decided
NOTHING = "nothing"


@dataclass(frozen=True)
class Plan:
    """`x` are the chosen paths (zeros: change nothing). `candidates` are the paths of every plan compared, by name, and
    `fresh` what they bring on fresh draws; `value` maps a name to the risk measure there.

    `optimism` is the gain on the draws of the search less that on the fresh ones; `checked` are the gains of the two
    optimisers on the former. `knowing`: parameter → what knowing it before choosing is worth. `kept` is False where no
    path keeps the rules.
    """

    task: Task = field(repr=False)
    x: np.ndarray
    better: bool
    candidates: dict[str, np.ndarray] = field(repr=False)
    fresh: dict[str, Measured] = field(repr=False)
    value: dict[str, float]
    optimism: float
    checked: dict[str, float]
    runs: dict[str, int]
    knowing: dict[str, float]
    kept: bool = True


MEDIAN = "median"  # what is raised in place of the mean where a few exploding draws make the mean


def risk_weights(draws: int, risk: str, at_risk: float) -> np.ndarray:
    if risk == MEDIAN:
        return quantile_weights(draws, 0.5)
    return tail_weights(draws, at_risk) if risk == "cvar" else mean_weights(draws)


def _error(difference: np.ndarray, risk: str) -> float:
    """Of the gain on fresh draws (draws,), by which it must exceed 0 twice: 0 for a tail, which is careful already."""
    if risk == "cvar":
        return 0.0
    if risk == MEDIAN:  # of a median, by the spread of the middle two thirds, which exploding draws do not reach
        low, high = np.nanquantile(difference, [0.16, 0.84])
        return float(np.sqrt(np.pi / 2) * (high - low) / 2 / np.sqrt(len(difference)))
    return float(np.std(difference) / np.sqrt(len(difference)))


def plan(
    task: Task,
    seen: Inputs,
    other: Inputs,
    fresh: Inputs,
    *,
    budget: float = np.inf,
    risk: str = "expected",
    at_risk: float = 0.1,
    believed: dict[str, np.ndarray] | None = None,
    seed: int = 1,
    progress: Progress = lambda *_: None,
) -> Plan:
    """Search on `seen`, tighten conditions and choose on `other`, judge on `fresh`: draws and noise of their own.

    Chosen is what keeps everything and does best among the plan found, half of it, best lever first, an equal split, each
    lever alone and doing nothing; of those within NEARLY of its gain the one that moves the fewest levers.

    `budget` is the largest expected money spent on the levers beyond the current plan. `believed`: parameter → its
    values on the fresh draws, to be asked what knowing it is worth; where these repeat with other noise, once.
    """
    search = _Search(task, seen, budget, risk, at_risk, progress)
    asked = np.array([rule.probability for rule in task.rules])
    zero = np.zeros(task.paths.size)
    here, there = (np.mean(task.measure(given, zero).margins >= 0, axis=1) for given in (seen, other))
    levels = np.where(there >= asked, np.minimum(asked, here - LUCK), asked)  # bad luck of few draws is no condition
    found, split, first, alone = search.run(levels, seed)
    for _ in range(TIGHTENINGS if len(levels) else 0):
        if found is None:
            break
        short = asked - np.mean(task.measure(other, found.x).margins >= 0, axis=1)
        if np.all(short <= 0):
            break
        levels = np.minimum(levels + np.maximum(short, 0) + 0.005, 0.998)
        progress("search", 0, 1, "conditions asked more strictly")
        again = search.again(levels, found.x)
        if again is None:
            break
        found = again
    found = found and search.without_idle(found, levels)
    first = search.without_idle(first, levels)
    tried = [zero, *alone, first.x]
    tried += [] if split is None else [split]
    tried += [] if found is None else [0.5 * found.x, found.x]
    x, kept = _chosen(task, other, tried, asked, budget, search)
    promised = search.gain(x)
    named = {"plan": x, NOTHING: zero, "greedy": first.x if first.kept else None, "equal split": split}
    named = {name: path for name, path in named.items() if path is not None}
    return _judged(task, search, promised, kept, named, alone, fresh, believed or {}, risk, at_risk, progress)


def _chosen(task, other, tried, asked, budget, search) -> tuple[np.ndarray, bool]:
    """(the path to advise, whether it keeps everything), by what each brings on draws of their own."""
    weights = risk_weights(other.draws, search.risk, search.at_risk)
    measured = [task.measure(other, x) for x in tried]
    none = measured[0]
    gains, keeps = [], []
    for m in measured:
        gains.append(float(ordered(np, m.value, weights) - ordered(np, none.value, weights)))
        spent = float(np.mean(m.spent - none.spent))
        held = bool(np.all(np.mean(m.margins >= 0, axis=1) >= asked - SLACK))
        keeps.append(held and spent <= budget * (1 + OVER) + 1e-9 and np.isfinite(gains[-1]))
    able = [i for i, kept in enumerate(keeps) if kept]
    if not able:
        return tried[0], False
    best = max(gains[i] for i in able)
    near = [i for i in able if gains[i] >= best - NEARLY * abs(best)]
    levers = np.arange(task.paths.size) // task.paths.knots
    return tried[min(near, key=lambda i: (len(np.unique(levers[tried[i] != 0])), -gains[i]))], True


class _Search:
    """One task on one set of draws: compiled once, asked many times."""

    def __init__(self, task: Task, seen: Inputs, budget: float, risk: str, at_risk: float, progress: Progress):
        self.task, self.seen, self.budget, self.progress = task, seen, budget, progress
        self.risk, self.at_risk = risk, at_risk
        self.weights = risk_weights(seen.draws, risk, at_risk)
        self.compiled = jax_objectives(task)
        self.given = (dict(seen.parameters), seen.state, seen.shocks)
        self.checked: dict[str, float] = {}
        self.runs: dict[str, int] = {}

    def gain(self, x: np.ndarray) -> float:
        """On the draws of the search."""
        values = [self.task.measure(self.seen, path).value for path in (x, np.zeros(self.task.paths.size))]
        return float(np.subtract(*(ordered(np, value, self.weights) for value in values)))

    def _told(self, stage: str):
        return lambda done, total, note: self.progress(stage, done, total, note)

    def _at(self, levels: np.ndarray):
        """(objectives, slopes, scales) with the rules asked at these levels."""
        rules = [quantile_weights(self.seen.draws, 1 - level) for level in levels]
        margins = self.task.measure(self.seen, np.zeros(self.task.paths.size)).margins
        widths = np.array([width(m, 1 - level) for m, level in zip(margins, levels)])
        rules = np.array(rules).reshape(len(levels), self.seen.draws), widths
        none = self.values(np.zeros(self.task.paths.size), rules)

        def slopes(x):
            jacobian, values = self.compiled(x, self.given, self.weights, *rules)
            return np.asarray(values), np.asarray(jacobian)

        trial = abs(self.values(self.task.paths.hold(np.full(len(self.task.paths.tracks), 0.1)), rules)[0] - none[0])
        gain = trial if np.isfinite(trial) and trial > 0 else max(abs(none[0]), 1e-9)
        return lambda x: self.values(x, rules), slopes, Scales(none, gain, self.budget)

    def values(self, x: np.ndarray, rules: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        return objectives(self.task, self.seen, self.weights, *rules, x)

    def run(self, levels: np.ndarray, seed: int) -> tuple[Found | None, np.ndarray | None, Found, list[np.ndarray]]:
        """(best plan, equal split, greedy plan, what each lever does best alone)."""
        paths = self.task.paths
        at, slopes, scales = self._at(levels)
        self.progress("simple plans", 0, 1, "equal split and best lever first")
        split = equal_split(paths, scales, at)
        first, alone = greedy(paths, scales, at)
        self.progress("compile", 0, 1, "the gradient; kept on disk for the next time")
        slopes(np.zeros(paths.size))
        random = paths.hold(0.5 * np.random.default_rng(seed).uniform(-1, 1, len(paths.tracks)))
        starts = [np.zeros(paths.size), first.x, random, *([] if split is None else [split])]
        climbed = by_gradient(paths, scales, slopes, starts, self._told("search"))
        runs = int(np.clip(sum(f.runs for f in climbed), max(LEAST_RUNS, LEAST_EACH * paths.size), MOST_RUNS))
        checked = without_gradient(paths, scales, at, np.zeros(paths.size), runs, self._told("check"))
        climbed_best = best_of(climbed)
        self.checked = {
            "by_gradient": climbed_best.gain if climbed_best else float("nan"),
            "without_gradient": checked.gain if checked.kept else float("nan"),
        }
        self.runs = {"by_gradient": sum(f.runs for f in climbed), "without_gradient": checked.runs}
        simple = [judge(paths, scales, np.zeros(paths.size), scales.none), first]
        simple += [] if split is None else [judge(paths, scales, split, at(split))]
        return best_of([*climbed, checked, *simple]), split, first, alone

    def without_idle(self, found: Found, levels: np.ndarray) -> Found:
        """The plan without the paths that add next to nothing, the idlest first."""
        paths, least = self.task.paths, found.gain - IDLE * abs(found.gain)
        at, _, scales = self._at(levels)
        parts = np.arange(paths.size) // paths.knots
        while np.any(found.x):
            trials = [np.where(parts == i, 0.0, found.x) for i in np.unique(parts[found.x != 0])]
            judged = best_of([judge(paths, scales, x, at(x)) for x in trials])
            if judged is None or judged.gain < least:
                break
            found = judged
        return found

    def again(self, levels: np.ndarray, start: np.ndarray) -> Found | None:
        """From an earlier plan, with stricter conditions."""
        _, slopes, scales = self._at(levels)
        zero = np.zeros(self.task.paths.size)
        return best_of(by_gradient(self.task.paths, scales, slopes, [start, zero], self._told("search")))


def _judged(task, search, promised, kept, named, alone, fresh, believed, risk, at_risk, progress) -> Plan:
    """Every plan on fresh draws: which is better than nothing, what the search promised itself, what to find out."""
    measured = {}
    for number, (name, x) in enumerate(named.items()):
        progress("judge", number, len(named), name)
        measured[name] = task.measure(fresh, x)
    weights = risk_weights(fresh.draws, risk, at_risk)
    value = {name: float(ordered(np, m.value, weights)) for name, m in measured.items()}
    gain = value["plan"] - value[NOTHING]
    error = _error(measured["plan"].value - measured[NOTHING].value, risk)
    better = bool(kept and np.any(named["plan"]) and gain > 2 * error)
    progress("next experiment", 0, 1, "")
    options = _alternatives(task, named["plan"], alone, measured, fresh)
    if risk == MEDIAN:
        options = np.clip(options, *np.nanquantile(options, [0.05, 0.95]))
    once = len(next(iter(believed.values()), options[0]))
    knowing = worth_knowing(options.reshape(len(options), -1, once).mean(axis=1), believed)
    return Plan(
        task, named["plan"] if better else np.zeros(task.paths.size), better, named, measured, value, promised - gain,
        search.checked, search.runs, knowing, kept,
    )  # fmt: skip


def _alternatives(task: Task, x: np.ndarray, alone: list, measured: dict[str, Measured], fresh: Inputs) -> np.ndarray:
    """(plans, draws): those compared, each lever at its own best, the plan with and without each lever, half the plan."""
    rows, parts = [m.value for m in (measured[NOTHING], *measured.values())], np.arange(task.paths.size)
    parts //= task.paths.knots
    moved = np.unique(parts[x != 0])
    tried = [*alone, 0.5 * x] if len(moved) else alone
    for i in moved if len(moved) > 1 else []:
        tried += [np.where(parts == i, x, 0.0), np.where(parts == i, 0.0, x)]
    return np.stack([*rows, *(task.measure(fresh, one).value for one in tried)])
