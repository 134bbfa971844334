"""What the returns desk costs in planted markets beside fixed rules and an oracle that knows everything.

    .venv/bin/python benchmarks/desk_regret.py [--markets desk_markets.toml] [--only NAME ...] [--luck N] [--workers 2]

Every market of the file is spun for half a year of always-return and a pilot of four months in which a quarter of the
claims is answered by lot. From that morning on the same year is lived again and again under the same luck: with
everything refunded on return; under each of ten rules "keep below a price"; with the desk that is blind to what
customers will yet spend; with the desk; and with the oracle. The cost of a way to answer is what returns cost in the
year, less what the shop earned more on its sales than under always-return. Regret is the cost over the oracle's.
Prints every market, wins and losses. Exits with 1 when the aim is missed: at least 15 % less regret over all markets
than the best fixed rule in hindsight of each, and in none more than 1 % of its cost above it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from desk_answers import Answers, Below, ByDesk, Oracle, Pilot
from desk_shop import Books, Planted

from gearwheel.market.returns import cost_of_returns
from gearwheel.market.settings import Market
from gearwheel.market.spin import Run, step, together
from gearwheel.market.state import State

FILE = Path(__file__).with_name("desk_markets.toml")
QUIET, PILOT, YEAR = 180, 120, 365  # days
RULES = (0.0, 0.2, 0.35, 0.5, 0.7, 0.9, 1.2, 1.6, 2.2, np.inf)  # keep below so many times the median price
LESS, WORSE = 0.15, 0.01


@dataclass(frozen=True)
class Result:
    """Costs of one market by way to answer, what rule was best, and what there was to win."""

    name: str
    costs: Mapping[str, float]
    rule: float
    claims: int
    false: float
    seconds: float

    @property
    def regret(self) -> dict[str, float]:
        return {name: cost - self.costs["oracle"] for name, cost in self.costs.items()}

    @property
    def worse(self) -> float:
        """The desk's cost over the best rule's, as a share of it."""
        return self.costs["desk"] / self.costs["best rule"] - 1


def read_markets(path: Path) -> list[Planted]:
    """The planted markets of the file: what all share, and what each has of its own."""
    raw = tomllib.loads(path.read_text("utf-8"))
    base = raw["all"]
    return [
        Planted(name, Market(**base | {k: v for k, v in own.items() if k not in ("states", "seed")}),
                tuple(own.get("states", ())), own["seed"])
        for name, own in raw["market"].items()
    ]  # fmt: skip


def compare(planted: Planted, quiet: int = QUIET, pilot: int = PILOT, year: int = YEAR, rules=RULES) -> Result:
    """Live the same year under every way to answer."""
    began, past, end = time.perf_counter(), quiet + pilot, quiet + pilot + year
    books, run = Books(planted), Run(planted.settings, end, planted.seed, {})
    state = run.opening(books)
    before = _live(run, state, Below(books), 0, quiet) + _live(run, state, Pilot(books), quiet, past)
    daily = together(before)
    left = (daily["income"] - daily["logistics"] - cost_of_returns(daily)).sum()
    margin, earned = left / (daily["sales"] + daily["shipping"]).sum(), left / daily["orders"].sum()

    def lived(kind, **what) -> Mapping[str, np.ndarray]:
        mine, now = books.copy(), state.copy()
        answers = kind(mine, end, **what) if kind is not Oracle else Oracle(mine, end, now, **what)
        return together(_live(run, now, answers, past, end))

    usual = lived(Below)

    def cost(daily) -> float:
        gained = (daily["income"] - daily["logistics"]).sum() - (usual["income"] - usual["logistics"]).sum()
        return float(cost_of_returns(daily).sum() - gained)

    basket = planted.settings.basket
    by_rule = {r: cost(lived(Below, price=r * basket)) if r else cost(usual) for r in rules}
    best = min(by_rule, key=by_rule.get)
    costs = {
        "always return": cost(usual),
        "best rule": by_rule[best],
        "blind": cost(lived(ByDesk, margin=margin, blind=True)),
        "desk": cost(lived(ByDesk, margin=margin)),
        "oracle": cost(lived(Oracle, earned=earned)),
    }
    claims, false = usual["claims"].sum(), usual["false_claims"].sum()
    return Result(planted.name, costs, best * basket, int(claims), false / claims, time.perf_counter() - began)


def _live(run: Run, state: State, answers: Answers, first: int, end: int) -> list[Mapping[str, float]]:
    """Daily counts of the days from `first` to before `end`."""
    counts, run.decide = [], answers
    for number in range(first, end):
        answers.books.today = number
        day = run.day(number, answers.books)
        step(state, day)
        counts.append(day.count)
    return counts


def table(results: Sequence[Result]) -> str:
    """Every market, and all together."""
    names = ("always return", "best rule", "blind", "desk", "oracle")
    head = f"| market | claims | false | best rule keeps below | {' | '.join(names)} | regret beside best rule | cost beside it |"
    lines = [head, "|" + "---|" * (len(names) + 6)]
    for r in results:
        rule = "never" if r.rule == 0 else "always" if np.isinf(r.rule) else f"{r.rule:.0f}"
        lines.append(
            f"| {r.name} | {r.claims:,} | {100 * r.false:.0f} % | {rule} | "
            + " | ".join(f"{r.costs[n]:,.0f}" for n in names)
            + f" | {_change(r.regret['desk'], r.regret['best rule'])} | {100 * r.worse:+.1f} % |"
        )
    total = {n: sum(r.costs[n] for r in results) for n in names}
    less = _change(total["desk"] - total["oracle"], total["best rule"] - total["oracle"])
    lines.append(
        f"| all | {sum(r.claims for r in results):,} | | | {' | '.join(f'{total[n]:,.0f}' for n in names)} | {less} | "
        f"{100 * (total['desk'] / total['best rule'] - 1):+.1f} % |"
    )
    return "\n".join(lines)


def verdict(results: Sequence[Result]) -> tuple[bool, str]:
    """Whether the aim is met, and what was lost where."""
    desk, rule = (sum(r.regret[n] for r in results) for n in ("desk", "best rule"))
    lost = [r for r in results if r.worse > 0]
    far = [r for r in lost if r.worse > WORSE]
    said = [
        f"Regret of the desk over all markets: {100 * (1 - desk / rule):.1f} % less than of the best fixed rule "
        f"({100 * LESS:.0f} % wanted).",
        f"Dearer than the best fixed rule in {len(lost)} of {len(results)} markets, by more than 1 % in {len(far)}"
        + (": " + ", ".join(f"{r.name} {100 * r.worse:+.1f} %" for r in lost) if lost else "") + ".",
    ]  # fmt: skip
    return desk < (1 - LESS) * rule and not far, "\n".join(said)


def _change(one: float, other: float) -> str:
    return f"{100 * (one / other - 1):+.0f} %" if other > 0 else "–"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markets", type=Path, default=FILE)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--luck", type=int, default=0, help="added to every seed: the same markets, lived again")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    planted = [m for m in read_markets(args.markets) if not args.only or m.name in args.only]
    planted = [replace(m, seed=m.seed + args.luck) for m in planted]
    with ProcessPoolExecutor(args.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        results = []
        for result in pool.map(compare, planted):
            results.append(result)
            print(f"{result.name}: {result.seconds:.0f} s", file=sys.stderr)
    print(table(results))
    met, said = verdict(results)
    print(f"\n{said}")
    if args.json:
        args.json.write_text(json.dumps([{"name": r.name, **r.costs} for r in results], indent=1))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
