"""The sample shop's numbers, set so that its wheel starts where a record of one's own does.

Equations whose units fit say the same in other units. So the sample is counted in the business's own units: one factor
for customers, one for orders, for money, and so on, on every number in proportion to its unit. Numbers that no unit
scales (a rate, a share) get a factor of their own where a gauge measures what they set. The factors are those at which
the wheel reads what the first year of the record says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gearwheel.gauges.series import Gauges, Row
from gearwheel.run.first_rows import first_year, readings, spun
from gearwheel.run.template import WIDTHS
from gearwheel.wheel.parts import Belief, Parameter, Wheel
from gearwheel.wheel.units import parse_unit

# counted thing → the one that it is in proportion to where the record does not say, and how firmly: people order about
# as often everywhere, but what a unit of money is worth is not known
COUNTED = {
    "customer": ("", 1e-5),
    "order": ("customer", 1e-3),
    "visit": ("customer", 1e-3),
    "money": ("order", 1e-4),
    "seller": ("customer", 1e-3),
    "offer": ("seller", 1e-3),
    "tenant": ("seller", 1e-3),
}
SAME = {"work": "tenant"}
# gauge → the numbers that set it beside the counts
SET_BY = {
    "customers_joined": ("experience.contagion", "experience.advertising_yield"),
    "customers_lost": ("experience.churn",),
    "days_delivered": ("experience.days_reference", "fulfilment.days_reference"),
    "shipping_per_order": ("fulfilment.shipping_reference",),
    "unit_logistics_cost": ("fulfilment.shipping_reference", "fulfilment.handling_reference"),
    "cost_fulfilment": ("fulfilment.handling_reference",),
    "cost_overhead": ("costs.fixed_start", "costs.fixed_reference", "costs.fixed_share"),
    "cost_advertising": ("costs.advertising_share", "experience.advertising_unit"),
    "goods_cost_share": ("procurement.goods_share",),
    "offers_eligible": ("marketplace.own_offers_start",),
    "sellers_joined": ("marketplace.entry",),
    "sellers_lost": ("marketplace.exit_rate",),
    "third_party_share": ("marketplace.odds_reference",),
    "take_rate": ("marketplace.take_rate", "marketplace.take_reference"),
    "members": ("membership.members_start",),
    "member_share": ("membership.members_start",),
    "fee_income": ("membership.fee", "membership.fee_reference"),
    "sellers_enrolled": ("fulfilment.enrolled_start", "marketplace.eligible_share_reference"),
    "hosting_revenue": ("cloud.price_reference",),
}
ROUNDS, LONGEST = 8, 5.0  # of the search; the longest step, as a logarithm
LITTLE = 1e-3  # as a logarithm: a factor nearer to 1 changes nothing


def started(wheel: Wheel, whole: Wheel, gauges: Gauges) -> Wheel:
    """`wheel` with its numbers set so that it starts where the record does; `whole` is the same wheel assembled.

    What stands in proportion to something measured is rescaled; where nothing was measured in the first year, all
    stays as it is. A stock that is counted starts at a belief around its first row.
    """
    rows = {n: part for n, part in first_year(whole, gauges).items() if not any(r.bound for r in part)}
    rows = {n: part[:1] if whole.gauge[n].measure == "end" else part for n, part in rows.items()}
    knobs = [*COUNTED, *(n for n in rows if set(SET_BY.get(n, ())) & whole.parameter.keys())]
    powers = _powers(whole, knobs)
    factors = np.exp(powers @ _solved(whole, rows, knobs, powers)) if rows else np.ones(len(powers))
    told = ", ".join(rows)
    changed = {}
    for (name, parameter), factor in zip(whole.parameter.items(), factors):
        gauge = _counts(whole, name, rows)
        if gauge or abs(np.log(factor)) > LITTLE and (parameter.belief or parameter.centre):
            changed[name] = _scaled(parameter, float(factor), gauge, name in _set_by(rows), told)
    return _laid_over(wheel, whole, changed, dict(zip(whole.parameter, factors)))


def _set_by(rows: Collection[str]) -> set[str]:
    return {parameter for gauge in rows for parameter in SET_BY.get(gauge, ())}


def _counts(whole: Wheel, name: str, rows: Collection[str]) -> str:
    """The measured gauge of the stock that starts at this fixed number, "" where there is none."""
    starts = {s: stock.start.strip() for s, stock in whole.stock.items()}
    if whole.parameter[name].belief:
        return ""
    return next((n for n in rows if whole.gauge[n].measure == "end" and starts.get(whole.gauge[n].of) == name), "")


def _powers(whole: Wheel, knobs: Sequence[str]) -> np.ndarray:
    """(parameters, knobs): to which power each factor goes into each number."""
    table = np.zeros((len(whole.parameter), len(knobs)))
    for i, (name, parameter) in enumerate(whole.parameter.items()):
        for base, power in parse_unit(parameter.unit):
            base = SAME.get(base, base)
            if base in COUNTED:
                table[i, knobs.index(base)] += float(power)
        for k, knob in enumerate(knobs):
            table[i, k] += name in SET_BY.get(knob, ())
    return table


def _solved(whole: Wheel, rows: Mapping[str, Sequence[Row]], knobs: Sequence[str], powers: np.ndarray) -> np.ndarray:
    """Logarithms of the factors, (knobs,): by Gauss-Newton steps to what the rows say, and where they leave it open in
    the sample's proportions."""
    from gearwheel.fit.observations import to_scale

    step, found = 0.05, np.zeros(len(knobs))
    tries = np.vstack([np.zeros(len(knobs)), step * np.eye(len(knobs))])
    said = {n: to_scale(np.array([r.value for r in part]), whole.gauge[n].scale) for n, part in rows.items()}
    centre = np.array([p.centre for p in whole.parameter.values()])
    weak = np.zeros((len(COUNTED), len(knobs)))
    for i, (base, (like, firmly)) in enumerate(COUNTED.items()):
        weak[i, knobs.index(base)] = firmly
        if like:
            weak[i, knobs.index(like)] = -firmly
    for _ in range(ROUNDS):
        with np.errstate(all="ignore"):
            values = centre[:, None] * np.exp(powers @ (found + tries).T)
        read = readings(spun(whole, rows, dict(zip(whole.parameter, values)), None), rows)
        gaps = np.array([(said[n] - read[n]).mean(axis=1) for n in rows])  # (gauges, tries)
        sound = np.isfinite(gaps).all(axis=1)
        slopes = -(gaps[sound, 1:] - gaps[sound, :1]) / step
        left = np.concatenate([gaps[sound, 0], -weak @ found])
        move = np.linalg.lstsq(np.vstack([slopes, weak]), left, rcond=None)[0]
        found = found + np.clip(move, -LONGEST, LONGEST)
        if np.abs(move).max() < LITTLE:
            break
    return found


def _scaled(parameter: Parameter, factor: float, gauge: str, measured: bool, told: str) -> dict[str, object]:
    """The settings that lay the number, or the belief about it, over the sample's."""
    because = "yours to replace: the sample shop's, scaled so that the wheel starts where the record does"
    because = f"measured, in the first rows of the record: {gauge}" if gauge else f"{because} ({told})"
    if measured and not gauge:
        because = f"set so that the wheel starts where the record does ({told})"
    if gauge:
        centre, width = parameter.centre * factor, WIDTHS["near"]
        belief = Belief(_rounded(centre / width), _rounded(centre), _rounded(centre * width), "lognormal")
        return {"belief": belief, "because": because}
    about = {"because": because}
    if parameter.belief:
        return about | {"belief": _times(parameter.belief, factor)}
    if parameter.unsure:
        about["unsure"] = _times(parameter.unsure, factor)
    return about | {"value": _rounded(parameter.centre * factor)}


def _times(belief: Belief, factor: float) -> Belief:
    low, centre, high = (_rounded(v * factor) for v in (belief.low, belief.centre, belief.high))
    return replace(belief, low=low, centre=centre, high=high)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _laid_over(wheel: Wheel, whole: Wheel, changed: Mapping[str, Mapping], factors: Mapping[str, float]) -> Wheel:
    """The wheel as it is written, with these settings on its parameters and the limits of their levers."""
    own, adjust = dict(wheel.parameter), dict(wheel.adjust)
    for name, settings in changed.items():
        if name in own:
            cleared = {"value": None} if "belief" in settings else {}
            own[name] = replace(own[name], **{**cleared, **settings})
        else:
            before = {k: v for k, v in adjust.get(("parameter", name), {}).items() if k not in ("value", "belief")}
            adjust["parameter", name] = {**before, **settings}
    levers = dict(wheel.lever)
    for name, lever in whole.lever.items():
        if abs(np.log(factors[lever.of])) <= LITTLE:
            continue
        now = changed.get(lever.of, {})
        value = now["belief"].centre if "belief" in now else now.get("value", whole.parameter[lever.of].centre)
        by = factors[lever.of] if any(b in COUNTED for b, _ in parse_unit(whole.parameter[lever.of].unit)) else 1.0
        low, high = (_rounded(limit * by) for limit in lever.limits)
        limits = {"limits": (min(low, value), max(high, value))}
        limits |= {"ramp": _rounded(lever.ramp * by)} if lever.ramp else {}
        if name in levers:
            levers[name] = replace(levers[name], **limits)
        else:
            adjust["lever", name] = {**adjust.get(("lever", name), {}), **limits}
    return wheel.changed(parameter=own, adjust=adjust, lever=levers)
