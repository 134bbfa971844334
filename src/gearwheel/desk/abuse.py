"""How likely a claim is false, and how many more false claims a generous answer breeds.

A mixture of two kinds of customers: all claim honestly at one rate an order; a share of them also claims what is not
so, the more often the more refunds without a return they have had, and sends nothing back. A customer's own record of
orders, claims, kept items, and of claims after which something came back or did not, moves the odds of being one of
these by Bayes' rule.
"""

from __future__ import annotations

import numpy as np

from gearwheel.desk.operation import Columns, Draws

MOST = 0.95  # a chance to claim never reaches 1: the odds stay finite
LEVELS = 20  # kept items beyond which nothing more is learned from generosity
RECORD = ("orders", "claims", "kept", "came_back", "not_back")  # what is known of a customer's claims


def abuse(columns: Columns, draws: Draws) -> tuple[np.ndarray, np.ndarray]:
    """(probability that this claim is false, further false claims an order after a refund without a return), both
    (requests, draws).

    `columns`: the RECORD before this claim, each (requests,). `draws`: abusers, honest_claims, false_claims, learning,
    lost, temptation.
    """
    claims, kept, came_back, not_back = (columns[name][:, None] for name in RECORD[1:])
    orders = np.maximum(columns["orders"][:, None], claims + 1)
    before = orders - 1  # the order in question is judged by `now`
    share, honest = np.minimum(draws["abusers"], MOST), np.minimum(draws["honest_claims"], MOST)
    log_ratio = log_odds((before, claims, kept, came_back, not_back), draws)
    now, after = false_rate(kept, draws), false_rate(kept + 1, draws)
    odds = share / (1 - share) * np.exp(np.minimum(log_ratio, 700))
    abuser = odds / (1 + odds)
    false = abuser * now / (abuser * now + honest)
    claimed = abuser * (now + honest) / (abuser * (now + honest) + (1 - abuser) * honest)
    turned = (1 - claimed) * np.clip(draws["temptation"], 0, 1) * draws["false_claims"]
    return false, claimed * (after - now) + turned


def false_rate(kept: np.ndarray, draws: Draws) -> np.ndarray:
    """False claims an order of who abuses, after `kept` refunds without a return."""
    honest = np.minimum(draws["honest_claims"], MOST)
    learning = np.maximum(draws["learning"], 0.0)
    return np.minimum(draws["false_claims"] * np.exp(learning * kept), MOST) * (1 - honest)


def log_odds(record: tuple[np.ndarray, ...], draws: Draws) -> np.ndarray:
    """Log of how much likelier a record is of who abuses than of who does not, (kinds, draws).

    Either kind has honest claims at the same rate, so a claim after which something came back says nothing. One after
    which nothing came is false or was lost on the way; of the others nothing is known. The j-th kept item came at the
    rate after j - 1 of them. How many orders lie between two kept items the record does not say: the odds are averaged
    over all ways to divide them, by the first two cumulants of a flat Dirichlet distribution.
    """
    orders, claims, kept, came_back, not_back = record
    honest, lost = np.minimum(draws["honest_claims"], MOST), np.clip(draws["lost"], 1e-6, 1)
    level = np.minimum(kept, LEVELS).astype(int)[:, 0]
    levels = np.arange(level.max(initial=0) + 1)[:, None]
    rates = false_rate(levels, draws)  # (levels, draws)
    ratio, quiet = np.log1p(rates / honest), np.log1p(-rates / (1 - honest))
    before = np.cumsum(ratio, axis=0) - ratio
    usual = (np.cumsum(rates, axis=0) / (levels + 1))[level]
    mean, square = ((np.cumsum(q, axis=0) / (levels + 1))[level] for q in (quiet, quiet**2))
    unknown = np.maximum(claims - came_back - not_back - kept, 0)
    silent = np.maximum(orders - claims, 0)
    seen = before[level] + unknown * np.log1p(usual / honest) + not_back * np.log1p(usual / (honest * lost))
    spread = np.maximum(square - mean**2, 0) / (level[:, None] + 2)
    bent = silent**2 * spread / 2
    most = np.maximum(-silent * mean, 1e-12) / 2  # smoothly: two cumulants say too much where rates differ a lot
    return seen + silent * mean + bent / (1 + (bent / most) ** 3) ** (1 / 3)
