"""Every gauge counted a second time in plain Python, one period after the other: slow, and nothing like the SQL."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from statistics import mean, median, stdev

DAY = timedelta(days=1)
Found = tuple[float | None, float | None, int]  # value, error, n


def begin(day: date, grain: str) -> date:
    """First day of the day's period."""
    return {"day": day, "week": day - day.weekday() * DAY, "month": day.replace(day=1)}[grain]


def after(start: date, grain: str) -> date:
    """First day after the period that begins on `start`."""
    return {"day": start + DAY, "week": start + 7 * DAY, "month": (start.replace(day=28) + 4 * DAY).replace(day=1)}[
        grain
    ]


def events(seed: int, days: int = 200, first: date = date(2023, 12, 28)) -> dict[str, list[dict]]:
    """A few hundred random events in every canonical table that a gauge reads, with all the gaps that real ones have."""
    rng = random.Random(seed)
    out: dict[str, list[dict]] = defaultdict(list)

    def at(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, rng.randrange(24), rng.randrange(60))

    def maybe(chance: float, value):
        return value if rng.random() < chance else None

    for number in range(3 * days):
        day = first + rng.randrange(days) * DAY
        order = f"o{number}"
        out["orders"].append(
            {
                "order_id": order,
                "customer_id": maybe(0.97, f"c{int(rng.paretovariate(0.6)) % 90}"),
                "placed_at": at(day),
                "status": rng.choice(["done", "done", None, "cancelled", "done"]),
                "is_test": rng.choice([None, False, False, False, False, True]),
            }
        )
        for line in range(rng.choice([0, 1, 1, 1, 2, 3])):
            out["order_lines"].append(
                {
                    "order_id": order,
                    "line": str(line),
                    "product_id": f"p{rng.randrange(12)}",
                    "seller_id": rng.choice([None, "", *6 * [f"s{int(rng.paretovariate(0.5)) % 60}"]]),
                    "quantity": rng.choice([None, 1, 2, 3]),
                    "price": round(rng.uniform(5, 80), 2),
                    "discount": maybe(0.3, round(rng.uniform(0, 4), 2)),
                    "shipping_charged": maybe(0.8, round(rng.uniform(0, 9), 2)),
                    "commission": maybe(0.8, round(rng.uniform(0, 3), 2)),
                    "unit_cost": maybe(0.7, round(rng.uniform(2, 30), 2)),
                    "shipping_cost": maybe(0.6, round(rng.uniform(1, 7), 2)),
                    "fulfilled_by": rng.choice([None, "platform", "Platform", "seller"]),
                }
            )
            if rng.random() < 0.2:
                out["returns"].append(
                    {
                        "order_id": order,
                        "line": str(line),
                        "requested_at": at(day + rng.randrange(45) * DAY),
                        "refund": maybe(0.9, round(rng.uniform(5, 80), 2)),
                        "kept": rng.choice([None, True, False]),
                        "salvage": maybe(0.5, round(rng.uniform(0, 5), 2)),
                    }
                )
        if rng.random() < 0.9:
            arrived = maybe(0.97, at(day + rng.randrange(1, 14) * DAY))
            promised = maybe(0.95, at(day + rng.randrange(4, 16) * DAY))
            out["deliveries"].append({"order_id": order, "promised_at": promised, "delivered_at": arrived})
        for _ in range(rng.choice([0, 1, 1, 2])):
            written = at(day + rng.randrange(50) * DAY)
            out["reviews"].append({"order_id": order, "score": maybe(0.95, rng.randint(1, 5)), "created_at": written})
    for day in (first + n * DAY for n in range(-20, days + 20)):
        out["visits"].append({"day": day, "visits": rng.randrange(300)})
        for kind in ("advertising", "Fulfilment", "overhead", "technology", "rent"):
            if rng.random() < 0.5:
                out["costs"].append({"day": day, "kind": kind, "amount": round(rng.uniform(1, 50), 2)})
        if rng.random() < 0.3:
            out["contacts"].append({"customer_id": None, "asked_at": at(day)})
        if rng.random() < 0.3:
            tenant = {"seller_id": f"s{rng.randrange(6)}", "day": day}
            out["hosting"].append(tenant | {"revenue": maybe(0.9, rng.uniform(1, 9)), "cost": rng.uniform(1, 9)})
    for number in range(40):
        listed = first + rng.randrange(-60, days) * DAY
        out["offers"].append(
            {
                "offer_id": str(number),
                "product_id": f"p{rng.randrange(9)}",
                "listed_at": at(listed),
                "delisted_at": maybe(0.6, at(listed + rng.randrange(90) * DAY)),
                "member_eligible": rng.choice([None, True, False]),
            }
        )
    for number in range(60):
        starts = first + rng.randrange(-60, days) * DAY
        out["memberships"].append(
            {
                "customer_id": f"c{number % 25}",
                "starts_at": at(starts) + number * timedelta(microseconds=1),
                "ends_at": maybe(0.8, at(starts + rng.randrange(80) * DAY)),
                "fee": maybe(0.9, rng.uniform(1, 30)),
            }
        )
    return dict(out)


class Hand:
    """The gauges of these events. Each method named like a gauge gives what its view must give, by whole period."""

    def __init__(self, rows: dict[str, list[dict]], grain: str, active_days: int):
        self.rows, self.grain, self.window = rows, grain, active_days
        self.days_seen: dict[str, dict[str, set[date]]] = {}
        counts = [o for o in rows["orders"] if o["status"] != "cancelled" and not o["is_test"]]
        self.day_of = {o["order_id"]: o["placed_at"].date() for o in counts}
        self.customer_of = {o["order_id"]: o["customer_id"] for o in counts}
        self.lines = [dict(line) for line in rows["order_lines"] if line["order_id"] in self.day_of]
        for line in self.lines:
            line["day"], line["pieces"] = self.day_of[line["order_id"]], line["quantity"] or 1
            line["value"] = line["price"] * line["pieces"] - (line["discount"] or 0)
        self.first, self.last = min(self.day_of.values()), max(self.day_of.values())
        self.every = [begin(self.first, grain)]
        while after(self.every[-1], grain) <= self.last:
            self.every.append(after(self.every[-1], grain))
        self.whole = [s for s in self.every if s >= self.first and self.end(s) - DAY <= self.last]

    def end(self, start: date) -> date:
        return after(start, self.grain)

    def inside(self, day: date | None, start: date) -> bool:
        return day is not None and start <= day < self.end(start)

    def level_known(self, start: date) -> bool:
        return self.end(start) - self.window * DAY >= self.first

    def change_known(self, start: date) -> bool:
        return start - self.window * DAY >= self.first

    def orders_in(self, start: date) -> list[str]:
        return [o for o, day in self.day_of.items() if self.inside(day, start)]

    def per_order(self, start: date, of) -> dict[str, float]:
        """Sum of `of(line)` by order that has a line."""
        sums: dict[str, float] = defaultdict(float)
        for line in self.lines:
            if self.inside(line["day"], start):
                sums[line["order_id"]] += of(line) or 0
        return sums

    # ---- who is active

    def seen(self, kind: str) -> dict[str, set[date]]:
        if kind not in self.days_seen:
            self.days_seen[kind] = self.look(kind)
        return self.days_seen[kind]

    def look(self, kind: str) -> dict[str, set[date]]:
        days: dict[str, set[date]] = defaultdict(set)
        if kind == "customer":
            for order, day in self.day_of.items():
                days[self.customer_of[order]].add(day)
        elif kind == "tenant":
            for row in self.rows["hosting"]:
                if self.every[0] <= row["day"] < self.end(self.every[-1]):
                    days[row["seller_id"]].add(row["day"])
        else:
            for line in self.lines:
                if kind == "enrolled" and (line["fulfilled_by"] or "").lower() != "platform":
                    continue
                days[line["product_id"] if kind == "product" else line["seller_id"]].add(line["day"])
        return {who: found for who, found in days.items() if who}

    def active(self, kind: str, before: date) -> set[str]:
        """Who was there on one of the window's days, the last of which is the day before `before`."""
        return {w for w, days in self.seen(kind).items() if any(before - self.window * DAY <= d < before for d in days)}

    def level(self, kind: str) -> dict[date, Found]:
        counted = {s: len(self.active(kind, self.end(s))) for s in self.whole if self.level_known(s)}
        return {s: (n, None, n) for s, n in counted.items()}

    def change(self, kind: str, *whats: str) -> dict[date, Found]:
        found = {}
        for start in (s for s in self.whole if self.change_known(s)):
            was, now = self.active(kind, start), self.active(kind, self.end(start))
            days = self.seen(kind)
            here = {who for who in days if any(self.inside(d, start) for d in days[who])}
            old = {who for who in days if min(days[who]) < start}
            groups = {"new": here - old, "returning": (here & old) - was, "lost": (was | here) - now}
            n = sum(len(groups[what]) for what in whats)
            found[start] = (n, poisson(n), n)
        return found

    def customers_active(self):
        return self.level("customer")

    def customers_new(self):
        return self.change("customer", "new")

    def customers_returning(self):
        return self.change("customer", "returning")

    def customers_joined(self):
        return self.change("customer", "new", "returning")

    def customers_lost(self):
        return self.change("customer", "lost")

    def sellers_active(self):
        return self.level("seller")

    def sellers_new(self):
        return self.change("seller", "new")

    def sellers_returning(self):
        return self.change("seller", "returning")

    def sellers_joined(self):
        return self.change("seller", "new", "returning")

    def sellers_lost(self):
        return self.change("seller", "lost")

    def sellers_enrolled(self):
        return self.level("enrolled")

    def tenants(self):
        return self.level("tenant")

    def selection_sold(self):
        return self.level("product")

    # ---- orders and money

    def orders(self):
        return {s: (n, poisson(n), n) for s in self.whole for n in [len(self.orders_in(s))]}

    def orders_repeat(self):
        joined, orders = self.customers_joined(), self.orders()
        counted = {s: orders[s][2] - joined[s][2] for s in joined}
        return {s: (n, poisson(n), n) for s, n in counted.items()}

    def orders_per_customer(self):
        found = {}
        for start in (s for s in self.whole if self.change_known(s)):
            people = (len(self.active("customer", start)) + len(self.active("customer", self.end(start)))) / 2
            n = len(self.orders_in(start))
            found[start] = (over(n, people * self.years(start)), poisson(n), n)
        return found

    def years(self, start: date) -> float:
        return (self.end(start) - start).days / 365.2425

    def sales_value(self):
        found = {}
        for start in self.whole:
            values = list(self.per_order(start, lambda line: line["value"]).values())
            found[start] = (sum(values), over(math.hypot(*values), sum(values)), len(values))
        return found

    def basket(self):
        return self.ratio(lambda line: line["value"], None)

    def third_party_share(self):
        found = self.ratio(lambda line: line["value"] if line["seller_id"] else 0, lambda line: line["value"])
        return {s: (v, e and e / (1 - v) if v < 1 else None, n) for s, (v, e, n) in found.items()}

    def take_rate(self):
        return self.ratio(
            lambda line: line["commission"] if line["seller_id"] else 0,
            lambda line: line["value"] if line["seller_id"] else 0,
        )

    def freight_per_order(self):
        return self.ratio(lambda line: line["shipping_charged"], None)

    def goods_cost_share(self):
        def cost(line):
            return None if line["unit_cost"] is None else line["unit_cost"] * line["pieces"]

        found = self.ratio(cost, lambda line: 0 if cost(line) is None else line["value"])
        return {s: (v, e / (1 - v) if e and v < 1 else None, n) for s, (v, e, n) in found.items()}

    def ratio(self, top, bottom) -> dict[date, Found]:
        """Ratio of sums over orders (of means over orders where `bottom` is None), its error from the residuals."""
        found = {}
        for start in self.whole:
            a = self.per_order(start, top)
            b = self.per_order(start, bottom) if bottom else dict.fromkeys(a, 1)
            if a and sum(b.values()):
                value = sum(a.values()) / sum(b.values())
                rest = math.hypot(*(a[o] - value * b[o] for o in a))
                found[start] = (value, over(rest, sum(a.values())), len(a))
        return found

    def shipping(self, start: date) -> list[float]:
        known = {line["order_id"] for line in self.lines if line["shipping_cost"] is not None}
        return [v for o, v in self.per_order(start, lambda line: line["shipping_cost"]).items() if o in known]

    def shipping_per_order(self):
        found = {}
        for start in self.whole:
            if paid := self.shipping(start):
                spread = math.hypot(*(v - mean(paid) for v in paid))
                found[start] = (mean(paid), over(spread, sum(paid)), len(self.per_order(start, lambda line: 0)))
        return found

    def unit_logistics_cost(self):
        found = {}
        for start in self.whole:
            if paid := self.shipping(start):
                cost = sum(paid) + self.booked(start, "fulfilment")
                found[start] = (cost / len(paid), over(math.hypot(*(v - mean(paid) for v in paid)), cost), len(paid))
        return found

    def block(self, start: date) -> int:
        day = (start - date(1900, 1, 1)).days
        return {"day": day // 7, "week": day // 28, "month": 12 * start.year + start.month}[self.grain]

    def priced(self) -> dict[date, dict[str, tuple[float, float]]]:
        """Sales and log price of each product in each whole period, without lines far from its usual price."""
        by_period: dict[str, dict[date, list]] = defaultdict(lambda: defaultdict(list))
        for line in self.lines:
            if line["product_id"]:
                by_period[line["product_id"]][begin(line["day"], self.grain)].append(line)
        found: dict[date, dict[str, tuple[float, float]]] = {s: {} for s in self.whole}
        for product, periods in by_period.items():
            sums = [(sum(li["value"] for li in part), sum(li["pieces"] for li in part)) for part in periods.values()]
            prices = [v / q for v, q in sums if v > 0 and q > 0]
            usual = median(map(math.log, prices)) if prices else 0.0
            for start in set(periods) & set(found):
                right = [
                    li
                    for li in periods[start]
                    if li["value"] > 0
                    and li["pieces"] > 0
                    and abs(math.log(li["value"] / li["pieces"]) - usual) < math.log(4)
                ]
                if right:
                    value = sum(li["value"] for li in right)
                    found[start][product] = (value, math.log(value / sum(li["pieces"] for li in right)))
        return found

    def price_index(self):
        priced = self.priced()
        blocks: dict[int, dict[str, tuple[float, float]]] = {}
        for number in sorted({self.block(s) for s in priced if priced[s]}):
            inside = [priced[s] for s in priced if self.block(s) == number]
            blocks[number] = {
                p: (sum(part[p][0] for part in inside if p in part), mean(part[p][1] for part in inside if p in part))
                for p in set().union(*inside)
            }
        levels, part, sizes = {}, 0, defaultdict(float)
        for number, products in blocks.items():
            before = max((n for n in levels), default=None)
            change = None
            if before is not None:
                near = [k for k in blocks if max(abs(k - before), abs(k - number)) <= 12]
                pairs = [(tornqvist(blocks[k], blocks[before]), tornqvist(blocks[k], blocks[number])) for k in near]
                both = [(min(a[1], b[1]), b[0] - a[0]) for a, b in pairs if a and b]
                change = sum(w * c for w, c in both) / sum(w for w, _ in both) if both else None
            part += change is None
            levels[number] = (part, (levels[before][1] if before is not None else 0.0) + (change or 0.0))
            sizes[part] += sum(value for value, _ in products.values())
        kept = max(sizes, key=lambda p: (sizes[p], p))
        found = {}
        for start, sold in priced.items():
            own = self.block(start)
            near = [k for k in blocks if k != own and abs(k - own) <= 12 and levels[k][0] == kept]
            compared = [(levels[k][1], tornqvist(sold, blocks[k], spread=True)) for k in near]
            known = [(level + t[0], t[2], t[3]) for level, t in compared if t]
            if known:
                total = sum(w for _, w, _ in known)
                n = sum(sum(p in part for part in blocks.values()) > 1 for p in sold)
                variance = sum(w * v for _, w, v in known) / total
                found[start] = (sum(w * level for level, w, _ in known) / total, math.sqrt(variance), n)
        first = found[min(found)][0]
        return {s: (math.exp(level - first), error, n) for s, (level, error, n) in found.items()}

    def sellers_rarefied(self):
        sales = {}
        for start in self.whole:
            pairs = {(li["order_id"], li["seller_id"]) for li in self.lines if self.inside(li["day"], start)}
            by_seller = defaultdict(int)
            for _, seller in pairs:
                if seller:
                    by_seller[seller] += 1
            if by_seller:
                sales[start] = by_seller
        drawn = 10 ** math.floor(math.log10(mean(sum(s.values()) for s in sales.values()) / 2))
        found = {}
        for start, by_seller in sales.items():
            total = sum(by_seller.values())
            if total >= drawn:
                missed = (math.comb(total - n, drawn) / math.comb(total, drawn) for n in by_seller.values())
                found[start] = (sum(1 - m for m in missed), None, total)
        return found

    # ---- offers

    def listed(self, start: date) -> list[dict]:
        last = self.end(start) - DAY
        return [
            o
            for o in self.rows["offers"]
            if o["listed_at"].date() <= last and (o["delisted_at"] is None or o["delisted_at"].date() > last)
        ]

    def selection(self):
        return {s: (n, None, n) for s in self.whole for n in [len(self.listed(s))]}

    def offers_eligible(self):
        return {s: (n, None, n) for s in self.whole for n in [sum(bool(o["member_eligible"]) for o in self.listed(s))]}

    def offers_per_product(self):
        found = {s: (len(self.listed(s)), len({o["product_id"] for o in self.listed(s)})) for s in self.whole}
        return {s: (over(n, products), None, n) for s, (n, products) in found.items()}

    # ---- deliveries, reviews, returns, contacts

    def sent(self, start: date) -> list[tuple[int | None, int | None, bool]]:
        """Days promised, days to the door and whether arrived or overdue, of the orders of the period."""
        last = max(d["delivered_at"].date() for d in self.rows["deliveries"] if d["delivered_at"])
        found = []
        for row in self.rows["deliveries"]:
            placed = self.day_of.get(row["order_id"])
            if self.inside(placed, start):
                promised, arrived = (row[c].date() if row[c] else None for c in ("promised_at", "delivered_at"))
                due = promised or placed + self.window * DAY
                times = [(day - placed).days if day else None for day in (promised, arrived)]
                found.append((*times, arrived is not None or due < last))
        return found

    def days_promised(self):
        return {s: mean_of([p for p, _, _ in self.sent(s) if p is not None]) for s in self.whole}

    def days_delivered(self):
        arrived = {s: self.sent(s) for s in self.whole}
        settled = {s: sent for s, sent in arrived.items() if sent and mean(done for *_, done in sent) >= 0.95}
        return {s: mean_of([d for _, d, _ in sent if d is not None]) for s, sent in settled.items()}

    def on_time_share(self):
        found = {}
        for start in self.whole:
            sent = [row for row in self.sent(start) if row[0] is not None]
            if sent and mean(done for *_, done in sent) >= 0.95:
                found[start] = share(sum(d is not None and d <= p for p, d, _ in sent), len(sent))
        return found

    def reviewed(self) -> dict[str, tuple[float | None, date]]:
        by_order = defaultdict(list)
        for row in self.rows["reviews"]:
            if row["order_id"] in self.day_of:
                by_order[row["order_id"]].append(row)
        return {
            order: (
                mean(scores) if (scores := [r["score"] for r in rows if r["score"] is not None]) else None,
                min(r["created_at"].date() for r in rows),
            )
            for order, rows in by_order.items()
        }

    def review_score(self):
        seen = self.reviewed().values()
        return {s: mean_of([x for x, day in seen if x is not None and self.inside(day, s)]) for s in self.whole}

    def satisfaction(self):
        usual = mean(x for x, _ in self.reviewed().values() if x is not None)
        return {s: (v and v / usual, e, n) for s, (v, e, n) in self.review_score().items()}

    def over_by(self, days: int) -> list[date]:
        return [s for s in self.whole if self.end(s) + days * DAY <= self.last + DAY]

    def reviews_share(self):
        seen, found = self.reviewed(), {}
        for start in self.over_by(30):
            orders = self.orders_in(start)
            hits = sum(o in seen and seen[o][1] <= self.day_of[o] + 30 * DAY for o in orders)
            found[start] = share(hits, len(orders))
        return found

    def order_score(self):
        seen, found = self.reviewed(), {}
        for start in self.over_by(30):
            told = [seen[o] for o in self.orders_in(start) if o in seen and seen[o][1] <= self.day_of[o] + 30 * DAY]
            scores = [score for score, _ in told if score is not None]
            if told:
                found[start] = mean_of(scores)
        return found

    def repeat_rate(self):
        found = {}
        days = self.seen("customer")
        for start in self.over_by(90):
            firsts = {who: min(seen) for who, seen in days.items() if self.inside(min(seen), start)}
            hits = sum(any(f < d <= f + 90 * DAY for d in days[who]) for who, f in firsts.items())
            found[start] = share(hits, len(firsts))
        return found

    def return_rate(self):
        found = {}
        for start in self.over_by(30):
            lines = sum(self.inside(line["day"], start) for line in self.lines)
            hits = sum(
                self.inside(self.day_of.get(r["order_id"]), start)
                and r["requested_at"].date() <= self.day_of[r["order_id"]] + 30 * DAY
                for r in self.rows["returns"]
            )
            found[start] = share(hits, lines)
        return found

    def return_cost(self):
        found = {}
        for start in self.whole:
            costs = [
                (r["refund"] or 0) - (0 if r["kept"] else r["salvage"] or 0)
                for r in self.rows["returns"]
                if r["order_id"] in self.day_of and self.inside(r["requested_at"].date(), start)
            ]
            found[start] = (sum(costs), over(math.hypot(*costs), sum(costs)), len(costs))
        return found

    def contacts_per_order(self):
        found = {}
        for start in self.whole:
            asked = sum(self.inside(r["asked_at"].date(), start) for r in self.rows["contacts"])
            n = len(self.orders_in(start))
            if n:
                found[start] = (asked / n, asked and math.sqrt(1 / asked + 1 / n), n)
        return found

    # ---- members

    def is_member(self, customer: str | None, day: date) -> bool:
        """Whether the customer's latest membership begun by `day` still runs on it."""
        begun = [m for m in self.rows["memberships"] if m["customer_id"] == customer and m["starts_at"].date() <= day]
        newest = max((m["starts_at"].date() for m in begun), default=None)
        ends = [m["ends_at"] for m in begun if m["starts_at"].date() == newest]
        return bool(begun) and any(end is None or end.date() > day for end in ends)

    def members_on(self, day: date) -> set[str]:
        return {c for c in {m["customer_id"] for m in self.rows["memberships"]} if self.is_member(c, day)}

    def members(self):
        return {s: (n, None, n) for s in self.whole for n in [len(self.members_on(self.end(s) - DAY))]}

    def member_share(self):
        found = {}
        for start in (s for s in self.whole if self.level_known(s)):
            active = self.active("customer", self.end(start))
            found[start] = (over(len(active & self.members_on(self.end(start) - DAY)), len(active)), None, len(active))
        return found

    def used(self, member: bool, money: bool) -> dict[date, Found]:
        found = {}
        for start in (s for s in self.whole if self.change_known(s)):
            people = 0.0
            for end in (start, self.end(start)):
                members = self.members_on(end - DAY)
                people += 0.5 * len(members if member else self.active("customer", end) - members)
            of = self.per_order(start, lambda line: line["value"]) if money else dict.fromkeys(self.orders_in(start), 1)
            values = [v for o, v in of.items() if self.is_member(self.customer_of[o], self.day_of[o]) == member]
            if people:
                rate = sum(values) / (people * self.years(start))
                found[start] = (rate, over(math.hypot(*values), sum(values)), len(values))
        return found

    def member_frequency(self):
        return self.used(True, False)

    def nonmember_frequency(self):
        return self.used(False, False)

    def member_spend(self):
        return self.used(True, True)

    def nonmember_spend(self):
        return self.used(False, True)

    def fee_income(self):
        by_day, running = defaultdict(float), defaultdict(int)
        for row in self.rows["memberships"]:
            if row["fee"] is not None:
                first = row["starts_at"].date()
                days = max(((row["ends_at"] or row["starts_at"]).date() - first).days, 1)
                for day in (first + n * DAY for n in range(days)):
                    by_day[day] += row["fee"] / days
                    running[day] += 1
        found = {}
        for start in self.whole:
            days = [start + n * DAY for n in range((self.end(start) - start).days)]
            found[start] = (sum(by_day[d] for d in days), None, max(running[d] for d in days))
        return found

    # ---- what is booked by the day

    def visits(self):
        found = {s: sum(v["visits"] for v in self.rows["visits"] if self.inside(v["day"], s)) for s in self.whole}
        return {s: (n, poisson(n), n) for s, n in found.items()}

    def booked(self, start: date, *kinds: str) -> float:
        return sum(
            c["amount"] for c in self.rows["costs"] if self.inside(c["day"], start) and c["kind"].lower() in kinds
        )

    def reach(self, table: str) -> list[date]:
        """The whole periods from that of the table's first row on the calendar to that of its last."""
        days = [r["day"] for r in self.rows[table] if self.every[0] <= r["day"] < self.end(self.every[-1])]
        return [s for s in self.whole if begin(min(days), self.grain) <= s <= begin(max(days), self.grain)]

    def cost(self, *kinds: str) -> dict[date, Found]:
        found = {}
        for start in self.reach("costs"):
            n = sum(self.inside(c["day"], start) and c["kind"].lower() in kinds for c in self.rows["costs"])
            found[start] = (self.booked(start, *kinds), None, n)
        return found

    def cost_advertising(self):
        return self.cost("advertising")

    def cost_fulfilment(self):
        return self.cost("fulfilment")

    def cost_overhead(self):
        return self.cost("overhead", "technology", "administration")

    def hosting(self, column: str) -> dict[date, Found]:
        found = {}
        for start in self.reach("hosting"):
            values = [h[column] for h in self.rows["hosting"] if self.inside(h["day"], start) and h[column] is not None]
            found[start] = (sum(values), None, len(values))
        return found

    def hosting_revenue(self):
        return self.hosting("revenue")

    def hosting_cost(self):
        return self.hosting("cost")


def poisson(n: float) -> float | None:
    return 1 / math.sqrt(n) if n > 0 else None


def over(top: float, bottom: float) -> float | None:
    return top / bottom if bottom else None


def share(hits: int, n: int) -> Found:
    return (over(hits, n), math.sqrt(n / (hits * (n - hits))) if 0 < hits < n else None, n)


def mean_of(values: list[float]) -> Found:
    if not values:
        return (None, None, 0)
    spread = stdev(values) if len(values) > 1 else None
    return (mean(values), spread and over(spread, math.sqrt(len(values)) * mean(values)), len(values))


def tornqvist(one: dict, other: dict, spread: bool = False) -> tuple | None:
    """Log index between two baskets of (value, log price) by product: from `one` to `other` with the value in `one` of
    what both have; with `spread` the other way round, with the values of both and the sampling variance."""
    both = sorted(set(one) & set(other))
    if not both:
        return None
    v, w = (sum(part[p][0] for p in both) for part in (one, other))
    shares = {p: 0.5 * (one[p][0] / v + other[p][0] / w) for p in both}
    moves = {p: (other[p][1] - one[p][1]) * (-1 if spread else 1) for p in both}
    change = sum(shares[p] * moves[p] for p in both)
    if not spread:
        return change, v
    return change, v, w, sum((one[p][0] / v * (moves[p] - change)) ** 2 for p in both)
