"""The filter against a plain Kalman filter, a particle filter, finite differences, and its own wrong versions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from gearwheel.fit.beliefs import beliefs_of
from gearwheel.fit.filter import IMPOSSIBLE, Data, Filter
from gearwheel.fit.observations import Observations, from_scale, lay_out, to_scale
from gearwheel.gauges.series import Gauges, Row, Series, until
from gearwheel.spin.compiled import jax_program, jax_ready
from gearwheel.wheel.parts import Aux, Belief, Flow, Gauge, Parameter, Stock, Wheel
from wheels_small import YEARS, empty_record, flywheel, simulate, with_values


def compiled(function, *arguments):
    """`function` compiled for these arguments with little optimisation: it runs a few times only."""
    quick = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
    return jax_ready().jit(function).lower(*arguments).compile(compiler_options=quick)


def terms(wheel: Wheel, observations: Observations, u=None) -> tuple[np.ndarray, ...]:
    """(gained, residual, log variance, means, covariances, expected) at u, the prior centre when None."""
    model, data = Filter(jax_program(wheel), beliefs_of(wheel), observations, {}), Data.of(observations)
    u = np.zeros(model.beliefs.size) if u is None else u
    return tuple(np.asarray(a) for a in compiled(lambda u, d: model.run(u, d, True), u, data)(u, data))


def value_and_slope(wheel: Wheel, observations: Observations, paths=None):
    """A function of u: the log-likelihood and its gradient."""
    beliefs = beliefs_of(wheel)
    model = Filter(jax_program(wheel), beliefs, observations, paths or {})
    data, origin = Data.of(observations), np.zeros(beliefs.size)
    both = compiled(jax_ready().value_and_grad(model.log_likelihood), origin, data)
    return lambda u: tuple(np.asarray(a) for a in both(u, data))


def gauges(**rows: list[Row]) -> Gauges:
    return Gauges({name: Series(name, "1", tuple(r)) for name, r in rows.items()})


# ---- against a Kalman filter written out by hand

DT, QUARTERS = 0.25, 24
GROWTH, A_NOISE, X_NOISE, B_NOISE = 0.12, 0.4, 0.07, 0.3


def linear() -> Wheel:
    """x grows in logs; water runs from a to b and away: linear where it is absolute."""
    return Wheel(
        name="linear",
        unit="year",
        dt=DT,
        stock={
            "x": Stock("1", "3", ("growing",), noise=repr(X_NOISE)),
            "a": Stock("l", "8", ("filling",), ("across",), "abs", repr(A_NOISE)),
            "b": Stock("l", "1", ("across",), ("away",), "abs", "b_noise"),
        },
        flow={
            "growing": Flow("1/year", f"{GROWTH} * x"),
            "filling": Flow("l/year", "5"),
            "across": Flow("l/year", "0.9 * a - 0.2 * b"),
            "away": Flow("l/year", "0.4 * b"),
        },
        parameter={"b_noise": Parameter("l", B_NOISE)},
        gauge={
            "x": Gauge("x", "end", "log", 0.05),
            "away": Gauge("away", "sum", "abs", 0.1),
            "level": Gauge("a", "mean", "abs", 0.2),
            "b": Gauge("b", "end", "abs", 0.3),
        },
    )


def linear_record(seed: int) -> Gauges:
    """Rows of unlike periods with gaps: a year, half years, one quarter whose sum nobody reads before."""
    rng = np.random.default_rng(seed)

    def rows(spans, centre, spread):
        return [Row(a, b, centre + spread * rng.standard_normal(), rng.choice([None, 0.15])) for a, b in spans]

    quarters = [(DT * k, DT * (k + 1)) for k in range(QUARTERS) if rng.random() < 0.6]
    return gauges(
        x=[replace(r, value=float(np.exp(r.value))) for r in rows(quarters, 1.3, 0.2)],
        away=rows([(0, 1), (1, 2), (2, 2.5), (2.5, 3), (4, 5), (5.75, 6)], 1.2, 0.4),
        level=rows([(0, 1), (1, 2), (2, 3), (3.5, 4), (4, 6)], 6, 0.5),
        b=rows([(0, 0.5), (1, 2.25)], 2, 0.5),
    )


def by_hand(record: Gauges) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood and the last filtered mean and covariance of [log x, a, b, sum of `away`, sum of a]."""
    growth, within = np.log(1 + GROWTH * DT), np.array([[1 - 0.9 * DT, 0.2 * DT], [0.9 * DT, 1 - 0.6 * DT]])
    F = np.eye(5)
    F[1:3, 1:3] = within
    F[3, 2], F[4, 1] = 0.4 * DT, DT
    push = np.array([growth, 5 * DT, 0, 0, 0])
    Q = np.diag([X_NOISE**2 * DT, A_NOISE**2 * DT, B_NOISE**2 * DT, 0, 0])
    mean, P, total = np.array([np.log(3), 8.0, 1.0, 0, 0]), np.zeros((5, 5)), 0.0
    reads = {"x": (0, np.log, 0.05), "away": (3, float, 0.1), "level": (4, float, 0.2), "b": (2, float, 0.3)}
    for k in range(QUARTERS + 1):
        for name, (place, scale, error) in reads.items():
            for row in record.series[name].rows:
                if round(row.end / DT) == k:
                    h = np.eye(5)[place] / ((row.end - row.start) if name == "level" else 1)
                    S = h @ P @ h + (row.error or error) ** 2
                    left = scale(row.value) - h @ mean
                    total += norm.logpdf(left, 0, np.sqrt(S))
                    mean, P = mean + P @ h * left / S, P - np.outer(P @ h, P @ h) / S
        if k == QUARTERS:
            return total, mean, P
        for place, name in ((3, "away"), (4, "level")):
            if any(round(row.start / DT) == k for row in record.series[name].rows):
                mean[place] = P[place] = P[:, place] = 0
        mean, P = F @ mean + push, F @ P @ F.T + Q
    raise AssertionError


@pytest.mark.parametrize("seed", [1, 2])
def test_a_linear_wheel_is_filtered_as_by_hand(seed):
    record = linear_record(seed)
    gained, _, _, mean, P, _ = terms(linear(), lay_out(linear(), record, QUARTERS * DT))
    total, last, covariance = by_hand(record)
    assert gained.sum() == pytest.approx(total, rel=1e-10)
    np.testing.assert_allclose(mean[-1], last, rtol=1e-9)
    np.testing.assert_allclose(P[-1], covariance, rtol=1e-8, atol=1e-12)


def test_rows_that_are_missing_leave_the_state_to_the_model():
    record = linear_record(1)
    early = lay_out(linear(), until(record, 2.0), QUARTERS * DT, shown=record)
    gained, residual, logged, mean, _, _ = terms(linear(), early)
    assert early.rows == sum(r.end <= 2.0 for s in record.series.values() for r in s.rows)
    assert not gained[9:].any() and not residual[9:].any() and not logged[9:].any()
    grown = mean[8, 0] + np.log(1 + GROWTH * DT) * np.arange(QUARTERS - 7)
    np.testing.assert_allclose(mean[8:, 0], grown, rtol=1e-12)
    whole = terms(linear(), lay_out(linear(), record, QUARTERS * DT))
    np.testing.assert_allclose(mean[:9], whole[3][:9], rtol=1e-12)


def test_a_check_is_predicted_and_never_fitted():
    record, wheel = linear_record(1), linear()
    checked = wheel.changed(gauge={**wheel.gauge, "b": replace(wheel.gauge["b"], check=True)})
    without = wheel.changed(gauge={n: g for n, g in wheel.gauge.items() if n != "b"})
    observations = lay_out(checked, record, QUARTERS * DT)
    gained, *_, expected = terms(checked, observations)
    assert gained.sum() == pytest.approx(terms(without, lay_out(without, record, QUARTERS * DT))[0].sum(), rel=1e-12)
    assert not observations.seen[:, 3].any() and np.isfinite(expected[:, 3]).all()


@pytest.mark.parametrize(("bound", "side"), [("above", 1), ("below", -1)])
def test_one_sided_rows_count_the_probability_of_their_side(bound, side):
    wheel = linear()
    record = gauges(x=[Row(None, 1.0, 3.6, bound=bound)])
    gained, residual, logged, mean, _, _ = terms(wheel, lay_out(wheel, record, 2.0))
    centre = np.log(3) + 4 * np.log(1 + GROWTH * DT)
    sd = np.sqrt(X_NOISE**2 + 0.05**2)
    expected = norm.logcdf(side * (centre - np.log(3.6)) / sd)
    assert gained.sum() == pytest.approx(expected, rel=1e-10) and gained[4, 0] == gained.sum()
    assert residual[4, 0] ** 2 == pytest.approx(-2 * expected, abs=1e-9) and logged[4, 0] == 0.0
    assert mean[4, 0] == pytest.approx(centre, rel=1e-12)  # a bound moves nothing


@pytest.mark.parametrize("value", [1e-9, 1e9])
def test_a_bound_far_away_has_a_finite_likelihood_and_slope(value):
    wheel = linear().changed(
        stock={"x": Stock("1", "start", ("growing",), noise="0.01")}, flow={"growing": linear().flow["growing"]}
    )
    wheel = wheel.changed(
        parameter={"start": Parameter("1", belief=Belief(1, 3, 9, "lognormal"))}, gauge={"x": linear().gauge["x"]}
    )
    observations = lay_out(wheel, gauges(x=[Row(None, 1.0, value, bound="above")]), 1.0)
    found, slope = value_and_slope(wheel, observations)(np.zeros(1))
    assert np.isfinite(found) and np.isfinite(slope).all()
    assert found == pytest.approx(0.0, abs=1e-9) if value < 1 else found < -1e4


# ---- sums over a year on a quarterly grid, nonlinear, with process noise: against a particle filter

BUYER_NOISE, HABIT_NOISE, ERROR = 0.05, 0.04, 0.04  # noise per square root of a quarter


def yearly() -> Wheel:
    """Quarters as unit: buyers saturate, their habit follows, sales bend with both; a record of annual sums only."""
    return Wheel(
        name="yearly",
        unit="quarter",
        dt=1.0,
        stock={
            "buyers": Stock("x", "buyers_start", ("joining",), ("leaving",), noise=repr(BUYER_NOISE)),
            "habit": Stock("x", "2", ("forming",), ("fading",), noise=repr(HABIT_NOISE)),
        },
        flow={
            "joining": Flow("x/quarter", "rate * buyers * (1 - buyers / 40) + 0.02 * habit"),
            "leaving": Flow("x/quarter", "0.05 * buyers"),
            "forming": Flow("x/quarter", "buyers ^ 0.8 / 6"),
            "fading": Flow("x/quarter", "habit / 6"),
        },
        aux={
            "sales": Aux("x/quarter", "0.6 * buyers ^ 0.9 * (1 + habit) ^ 0.3"),
            "annual_rate": Aux("x/quarter", "4 * sales"),
        },
        parameter={
            "rate": Parameter("1", belief=Belief(0.15, 0.25, 0.35)),
            "buyers_start": Parameter("x", belief=Belief(2, 3, 4.5, "lognormal")),
        },
        gauge={"sales": Gauge("sales", "sum", "log", ERROR)},
    )


def a_year(buyers, habit, rate: float, rng: np.random.Generator):
    """Four quarters of the wheel above, its equations written out anew: the sum of sales, and the state after them."""
    year = np.zeros_like(buyers)
    for _ in range(4):
        year += 0.6 * buyers**0.9 * (1 + habit) ** 0.3
        joined = rate * buyers * (1 - buyers / 40) + 0.02 * habit - 0.05 * buyers
        formed = (buyers**0.8 - habit) / 6
        buyers = (buyers + joined) * np.exp(BUYER_NOISE * rng.standard_normal(buyers.shape))
        habit = (habit + formed) * np.exp(HABIT_NOISE * rng.standard_normal(buyers.shape))
    return year, buyers, habit


def annual_sums() -> list[float]:
    """Ten years of one noisy run, measured with error."""
    rng = np.random.default_rng(7)
    buyers, habit, found = np.full(1, 3.0), np.full(1, 2.0), []
    for _ in range(10):
        year, buyers, habit = a_year(buyers, habit, 0.25, rng)
        found.append(float(year[0] * np.exp(ERROR * rng.standard_normal())))
    return found


def yearly_record() -> Gauges:
    return gauges(sales=[Row(4.0 * i, 4.0 * (i + 1), value) for i, value in enumerate(annual_sums())])


def by_particles(rate: float, start: float, particles: int, seed: int) -> float:
    """Log-likelihood by a bootstrap particle filter (Gordon, Salmond & Smith 1993)."""
    rng = np.random.default_rng(seed)
    buyers, habit, total = np.full(particles, start), np.full(particles, 2.0), 0.0
    for value in annual_sums():
        year, buyers, habit = a_year(buyers, habit, rate, rng)
        logs = norm.logpdf(np.log(value), np.log(year), ERROR)
        total += logsumexp(logs) - np.log(particles)
        points = (np.arange(particles) + rng.random()) / particles
        kept = np.searchsorted(np.cumsum(np.exp(logs - logsumexp(logs))), points).clip(max=particles - 1)
        buyers, habit = buyers[kept], habit[kept]
    return total


LINEARISATION = 0.05  # log units over ten annual sums: what the extended filter may lose to curvature


@pytest.mark.parametrize(("rate", "start"), [(0.25, 3.0), (0.3, 2.5), (0.22, 3.3)])
def test_annual_sums_have_the_likelihood_of_a_particle_filter(rate, start):
    wheel = yearly()
    observations, beliefs = lay_out(wheel, yearly_record(), 40.0), beliefs_of(wheel)
    u = np.array([beliefs.whitened("rate", rate), beliefs.whitened("buyers_start", start)])
    ours = terms(wheel, observations, u)[0].sum()
    several = np.array([by_particles(rate, start, 20_000, seed) for seed in range(4)])
    print(f"filter {ours:.3f}, particles {several.mean():.3f} ± {several.std(ddof=1) / 2:.3f}")
    assert abs(ours - several.mean()) < 3 * several.std(ddof=1) / 2 + LINEARISATION


def test_without_running_sums_the_likelihood_is_another():
    """The same record read as the moment's flow times four: wrong, and seen to be wrong by the test above."""
    wheel = yearly()
    instant = wheel.changed(gauge={"sales": Gauge("annual_rate", "end", "log", ERROR)})
    right = terms(wheel, lay_out(wheel, yearly_record(), 40.0))[0].sum()
    wrong = terms(instant, lay_out(instant, yearly_record(), 40.0))[0].sum()
    truth = by_particles(0.25, 3.0, 20_000, 0)
    print(f"with running sums {right:.2f}, without {wrong:.2f}, particles {truth:.2f}")
    assert abs(right - truth) < 0.3
    assert abs(wrong - truth) > 5


# ---- how rows are laid on the grid


def test_every_row_reads_a_sum_that_began_with_its_own_period():
    wheel = linear().changed(
        gauge={
            "away": Gauge("away", "sum", "abs", 0.1),
            "share": Gauge("away", "ratio", "abs", 0.1, over="across"),
            "last_year": Gauge("across", "trailing", "abs", 0.1, window=1.0),
        }
    )
    spans = {
        "away": [(0, 0.5), (0.5, 1.5), (2, 3), (3, 3.25), (3.25, 3.5)],
        "share": [(0, 1), (1, 2), (2, 3), (3, 3.25)],
        "last_year": [(0, 1), (0.25, 1.25), (0.5, 1.5), (0.75, 1.75), (1, 2), (2.5, 3.5)],
    }
    record = gauges(**{n: [Row(a, b, 1.0) for a, b in s] for n, s in spans.items()})
    observations = lay_out(wheel, record, 4.0)
    expected, path = terms(wheel, replace(observations, seen=np.zeros_like(observations.seen)))[5], linear_means()
    for g, (name, pairs) in enumerate(spans.items()):
        for a, b in pairs:
            k, first = round(b / DT), round(a / DT)
            total = path[first:k].sum(axis=0) * DT
            want = {"away": total[0], "share": total[0] / total[1], "last_year": total[1]}[name]
            assert expected[k, g] == pytest.approx(want, rel=1e-9), (name, a, b)


def linear_means() -> np.ndarray:
    """`away` and `across` at each step of the linear wheel without noise, (steps, 2)."""
    a, b, found = 8.0, 1.0, []
    for _ in range(QUARTERS):
        away, across = 0.4 * b, 0.9 * a - 0.2 * b
        found.append((away, across))
        a, b = a + DT * (5 - across), b + DT * (across - away)
    return np.array(found)


def test_rows_outside_the_grid_are_left_out():
    record = gauges(x=[Row(None, -0.25, 3.0), Row(None, 1.0, 3.0), Row(None, 9.0, 3.0)])
    observations = lay_out(linear(), record, 2.0)
    assert observations.rows == 1 and observations.seen.sum() == 1 and observations.seen[4, 0]


@pytest.mark.parametrize("scale", ["log", "logit", "abs"])
def test_scales_have_inverses(scale):
    values = np.array([0.01, 0.4, 0.9])
    np.testing.assert_allclose(from_scale(to_scale(values, scale), scale), values, rtol=1e-12)


# ---- seasons


def seasonal() -> Wheel:
    return Wheel(
        name="seasonal",
        unit="year",
        dt=0.25,
        stock={"x": Stock("1", "10", ("growing",), noise="0.03")},
        flow={"growing": Flow("1/year", "0.1 * x")},
        gauge={"x": Gauge("x", "sum", "log", 0.01, season=4)},
    )


def test_a_season_is_recovered_and_rows_of_a_year_do_not_carry_it():
    rng, season = np.random.default_rng(5), np.array([-0.2, -0.05, 0.0, 0.25])
    season = season - season.mean()
    steps, level, rows = 64, 10.0, []
    for k in range(steps):
        rows.append(Row(0.25 * k, 0.25 * (k + 1), level * 0.25 * np.exp(season[k % 4] + 0.01 * rng.standard_normal())))
        level *= 1.025 * np.exp(0.03 * 0.5 * rng.standard_normal())
    wheel = seasonal()
    mean = terms(wheel, lay_out(wheel, gauges(x=rows), 16.0))[3]
    now, before, earlier = mean[-1, 2:]  # the season that has just ended, and those before it
    np.testing.assert_allclose([now, before, earlier], season[[3, 2, 1]], atol=0.025)
    years = [Row(float(i), float(i + 1), 10.0 * 1.1**i) for i in range(16)]
    no_season = terms(wheel, lay_out(wheel, gauges(x=years), 16.0))[3]
    np.testing.assert_allclose(no_season[:, 2:], 0.0, atol=1e-12)


# ---- what must not happen


def test_a_reading_that_cannot_be_is_no_fit_at_all():
    wheel = Wheel(
        name="broke",
        unit="year",
        dt=0.5,
        stock={"cash": Stock("USD", "cash_start", (), ("paying",), "abs", "0.1")},
        flow={"paying": Flow("USD/year", "3")},
        parameter={"cash_start": Parameter("USD", belief=Belief(1, 2, 3))},
        gauge={"cash": Gauge("cash", "end", "log", 0.1)},
    )
    observations = lay_out(wheel, gauges(cash=[Row(None, 1.0, 2.0)]), 2.0)
    found, slope = value_and_slope(wheel, observations)(np.zeros(1))
    assert found <= IMPOSSIBLE and np.isfinite(slope).all()


def test_a_stock_that_starts_at_nothing_behind_a_closed_gate_is_filtered():
    """Its logarithm does not exist yet, and no datum reads it before it does."""
    wheel = Wheel(
        name="late",
        unit="year",
        dt=0.5,
        stock={
            "size": Stock("x", "0", ("growth",), ("decay",)),
            "base": Stock("x", "5", noise="0.1"),
        },
        flow={
            "growth": Flow("x/year", "if(time >= 2, speed * base, 0)"),
            "decay": Flow("x/year", "if(time >= 2, 0.1 * size, 0)"),
        },
        parameter={"speed": Parameter("1/year", belief=Belief(0.5, 1, 2, "lognormal"))},
        gauge={"size": Gauge("size", "end", "log", 0.1)},
    )
    observations = lay_out(wheel, gauges(size=[Row(None, 4.0, 9.0)]), 4.0)
    both = value_and_slope(wheel, observations)
    found, slope = both(np.zeros(1))
    higher, lower = (both(np.array([h]))[0] for h in (1e-5, -1e-5))
    assert np.isfinite(found) and found > -10
    assert slope[0] == pytest.approx((higher - lower) / 2e-5, rel=1e-6)


# ---- gradients


def differences(function, u: np.ndarray, directions: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences of a function along some directions."""
    return np.array([(function(u + step * d) - function(u - step * d)) / (2 * step) for d in directions])


def test_the_gradient_is_that_of_finite_differences():
    wheel = flywheel()
    record = simulate(wheel, {}, 1, seed=3)[0]
    rows = record.series["sellers"].rows
    mixed = (*rows[:4], replace(rows[4], bound="above"), replace(rows[5], bound="below"), *rows[8:])
    record = with_values(empty_record(wheel), {n: [r.value for r in s.rows] for n, s in record.series.items()})
    record = Gauges({**record.series, "sellers": replace(record.series["sellers"], rows=mixed)})
    observations = lay_out(wheel, record, YEARS)
    both = value_and_slope(wheel, observations)
    for seed in range(3):
        u = 0.7 * np.random.default_rng(seed).standard_normal(beliefs_of(wheel).size)
        by_step = differences(lambda v: both(v)[0], u, np.eye(len(u)))
        np.testing.assert_allclose(both(u)[1], by_step, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_the_gradient_of_the_whole_amazon_wheel_is_finite_and_right():
    """In forward mode, which compiles in half the time; the tests above compare the reverse mode with differences."""
    import gearwheel
    from gearwheel.gauges.tidy import read_gauges
    from gearwheel.spin.levers import history
    from gearwheel.wheel.load import load

    library = Path(gearwheel.__file__).parent / "gears"
    wheel = load("amazon", library)
    record = read_gauges(library / "amazon" / "record.csv", wheel)
    last = max(row.end for series in record.series.values() for row in series.rows)
    observations, beliefs = lay_out(wheel, record, last), beliefs_of(wheel)
    model, data = Filter(jax_program(wheel), beliefs, observations, history(wheel)), Data.of(observations)
    jax = jax_ready()
    along = jax.vmap(lambda u, d: jax.jvp(lambda v: model.log_likelihood(v, data), (u,), (d,)))
    both, size = jax.jit(along), beliefs.size
    found, slope = (np.asarray(a) for a in both(np.zeros((size, size)), np.eye(size)))
    assert np.isfinite(found).all()
    assert not np.array(beliefs.names)[~np.isfinite(slope)].tolist()
    directions, step = np.random.default_rng(0).standard_normal((3, size)), 1e-5
    points = np.zeros((size, size))
    points[:6] = step * np.concatenate([directions, -directions])
    values = np.asarray(both(points, np.eye(size))[0])
    np.testing.assert_allclose(directions @ slope, (values[:3] - values[3:6]) / (2 * step), rtol=1e-4, atol=1e-3)
