"""A synthetic results dict in the shape that `gearwheel run` writes: invented numbers on the Amazon-like wheel."""

from __future__ import annotations

import math

_GEARS = {
    "experience": ("Customers who are served well come back, buy more and tell others.", None),
    "membership": ("Members order more often; the more they use it the more it is worth.", "2005-02-01"),
    "marketplace": ("Enough customers draw sellers; more sellers widen the choice.", "2000-11-01"),
    "procurement": ("Volume lowers what suppliers charge.", None),
    "fulfilment": ("More units lower logistics cost and make delivery dependable.", "2006-09-01"),
    "cloud": ("A merchant whose whole system runs here hardly leaves.", "2006-03-01"),
    "costs": ("Growth lowers unit cost, and lower cost becomes lower prices.", None),
}

_VARIABLES = """
experience stock customers|active customers; stock habit; stock satisfaction; stock insight; flow gained|customers gained; flow lost|customers lost; aux traffic; aux orders; aux word_of_mouth; aux order_frequency; aux market_left; aux late_share|late deliveries; aux choice_felt
membership stock members; flow joining|members joining; flow leaving|members leaving; aux value|value of membership; aux frequency_uplift; aux fee_income; aux retention
marketplace stock sellers; stock selection; flow joining|sellers joining; flow leaving|sellers leaving; flow listing; aux traffic; aux commission; aux competition|price competition; aux crowding|seller crowding; aux seller_margin
procurement stock volume|purchase volume; flow buying; flow fading; aux purchase_cost; aux bargaining|bargaining power; aux price_pressure
fulfilment stock capacity; stock enrolled|enrolled sellers; stock units|cumulative units; flow building; flow enrolling; aux logistics_cost; aux delivery_time; aux utilisation; aux eligible|eligible range
cloud stock tenants; stock workload; stock integration|integration depth; flow signing; flow growing; flow deepening; aux cloud_price; aux cloud_profit; aux switching_cost
costs stock price|posted price; stock automation; stock fixed|fixed cost; stock cash|free cash; flow repricing; flow automating; flow saving; aux unit_cost; aux target_price; aux investment
"""

_EDGES = """
experience.gained>experience.customers + ; experience.lost>experience.customers - ; experience.traffic>experience.gained + ; experience.word_of_mouth>experience.gained + ; experience.customers>experience.word_of_mouth + ; experience.satisfaction>experience.word_of_mouth + L ; experience.habit>experience.lost - L ; experience.satisfaction>experience.lost - L ; experience.customers>experience.lost + ; experience.customers>experience.traffic + ; experience.customers>experience.orders + ; experience.order_frequency>experience.orders + ; experience.habit>experience.order_frequency + ; experience.orders>experience.habit + D ; experience.orders>experience.insight + D ; experience.insight>experience.satisfaction + L ; experience.late_share>experience.satisfaction - L ; experience.market_left>experience.gained + ; experience.customers>experience.market_left - ; experience.choice_felt>experience.gained + ; experience.choice_felt>experience.orders +
marketplace.selection>experience.choice_felt + L ; costs.price>experience.orders - L ; costs.price>experience.traffic - ; membership.frequency_uplift>experience.order_frequency + ; fulfilment.delivery_time>experience.satisfaction - D ; fulfilment.utilisation>experience.late_share +
membership.joining>membership.members + ; membership.leaving>membership.members - ; membership.value>membership.joining + L ; membership.value>membership.retention + ; membership.retention>membership.leaving - ; membership.members>membership.leaving + ; membership.members>membership.frequency_uplift + L ; membership.members>membership.fee_income + ; experience.traffic>membership.joining + ; fulfilment.eligible>membership.value + L ; fulfilment.delivery_time>membership.value - ; marketplace.selection>membership.value + ; membership.fee_income>costs.saving +
marketplace.joining>marketplace.sellers + ; marketplace.leaving>marketplace.sellers - ; marketplace.listing>marketplace.selection + ; marketplace.sellers>marketplace.listing + D ; marketplace.traffic>marketplace.joining + L ; experience.traffic>marketplace.traffic + ; marketplace.sellers>marketplace.crowding + ; marketplace.crowding>marketplace.joining - L ; marketplace.sellers>marketplace.competition + ; marketplace.competition>costs.target_price ? L ; experience.orders>marketplace.commission + ; marketplace.commission>costs.saving + ; procurement.price_pressure>marketplace.seller_margin - ; marketplace.seller_margin>marketplace.leaving - L ; cloud.switching_cost>marketplace.leaving - L
procurement.buying>procurement.volume + ; procurement.fading>procurement.volume - ; experience.orders>procurement.buying + ; procurement.volume>procurement.bargaining + D ; procurement.bargaining>procurement.purchase_cost - L ; procurement.purchase_cost>costs.unit_cost + ; procurement.purchase_cost>procurement.price_pressure - ; procurement.volume>procurement.fading +
fulfilment.building>fulfilment.capacity + D ; costs.investment>fulfilment.building + ; fulfilment.capacity>fulfilment.utilisation - ; experience.orders>fulfilment.utilisation + ; fulfilment.utilisation>fulfilment.delivery_time + L ; fulfilment.enrolling>fulfilment.enrolled + ; procurement.price_pressure>fulfilment.enrolling + L ; marketplace.sellers>fulfilment.enrolling + ; fulfilment.enrolled>fulfilment.eligible + ; experience.orders>fulfilment.units + ; fulfilment.units>fulfilment.logistics_cost - L ; fulfilment.logistics_cost>costs.unit_cost + ; fulfilment.enrolled>fulfilment.units +
cloud.signing>cloud.tenants + ; marketplace.sellers>cloud.signing + L ; cloud.cloud_price>cloud.signing - ; cloud.growing>cloud.workload + ; cloud.tenants>cloud.growing + ; cloud.workload>cloud.cloud_price - D ; cloud.deepening>cloud.integration + ; cloud.tenants>cloud.deepening + ; fulfilment.enrolled>cloud.deepening + ; cloud.integration>cloud.switching_cost + L ; cloud.workload>cloud.cloud_profit + ; cloud.cloud_profit>costs.saving +
costs.repricing>costs.price + ; costs.target_price>costs.repricing + D ; costs.price>costs.repricing - ; costs.unit_cost>costs.target_price + L ; costs.fixed>costs.unit_cost + ; experience.orders>costs.unit_cost - L ; costs.automation>costs.unit_cost - L ; costs.automating>costs.automation + ; costs.investment>costs.automating + ; costs.cash>costs.investment + ; costs.saving>costs.cash + ; costs.price>costs.saving +
"""

_LOOPS = {
    "R1": (
        "Selection",
        "experience.customers experience.traffic marketplace.traffic marketplace.joining marketplace.sellers marketplace.listing marketplace.selection experience.choice_felt experience.gained",
    ),
    "R2": (
        "Price competition",
        "marketplace.sellers marketplace.competition costs.target_price costs.repricing costs.price experience.traffic marketplace.traffic marketplace.joining",
    ),
    "R3": ("Scale economy", "experience.orders costs.unit_cost costs.target_price costs.repricing costs.price"),
    "R4": (
        "Bargaining",
        "procurement.volume procurement.bargaining procurement.purchase_cost costs.unit_cost costs.target_price costs.repricing costs.price experience.orders procurement.buying",
    ),
    "R5": (
        "Membership",
        "membership.members membership.frequency_uplift experience.order_frequency experience.orders experience.habit experience.lost experience.customers experience.traffic membership.joining",
    ),
    "R6": (
        "Eligible range",
        "fulfilment.enrolled fulfilment.eligible membership.value membership.joining membership.members membership.frequency_uplift experience.order_frequency experience.orders procurement.buying procurement.volume procurement.bargaining procurement.purchase_cost procurement.price_pressure fulfilment.enrolling",
    ),
    "R7": (
        "Density",
        "fulfilment.units fulfilment.logistics_cost costs.unit_cost costs.target_price costs.repricing costs.price experience.orders",
    ),
    "R8": (
        "Lock-in",
        "cloud.tenants cloud.deepening cloud.integration cloud.switching_cost marketplace.leaving marketplace.sellers cloud.signing",
    ),
    "R9": ("Word of mouth", "experience.customers experience.word_of_mouth experience.gained"),
    "R10": (
        "The whole wheel",
        "marketplace.selection membership.value membership.joining membership.members membership.frequency_uplift experience.order_frequency experience.orders procurement.buying procurement.volume procurement.bargaining procurement.purchase_cost costs.unit_cost costs.target_price costs.repricing costs.price experience.traffic marketplace.traffic marketplace.joining marketplace.sellers marketplace.listing",
    ),
    "R11": (
        "Data",
        "experience.orders experience.insight experience.satisfaction experience.lost experience.customers",
    ),
}

_PARAMETERS = {  # belief low, centre, high; posterior median and sd; neutral; unit
    "experience.choice_pull": (0.05, 0.20, 0.40, 0.24, 0.05, 0.0, "1"),
    "experience.price_pull": (-2.8, -1.5, -0.6, -1.7, 0.35, 0.0, "1"),
    "marketplace.reach": (0.02, 0.10, 0.30, 0.17, 0.03, 0.0, "1"),
    "marketplace.crowding_drag": (-0.4, -0.2, 0.0, -0.18, 0.12, 0.0, "1"),
    "costs.competition_pull": (-0.12, -0.04, 0.02, -0.03, 0.05, 0.0, "1"),
    "costs.pass_through": (0.3, 0.6, 1.0, 0.71, 0.12, 0.0, "1"),
    "membership.uplift": (1.1, 1.3, 1.7, 1.38, 0.09, 1.0, "1"),
    "membership.range_pull": (0.0, 0.2, 0.5, 0.21, 0.18, 0.0, "1"),
    "procurement.discount": (0.0, 0.05, 0.15, 0.01, 0.008, 0.0, "1"),
    "fulfilment.learning": (0.03, 0.15, 0.35, 0.12, 0.04, 0.0, "1"),
    "cloud.stickiness": (0.0, 0.3, 0.8, 0.28, 0.3, 0.0, "1"),
    "experience.lost_per_year": (0.15, 0.3, 0.5, 0.24, 0.03, None, "1/year"),
}


def _bell(mean: float, sd: float) -> list[list[float]]:
    xs = [mean + sd * (i / 10 - 3) for i in range(61)]
    return [[x, math.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))] for x in xs]


def _graph() -> dict:
    nodes, links = {}, []
    for row in _VARIABLES.strip().splitlines():
        gear, _, rest = row.partition(" ")
        for part in rest.split(";"):
            kind, name = part.split(None, 1)
            short, _, label = name.strip().partition("|")
            nodes[f"{gear}.{short}"] = {"kind": kind, "gear": gear, "label": label or short.replace("_", " ")}
    edges = []
    for part in _EDGES.replace("\n", ";").split(";"):
        if not part.strip():
            continue
        ends, sign, *flags = part.split()
        cause, effect = ends.split(">")
        link = f"{cause} -> {effect}" if "L" in flags else None
        edges.append({"from": cause, "to": effect, "polarity": sign, "delay": "D" in flags, "link": link})
        if link:
            links.append((link, cause, effect, sign))
    return {"nodes": nodes, "edges": edges, "links": links}


def _spread(median: float, rel: float = 0.3) -> dict:
    return {"median": median, "low": median - abs(median) * rel, "high": median + abs(median) * rel}


def _parameters() -> dict:
    out = {}
    for name, (low, centre, high, median, sd, _, unit) in _PARAMETERS.items():
        prior = (high - low) / 2.5631
        out[name] = {
            "unit": unit,
            "because": "invented for this test",
            "belief": {"low": low, "centre": centre, "high": high, "mean": centre, "sd": prior},
            "posterior": {
                "q05": median - 1.645 * sd,
                "median": median,
                "q95": median + 1.645 * sd,
                "mean": median,
                "sd": sd,
            },
            "contraction": max(0.0, 1 - (sd / prior) ** 2),
            "fitted": True,
            "belief_curve": _bell(centre, prior),
            "posterior_curve": _bell(median, sd),
        }
    return out


def _links(graph: dict, parameters: dict) -> dict:
    out = {}
    for (link, cause, effect, sign), name in zip(graph["links"], [*_PARAMETERS][:11]):
        p, neutral = parameters[name], _PARAMETERS[name][5]
        low, high, contraction = p["posterior"]["q05"], p["posterior"]["q95"], p["contraction"]
        turns = not low <= neutral <= high and contraction >= 0.3
        still = abs(low - neutral) < 0.03 and abs(high - neutral) < 0.03 and contraction >= 0.3
        out[link] = {
            "cause": cause,
            "effect": effect,
            "polarity": "open" if sign == "?" else sign,
            "strength": name,
            "belief": p["belief"],
            "posterior": p["posterior"],
            "neutral": neutral,
            "no_effect_band": 0.03,
            "contraction": contraction,
            "profile_gain": 3.1 if turns else 0.2,
            "verdict": "does not turn here" if still else "turns" if turns else "the data cannot tell",
            "sentence": "",
            "correlated_with": {"parameter": "costs.pass_through", "r": -0.93} if not turns else None,
            "experiment": "change the price of one category for eight weeks",
            "because": "invented for this test",
        }
    return out


def _series() -> dict:
    def one(
        title: str, unit: str, start: int, first: float, growth: float, scale: str = "log", bound: bool = False
    ) -> dict:
        years = range(start, 2026)
        history = [
            [y + 0.999, first * math.exp(growth * (y - start) ** 0.9) * (1 + 0.04 * math.sin(3 * y)), ""] for y in years
        ]
        if bound:
            history = [[t, v, "above" if i % 2 else ""] for i, (t, v, _) in enumerate(history)]
        last = history[-1][1]
        ahead = [2026.999 + i for i in range(5)]
        quantiles = {"q05": -1.645, "q10": -1.28, "q25": -0.674, "q50": 0, "q75": 0.674, "q90": 1.28, "q95": 1.645}
        forecast = {
            k: [last * math.exp(0.09 * (i + 1) + z * 0.05 * math.sqrt(i + 1)) for i in range(5)]
            for k, z in quantiles.items()
        }
        return {
            "title": title,
            "unit": unit,
            "scale": scale,
            "history": history,
            "forecast": {"time": ahead, **forecast},
        }

    out = {
        "net_sales": one("Net sales", "USD million", 1996, 15.7, 0.55),
        "customers": one("Active customers", "million customer", 1997, 1.5, 0.33, bound=True),
        "third_party_units": one("Third-party share of units", "share", 1999, 0.03, 0.13, scale="logit"),
        "members": one("Members", "million member", 2012, 10, 0.28, bound=True),
        "free_cash": one("Free cash flow", "USD million", 2002, 135, 0.27, scale="abs"),
    }
    squeeze = out["third_party_units"]
    squeeze["history"] = [[t, 0.62 / (1 + math.exp(-(t - 2005) / 5)), b] for t, _, b in squeeze["history"]]
    squeeze["forecast"] = {
        "time": squeeze["forecast"]["time"],
        **{
            k: [0.61 + d * (i + 1) * 0.012 for i in range(5)]
            for k, d in {"q05": -1.6, "q10": -1.3, "q25": -0.7, "q50": 0, "q75": 0.7, "q90": 1.3, "q95": 1.6}.items()
        },
    }
    return out


def example() -> dict:
    """The whole dict, fresh each time so that a test may spoil it."""
    graph, parameters, series = _graph(), _parameters(), _series()
    links = _links(graph, parameters)
    graph.pop("links")
    time = [1996.0 + i for i in range(30)]
    loops = []
    for i, (name, (title, path)) in enumerate(_LOOPS.items()):
        wave = [(0.24 - 0.018 * i) * (0.6 + 0.5 * math.sin(t / 6 + i)) for t in time]
        loops.append(
            {
                "name": name,
                "title": title,
                "polarity": "changes" if name == "R2" else "R",
                "links": path.split(),
                "gain": _spread(1.6 - 0.13 * i),
                "pace": _spread(0.4),
                "delay": _spread(2.5),
                "share": _spread(wave[-1]),
                "share_over_time": {
                    "time": time,
                    "median": wave,
                    "low": [w - 0.05 for w in wave],
                    "high": [w + 0.05 for w in wave],
                },
                "sentence": "",
            }
        )

    def scores(base: float) -> dict:
        return {
            "mase": 1.1 * base,
            "crps": 0.05 * base,
            "coverage50": 0.52,
            "coverage80": 0.79,
            "coverage90": 0.88,
        }

    names = ["gearwheel", "last value", "drift", "seasonal naive", "ets", "arima", "theta", "average of baselines"]
    table = {
        g: {
            "before": 20 - 2 * i,
            "after": 9,
            "methods": {m: scores(1 + 0.12 * ((j * 3 + i * 2) % 7)) for j, m in enumerate(names)},
        }
        for i, g in enumerate(series)
    }
    years = [2026.0 + i / 2 for i in range(11)]
    outcome = lambda title, first, growth, unit="USD million": {  # noqa: E731
        "unit": unit,
        "title": title,
        "time": years,
        "median": [first * math.exp(growth * i) for i in range(11)],
        "low": [first * math.exp((growth - 0.03) * i) for i in range(11)],
        "high": [first * math.exp((growth + 0.03) * i) for i in range(11)],
    }
    lever = lambda name, title, a, b, unit, effect, rel, p, through: {  # noqa: E731
        "lever": name,
        "title": title,
        "from": a,
        "to": b,
        "unit": unit,
        "effect": _spread(effect, rel),
        "per_unit": _spread(effect / (b - a), rel),
        "per_dollar": _spread(2.4, 0.5),
        "probability_better": p,
        "through": through,
        "sentence": "",
    }
    return {
        "wheel": {
            "name": "amazon",
            "title": "The Amazon flywheel (invented numbers)",
            "unit": "year",
            "start": "1995-07-01",
            "currency": "USD",
            "size": "experience.customers",
            "gears": {
                g: {"sentence": s, "opens": o, "measured_by": [] if g == "procurement" else ["net_sales"]}
                for g, (s, o) in _GEARS.items()
            },
        },
        "fit": {
            "method": "laplace+psis",
            "gate_passed": True,
            "k_hat": 0.41,
            "r_hat_max": None,
            "ess_min": 812.0,
            "divergences": None,
            "seconds": 93.1,
            "draws": 4000,
            "starts": 6,
            "starts_agreeing": 5,
            "free_parameters": 30,
            "states": 22,
            "rows": 240,
            "checks": {
                g: {"rows": 28, "coverage50": 0.5, "coverage90": 0.91, "z_sd": 1.02, "autocorrelation": 0.1}
                for g in series
            },
            "on_belief": ["procurement.fading_rate", "cloud.signing_rate"],
        },
        "parameters": parameters,
        "links": links,
        "graph": graph,
        "backtest": {
            "split": "2016-12-31",
            "until": "2025-12-31",
            "draws": 400,
            "gauges": table,
            "rolling": {
                "gauge": "net_sales",
                "horizon": 4,
                "origins": 32,
                "methods": {m: scores(1 + 0.1 * j) for j, m in enumerate(names)},
            },
            "untestable": {"orders": "measured in one year only"},
            "sentence": "",
        },
        "loops": loops,
        "loop_count": {
            "found": 1234,
            "complete": True,
            "scored": 1234,
            "other_reinforcing": {"time": time, "median": [0.12] * 30},
            "other_balancing": {"time": time, "median": [-0.2] * 30},
        },
        "speed": {
            "median": 0.083,
            "low": 0.061,
            "high": 0.104,
            "unit": "per year",
            "at": "2025-12-31",
            "over_time": {
                "time": time,
                "median": [0.9 * math.exp(-i / 7) + 0.07 for i in range(30)],
                "low": [0.8 * math.exp(-i / 7) + 0.05 for i in range(30)],
                "high": [1.0 * math.exp(-i / 7) + 0.09 for i in range(30)],
            },
            "sensitivity": {
                "marketplace.reach": 0.021,
                "costs.pass_through": 0.013,
                "experience.lost_per_year": -0.034,
            },
        },
        "feedback_rate": _spread(0.11),
        "critical_mass": {
            "answer": "mixed",
            "shares": {"none needed": 0.7, "a push": 0.2, "no push suffices": 0.1},
            "scale": _spread(2.4),
            "at": "1995-07-01",
            "open_gears": ["experience", "procurement", "costs"],
            "closed_gears": ["membership", "marketplace", "fulfilment", "cloud"],
            "belief_share": 0.8,
            "sentence": "",
        },
        "barrier": {
            "with_habit": _spread(0.42),
            "without_habit": _spread(0.23),
            "unit": "share of price",
            "sentence": "",
        },
        "levers": {
            "outcome": "costs.cash",
            "horizon": 5,
            "how": "level",
            "unit": "USD million",
            "baseline": _spread(38200, 0.2),
            "effects": [
                lever("take_rate", "Commission", 0.15, 0.14, "share", 1240, 1.4, 0.87, ["R1", "R2"]),
                lever("fee", "Membership fee", 139, 129, "USD", -410, 0.8, 0.12, ["R5"]),
                lever("delivery_days", "Delivery promise", 2.0, 1.5, "day", 2150, 0.5, 0.98, ["R5", "R7"]),
                lever("capacity_spend", "Building capacity", 1000, 1100, "USD million", 320, 2.5, 0.66, ["R7"]),
                lever("discount", "Price cut", 0.0, 0.01, "share of price", -1730, 0.5, 0.03, ["R3", "R4"]),
            ],
        },
        "outcomes": {
            "customer_surplus": outcome("Customer surplus", 120000, 0.03),
            "seller_margin": outcome("Seller margin", 61000, -0.008),
            "profit": outcome("Profit", 59000, 0.025),
        },
        "series": series,
        "stamp": {"hash": "3f9a11c2", "engine": "jax", "dtype": "float64", "seed": 7, "version": "0.1.0"},
        "seconds": 140.2,
    }
