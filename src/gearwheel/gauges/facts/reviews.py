"""What delivery does to the review, and what the review says about coming back: order by order."""

from __future__ import annotations

import math

import numpy as np

from gearwheel.gauges.facts.fact import Fact, fetch, lacking, sample_words, sampled, without
from gearwheel.gauges.facts.regress import Slopes, widening, within

LEAST = 200  # orders below which nothing is regressed
LEAST_EVENTS = 20  # repeats, or late orders, below which there is nothing to explain
LATEST = 99  # percentile above which days of delivery count as that percentile
WINDOWS = 180

WITHIN = "within seller and week of order (fixed effects), errors clustered by seller and by week"
DELIVERY = {
    "late_delivery_review": ("Loss of review score to delivery time", "experience.delivery_strength", "log per day"),
    "late_review": ("Review score of an order that came after its promised day", "", "log"),
}
SCORES = (
    "Satisfaction is taken as the score relative to its mean; scores are bounded and mostly 5, so the mean hides shape."
)


def delivery_facts(events) -> list[Fact]:
    """`late_delivery_review`: −d ln(score) / d day, which is delivery_strength, as the gear's satisfaction is
    exp(−delivery_strength × days). `late_review`: the log ratio of the score of late orders to that of punctual ones.
    """
    why = lacking(events, ("reviews.score", "deliveries.delivered_at"))
    if why:
        return [without(name, *about, why) for name, about in DELIVERY.items()]
    share = sampled(events, "reviews")
    rows = fetch(events, "delivered", share=share)
    n = len(rows["score"])
    if n < LEAST:
        return [
            without(name, *about, f"only {n} delivered orders have a review", n) for name, about in DELIVERY.items()
        ]
    return [_by_day(rows, share), _by_promise(events, rows, share)]


def _by_day(rows: dict, share: float) -> Fact:
    about = ("late_delivery_review", *DELIVERY["late_delivery_review"])
    most = float(np.percentile(rows["days"], LATEST))
    found = _slopes(rows, rows["score"], np.minimum(rows["days"], most)[:, None])
    n, mean = len(rows["score"]), float(rows["score"].mean())
    if found is None:
        return without(*about, "all orders of a seller and week took equally long", n)
    how = (
        f"Score of {n:,} reviewed orders on days from order to door, {WITHIN}; days above {most:.0f} count as {most:.0f}; "
        f"divided by the mean score of {mean:.2f}.{sample_words(share)}"
    )
    caveat = (
        "A late order may also be large, far away or hard to ship; who is angry may review more readily. Orders that "
        f"never arrived are not in it. {SCORES}"
    )
    strength, error = -float(found.estimate[0]) / mean, float(found.error[0]) / mean
    return Fact(*about[:3], strength, error, n, about[3], how, caveat)


def _by_promise(events, rows: dict, share: float) -> Fact:
    about = ("late_review", *DELIVERY["late_review"])
    known = np.isfinite(rows["late"])
    rows = {key: column[known] for key, column in rows.items()}
    late = rows["late"] > 0
    n, few = len(late), min(late.sum(), (~late).sum())
    if few < LEAST_EVENTS:
        why = lacking(events, ("deliveries.promised_at",)) or f"only {few} orders on the smaller side"
        return without(*about, why, n)
    found = _slopes(rows, rows["score"], late.astype(float)[:, None])
    if found is None:
        return without(*about, "no seller and week has both late and punctual orders", n)
    punctual = float(rows["score"][~late].mean())
    ratio = max(1 + float(found.estimate[0]) / punctual, 1e-6)
    how = f"{late.sum():,} late of {n:,} reviewed orders, {WITHIN}. {_plain(rows['score'], late)}{sample_words(share)}"
    caveat = "Late orders differ in more than being late: distance, weight, season within the week."
    error = float(found.error[0]) / punctual / ratio
    return Fact(*about[:3], math.log(ratio), error, n, about[3], how, caveat)


def _plain(score: np.ndarray, late: np.ndarray) -> str:
    """Means of both groups, their difference with Welch's 90 % interval, and the chance that a late one scores less."""
    from scipy.stats import norm, rankdata

    bad, good = score[late], score[~late]
    gap = bad.mean() - good.mean()
    error = math.sqrt(bad.var(ddof=1) / len(bad) + good.var(ddof=1) / len(good))
    half = norm.ppf(0.95) * widening(min(len(bad), len(good)) - 1) * error
    ranks = rankdata(score)[late]
    above = (ranks.sum() - len(bad) * (len(bad) + 1) / 2) / (len(bad) * len(good))
    return (
        f"Without any control: {bad.mean():.2f} late against {good.mean():.2f} on time, a difference of {gap:.2f} "
        f"({gap - half:.2f} to {gap + half:.2f}); of a late and a punctual order drawn at random the late one has the "
        f"lower score with a chance of {1 - above:.0%} (ties halved)."
    )


REPEAT = ("What a better review says about leaving", "experience.loyalty", "elasticity")


def review_repeat_facts(events) -> list[Fact]:
    """`review_repeat`: the elasticity of leaving to the review score, sign turned, which is loyalty.

    A customer counts as lost when no order follows within the window W of "active". In the gear, customers who order
    f times a year leave at the rate churn × satisfaction^−loyalty. An order is a customer's last with chance 1 − R,
    with R the chance of another within W, so the rate of leaving is f (1 − R). With f given, d ln(rate) / d ln(score) =
    −(dR/d score) × mean score / (1 − R), and loyalty = slope × mean score / (1 − R).
    """
    window = int(getattr(events.mapping, "active_days", 90) or 90)
    names = {window: "review_repeat"}
    names.setdefault(WINDOWS, f"review_repeat_{WINDOWS}")
    why = lacking(events, ("reviews.score", "reviews.created_at"))
    if why:
        return [without(name, *_repeat(days, name), why) for days, name in names.items()]
    return [_repeat_fact(events, name, days) for days, name in names.items()]


def _repeat(days: int, name: str) -> tuple[str, str, str]:
    title, of, scale = REPEAT
    return f"{title} within {days} days", of if name == "review_repeat" else "", scale


def _repeat_fact(events, name: str, window: int) -> Fact:
    about = _repeat(window, name)
    share = sampled(events, "reviews")
    rows = fetch(events, "reviewed", share=share, window=window)
    n, again = len(rows["again"]), int(rows["again"].sum())
    if n < LEAST or min(again, n - again) < LEAST_EVENTS:
        why = f"{again} of {n} reviewed orders whose {window} days are over were followed by another: too few to tell"
        return without(name, *about, why, n)
    controls = [rows["score"], np.log1p(np.maximum(rows["money"], 0)), np.log1p(rows["earlier"])]
    vary = [c for c in controls if np.ptp(c) > 0]
    found = _slopes(rows, rows["again"], np.column_stack(vary)) if len(vary) and np.ptp(rows["score"]) > 0 else None
    if found is None:
        return without(name, *about, "the scores do not vary within seller and week", n)
    rate, mean = float(rows["again"].mean()), float(rows["score"].mean())
    turn = mean / (1 - rate)
    how = (
        f"{again:,} of {n:,} reviewed orders ({rate:.2%}) were followed by another within {window} days of the review; "
        f"only orders whose window is over. Linear probability on the score, the order's money and the earlier orders, "
        f"{WITHIN}: {found.estimate[0]:+.5f} a point of the score (se {found.error[0]:.5f}), turned into an elasticity "
        f"of leaving by the mean score {mean:.2f} and the share that leave. Category and place of the customer are "
        f"not in the canonical tables.{sample_words(share)}"
    )
    caveat = (
        "Who likes the shop may both score and return more (this raises it); a score measures satisfaction with noise "
        "(this lowers it); who reviews at all is not everyone. Where nearly all leave anyway, their share can hardly "
        "move, and the elasticity is small by arithmetic."
    )
    loyalty, error = float(found.estimate[0]) * turn, float(found.error[0]) * turn
    return Fact(name, *about[:2], loyalty, error, n, about[2], how, caveat)


def _slopes(rows: dict, y: np.ndarray, x: np.ndarray) -> Slopes | None:
    """None where the columns do not vary within seller and week."""
    groups = [rows["seller"], rows["week"]]
    by = [g for g in groups if len(np.unique(g)) > 1] or [np.arange(len(y))]
    try:
        return within(y, x, groups, by)
    except np.linalg.LinAlgError:
        return None
