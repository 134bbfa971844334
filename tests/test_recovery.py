"""Recovery: markets planted, measured through the SQL and fitted give back what was planted. The whole of it is
`benchmarks/recovery.py`; here are four of its markets and what its table is computed from."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom

from gearwheel.market.truth import LINKS
from gearwheel.wheel.rules import check_wheel

FILE = Path(__file__).parents[1] / "benchmarks" / "recovery.py"


@pytest.fixture(scope="module")
def recovery():
    """The benchmark as a module, under a name that its worker processes can import."""
    sys.path.insert(0, str(FILE.parent))
    try:
        yield importlib.import_module("recovery")
    finally:
        sys.path.remove(str(FILE.parent))


def test_the_wheel_is_sound_and_every_link_has_its_truth(recovery):
    wheel = recovery.open_wheel()
    assert [p for p in check_wheel(wheel) if p.severity == "error"] == []
    assert {link.strength for link in wheel.link.values()} == set(recovery.PLANTED)
    assert set(recovery.PLANTED.values()) <= set(LINKS)


def test_the_market_is_planted_from_the_beliefs_with_each_link_zero_in_turn(recovery):
    wheel = recovery.open_wheel()
    planted = [recovery.plant(n, wheel) for n in range(80)]
    for i, name in enumerate(recovery.PLANTED):
        values = np.array([p[name] for p in planted])
        assert (np.flatnonzero(values == 0) % len(recovery.PLANTED) == i).all() and (values == 0).sum() == 10
        belief = wheel.parameter[name].belief
        assert abs(values[values != 0].mean() - belief.centre) < 4 * belief.sd / np.sqrt(70)


@pytest.mark.parametrize(("count", "share"), [(320, 0.9), (40, 0.1), (48, 0.9)])
def test_the_band_is_the_binomial_one(recovery, count, share):
    low, high = (round(count * edge) for edge in recovery.band(count, share))
    assert binom.cdf(high, count, share) - binom.cdf(low - 1, count, share) >= 0.99
    assert binom.cdf(high - 1, count, share) < 0.995 and binom.sf(low, count, share) < 0.995


def test_the_table_counts_what_is_held_and_what_turns(recovery):
    def market(inside, zero, turning):
        true = {name: SimpleNamespace(value=0.0 if name in inside else 9.0) for name in recovery.PLANTED}
        draws = {name: np.linspace(-1, 1, 101) for name in recovery.PLANTED}
        verdicts = {name: "turns" if name in turning else "the data cannot tell" for name in recovery.PLANTED}
        planted = {name: 0.0 if name == zero else 1.0 for name in recovery.PLANTED}
        return recovery.Found(planted, true, draws, verdicts, {})

    found = [market({"price_effect", "choice"}, "word", {"word"}), market({"reach"}, "reach", {"word"})]
    held, turned, zeros = recovery.pooled(found)
    assert held == pytest.approx(3 / 16) and turned == 0.5 and zeros == 2


@pytest.mark.slow
def test_four_markets_give_back_what_was_planted(recovery, capsys):
    found = list(recovery.recover(range(4), seed=1, workers=2))
    with capsys.disabled():
        recovery.report(found)
    held, turned, zeros = recovery.pooled(found)
    low, high = recovery.band(len(found) * len(recovery.PLANTED), 0.9)
    assert low <= held <= high
    assert zeros == 4 and turned <= recovery.band(zeros, 0.1)[1]
    strong = [f for f in found if f.planted["price_effect"] < -0.5]
    assert len(strong) >= 3 and all(f.verdicts["price_effect"] == "turns" for f in strong)
