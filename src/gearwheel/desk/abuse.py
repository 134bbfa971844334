"""How likely a claim is false, and how many more false claims a generous answer breeds.

A mixture of two kinds of customers: all claim honestly at one rate an order; a share of them also claims what is not
so, the more often the more refunds without a return they have had. A customer's own record of orders, claims and kept
items moves the odds of being one of these by Bayes' rule.
"""

from __future__ import annotations

import numpy as np

from gearwheel.desk.operation import Columns, Draws

MOST = 0.95  # a chance to claim never reaches 1: the odds stay finite


def abuse(columns: Columns, draws: Draws) -> tuple[np.ndarray, np.ndarray]:
    """(probability that this claim is false, further false claims an order after a refund without a return), both
    (requests, draws).

    `columns`: orders, claims (before this one) and kept, each (requests,). `draws`: abusers, honest_claims,
    false_claims, learning, temptation. Customers with equal records are worked out once.
    """
    records = np.stack(
        [np.maximum(columns["orders"], columns["claims"] + 1), columns["claims"], columns["kept"]], axis=1
    )
    kinds, at = np.unique(records, axis=0, return_inverse=True)
    orders, claims, kept = (kinds[:, k : k + 1] for k in range(3))
    share, honest = np.minimum(draws["abusers"], MOST), np.minimum(draws["honest_claims"], MOST)
    learning = np.maximum(draws["learning"], 0.0)

    def false_rate(kept):
        return np.minimum(draws["false_claims"] * np.exp(learning * kept), MOST) * (1 - honest)

    past, now, after = false_rate(kept / 2), false_rate(kept), false_rate(kept + 1)
    before = orders - 1  # the order in question is judged by `now`
    log_ratio = claims * np.log1p(past / honest) + np.maximum(before - claims, 0) * np.log1p(-past / (1 - honest))
    odds = share / (1 - share) * np.exp(np.minimum(log_ratio, 700))
    abuser = odds / (1 + odds)
    false = abuser * now / (abuser * now + honest)
    claimed = abuser * (now + honest) / (abuser * (now + honest) + (1 - abuser) * honest)
    turned = (1 - claimed) * np.clip(draws["temptation"], 0, 1) * draws["false_claims"]
    more = claimed * (after - now) + turned
    at = at.reshape(-1)
    return false[at], more[at]
