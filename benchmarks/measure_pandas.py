"""The same weekly gauges in pandas, as one would write them there: whole tables in memory, merges and group-bys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import gammaln

GAUGES = [
    "orders", "sales_value", "basket", "third_party_share", "take_rate", "freight_per_order", "shipping_per_order",
    "goods_cost_share", "customers_active", "customers_new", "customers_returning", "customers_joined", "customers_lost",
    "sellers_active", "sellers_new", "sellers_returning", "sellers_joined", "sellers_lost", "sellers_enrolled",
    "orders_repeat", "orders_per_customer", "sellers_rarefied", "days_promised", "days_delivered",
    "on_time_share", "review_score", "satisfaction", "reviews_share", "return_rate", "return_cost", "repeat_rate",
]  # fmt: skip
EPOCH = np.datetime64("1900-01-01")


def days(times: pd.Series) -> pd.Series:
    return (times.dt.normalize() - EPOCH).dt.days.astype("int32")


def measured(folder: Path, window: int) -> list[tuple]:
    """(gauge, start, value, error, n) for every week, from the Parquet tables in the folder."""

    def read(name: str, *columns: str) -> pd.DataFrame:
        return pd.read_parquet(folder / f"{name}.parquet", columns=list(columns))

    orders = read("orders", "order_id", "customer_id", "placed_at", "status", "is_test")
    orders = orders[(orders.status != "cancelled") & ~orders.is_test]
    orders["d"] = days(orders.placed_at)
    orders["w"] = orders.d // 7
    orders = orders[["order_id", "customer_id", "d", "w"]]
    n = orders.groupby("w").size()
    found = {"orders": frame(n, 1 / np.sqrt(n), n)}

    of = ["order_id", "product_id", "seller_id", "quantity", "price", "discount", "shipping_charged", "commission"]
    lines = read("order_lines", *of, "unit_cost", "shipping_cost", "fulfilled_by")
    lines["quantity"] = lines.quantity.astype("float64")
    lines = lines.merge(orders.drop(columns="customer_id"), on="order_id")
    lines["v"] = lines.price * lines.quantity - lines.discount
    lines["third"] = lines.v.where(lines.seller_id.notna(), 0.0)
    lines["kept"] = lines.commission.where(lines.seller_id.notna(), 0.0)
    lines["goods"] = lines.unit_cost * lines.quantity
    found |= money(lines)
    found |= sellers(lines, window)
    size = lines.groupby("w").size()
    del lines

    found |= customers(orders, n, window)
    found |= after_the_order(read, orders, n, size)
    rows = []
    for gauge in GAUGES:
        table = found[gauge].astype(object).where(found[gauge].notna(), None)
        starts = EPOCH + table.index.to_numpy() * np.timedelta64(7, "D")
        rows += [(gauge, start, *row) for start, row in zip(starts, table.to_numpy().tolist())]
    return rows


def frame(value, error, n) -> pd.DataFrame:
    return pd.DataFrame({"value": value, "error": error, "n": n}).astype("float64")


def money(lines: pd.DataFrame) -> dict[str, pd.DataFrame]:
    of = ["v", "third", "kept", "shipping_charged", "shipping_cost", "goods"]
    facts = lines.groupby("order_id").agg({"w": "min", **dict.fromkeys(of, "sum")})
    facts["one"] = 1.0
    weeks = facts.groupby("w")
    total, n = weeks[[*of, "one"]].sum(), weeks.size()

    def ratio(top: str, bottom: str, logit: bool = False) -> pd.DataFrame:
        value = total[top] / total[bottom]
        rest = facts[top] - facts.w.map(value) * facts[bottom]
        error = np.sqrt((rest**2).groupby(facts.w).sum()) / total[top]
        return frame(value, error / (1 - value) if logit else error, n)

    spread = np.sqrt((facts.v**2).groupby(facts.w).sum()) / total.v
    return {
        "sales_value": frame(total.v, spread, n),
        "basket": ratio("v", "one"),
        "third_party_share": ratio("third", "v", logit=True),
        "take_rate": ratio("kept", "third"),
        "freight_per_order": ratio("shipping_charged", "one"),
        "shipping_per_order": ratio("shipping_cost", "one"),
        "goods_cost_share": ratio("goods", "v", logit=True),
    }


def flows(seen: pd.DataFrame, who: str, window: int) -> pd.DataFrame:
    """New, returning, lost and active by week, of rows (who, w, last day in it)."""
    seen = seen.sort_values([who, "w"])
    before, after = seen.groupby(who)["last"].shift(1), seen.groupby(who)["w"].shift(-1)
    gone = (seen["last"] + window) // 7
    counted = pd.DataFrame(
        {
            "new": before.isna().groupby(seen.w).sum(),
            "back": (before < 7 * seen.w - window).groupby(seen.w).sum(),
            "lost": gone[after.isna() | (after > gone)].value_counts(),
        }
    ).fillna(0)
    counted["active"] = (counted.new + counted.back - counted.lost).cumsum()
    return counted


def named(counted: pd.DataFrame, name: str) -> dict[str, pd.DataFrame]:
    joined = counted.new + counted.back
    parts = {"new": counted.new, "returning": counted.back, "joined": joined, "lost": counted.lost}
    found = {f"{name}_{part}": frame(x, 1 / np.sqrt(x.where(x > 0)), x) for part, x in parts.items()}
    return found | {f"{name}_active": frame(counted.active, np.nan, counted.active)}


def sellers(lines: pd.DataFrame, window: int) -> dict[str, pd.DataFrame]:
    third = lines[lines.seller_id.notna()]
    seen = third.groupby(["seller_id", "w"]).agg(last=("d", "max"), n=("order_id", "nunique")).reset_index()
    found = named(flows(seen, "seller_id", window), "sellers")
    ours = third[third.fulfilled_by == "platform"].groupby(["seller_id", "w"]).agg(last=("d", "max")).reset_index()
    active = flows(ours, "seller_id", window).active
    total = seen.groupby("w").n.sum().astype("float64")
    drawn = 10 ** np.floor(np.log10(total.mean() / 2))
    t = seen.w.map(total)
    logs = gammaln(t - seen.n + 1) + gammaln(t - drawn + 1) - gammaln((t - seen.n - drawn + 1).clip(1)) - gammaln(t + 1)
    chance = np.exp(logs).where(t - seen.n >= drawn, 0.0)
    expected = (1 - chance).groupby(seen.w).sum()[total >= drawn]
    found["sellers_rarefied"] = frame(expected, np.nan, total[total >= drawn])
    return found | {"sellers_enrolled": frame(active, np.nan, active)}


def customers(orders: pd.DataFrame, n: pd.Series, window: int) -> dict[str, pd.DataFrame]:
    seen = orders.groupby(["customer_id", "w"]).d.agg(first="min", last="max").reset_index()
    counted = flows(seen, "customer_id", window)
    found = named(counted, "customers")
    repeat = n - found["customers_joined"].value.reindex(n.index)
    found["orders_repeat"] = frame(repeat, 1 / np.sqrt(repeat.where(repeat > 0)), repeat)
    people = (counted.active + counted.active.shift(1)) / 2
    found["orders_per_customer"] = frame(n / (people.reindex(n.index) * 7 / 365.2425), 1 / np.sqrt(n), n)
    seen = seen.sort_values(["customer_id", "w"])
    later = seen.groupby("customer_id")["first"].shift(-1)
    firsts = ~seen.customer_id.duplicated()
    again = ((seen["last"] > seen["first"]) | (later <= seen["first"] + 90))[firsts]
    return found | {"repeat_rate": share(again.groupby(seen.w[firsts]).sum(), firsts.groupby(seen.w).sum())}


def share(hits: pd.Series, n: pd.Series) -> pd.DataFrame:
    hits, n = hits.astype("float64"), n.astype("float64")
    return frame(hits / n, np.sqrt(n / (hits * (n - hits))), n)


def mean(values: pd.Series, by: pd.Series) -> pd.DataFrame:
    of = values.groupby(by).agg(["mean", "std", "count"])
    return frame(of["mean"], of["std"] / np.sqrt(of["count"]) / of["mean"], of["count"])


def after_the_order(read, orders: pd.DataFrame, n: pd.Series, size: pd.Series) -> dict[str, pd.DataFrame]:
    sent = read("deliveries", "order_id", "promised_at", "delivered_at").merge(orders, on="order_id")
    promised, arrived = days(sent.promised_at) - sent.d, days(sent.delivered_at) - sent.d
    found = {"days_promised": mean(promised, sent.w), "days_delivered": mean(arrived, sent.w)}
    found["on_time_share"] = share((arrived <= promised).groupby(sent.w).sum(), sent.groupby("w").size())
    seen = read("reviews", "order_id", "score", "created_at").merge(orders, on="order_id")
    written = days(seen.created_at)
    found["review_score"] = mean(seen.score, written // 7)
    found["satisfaction"] = found["review_score"].assign(value=lambda x: x.value / seen.score.mean())
    found["reviews_share"] = share((written <= seen.d + 30).groupby(seen.w).sum(), n)
    back = read("returns", "order_id", "requested_at", "refund", "kept", "salvage").merge(orders, on="order_id")
    asked = days(back.requested_at)
    cost = back.refund - back.salvage.where(~back.kept, 0.0)
    total = cost.groupby(asked // 7).sum()
    spread = np.sqrt((cost**2).groupby(asked // 7).sum()) / total
    found["return_cost"] = frame(total, spread, cost.groupby(asked // 7).size())
    found["return_rate"] = share((asked <= back.d + 30).groupby(back.w).sum(), size)
    return found
