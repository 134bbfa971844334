"""Sentences about how far to trust the numbers: forecasts, the backtest, the fit."""

from __future__ import annotations

from gearwheel.show import figures
from gearwheel.show.figures import amount, in_words, percent
from gearwheel.show.phrases import (
    OURS,
    conjoined,
    gauge_words,
    interval,
    method_words,
    unknown,
    variable_words,
)
from gearwheel.show.values import (
    Span,
    at,
    listing,
    mapping,
    real,
    series_unit,
    words_of,
)

NAMED = 4  # gauges in a sentence of which a table tells all


def forecast(results: dict) -> str:
    """The forecast of the first gauge that has one."""
    for name, one in mapping(mapping(results).get("series")).items():
        ahead = mapping(mapping(one).get("forecast"))
        times, low, middle, high = ([real(v) for v in listing(ahead.get(k))] for k in ("time", "q05", "q50", "q95"))
        if times and middle and times[-1] is not None and middle[-1] is not None:
            unit = series_unit(one)
            found = Span(middle[-1], low[-1] if low else None, high[-1] if high else None)
            when = _period_words(words_of(mapping(one).get("period")), times[-1])
            return (
                f"If levers stay as they are, {gauge_words(results, name).lower()} in {when} come to "
                f"{amount(found.median, unit)} ({interval(found, lambda v, unit=unit: amount(v, unit))})."
            )
    return unknown("What comes next")


def _period_words(period: str, time: float) -> str:
    """'the last quarter of 2030', '2030', 'a week of August 2018': short periods need not end with a year."""
    month = figures.year_words(int(time) + int(12 * (time - int(time))) / 12)
    month = f"January {month}" if month.isdigit() else month
    named = {"quarter": f"the last quarter of {int(time)}", "month": month, "week": f"a week of {month}"}
    return {**named, "day": f"a day of {month}"}.get(period, str(int(time)))


def duel(methods: dict) -> tuple[str, str, float, float] | None:
    """('wins'|'loses'|'ties', best baseline, our score, its score) by CRPS, by MASE where CRPS is not known."""
    methods = {words_of(k): mapping(v) for k, v in mapping(methods).items()}
    for score in ("crps", "mase"):
        ours = real(mapping(methods.get(OURS)).get(score))
        theirs = {k: real(v.get(score)) for k, v in methods.items() if k != OURS}
        theirs = {k: v for k, v in theirs.items() if v is not None}
        if ours is not None and theirs:
            rival = min(theirs, key=lambda k: theirs[k])
            best = theirs[rival]
            # Within 2 % of each other nobody should call it a win.
            verdict = (
                "ties" if abs(ours - best) <= 0.02 * max(abs(best), 1e-300) else "wins" if ours < best else "loses"
            )
            return verdict, rival, ours, best
    return None


def duels(results: dict) -> dict[str, tuple]:
    gauges = mapping(at(results, "backtest", "gauges"))
    found = {words_of(g): duel(mapping(v).get("methods")) for g, v in gauges.items()}
    return {g: d for g, d in found.items() if d is not None}


def backtest(results: dict) -> str:
    """Who forecasts better on held-out data; says plainly where the wheel loses."""
    found = duels(results)
    if not found:
        return (
            words_of(at(results, "backtest", "sentence"))
            or "How well the wheel forecasts is not known: no backtest was run, or no gauge was long enough."
        )
    split = words_of(at(results, "backtest", "split"))
    since = f"On data held out after {split}" if split else "On held-out data"
    won = [gauge_words(results, g) for g, d in found.items() if d[0] == "wins"]
    lost = [f"{gauge_words(results, g)} (to {method_words(d[1])})" for g, d in found.items() if d[0] == "loses"]
    tied = len(found) - len(won) - len(lost)
    said = f"{since}, the wheel beats every simple baseline on {in_words(len(won))} of {in_words(len(found))} gauge{'s' * (len(found) != 1)}"
    said += f" ({_first(won)})" if won else ""
    said += f", ties on {in_words(tied)}" if tied else ""
    return said + (f" and loses on {in_words(len(lost))}: {_first(lost)}." if lost else " and loses on none.")


def _first(names: list[str]) -> str:
    """The first few names: a table tells them all, and a long list would hide the sentences after it."""
    return conjoined([*names[:NAMED], f"{len(names) - NAMED} more"] if len(names) > NAMED + 1 else names)


def calibration(results: dict) -> str:
    """Whether the wheel's bands held what they promised."""
    covered = [real(at(v, "methods", OURS, "coverage90")) for v in mapping(at(results, "backtest", "gauges")).values()]
    covered = [c for c in covered if c is not None]
    if not covered:
        return ""
    mean = sum(covered) / len(covered)
    word = (
        "about what they promise"
        if 0.84 <= mean <= 0.96
        else "too narrow"
        if mean < 0.84
        else "wider than they need be"
    )
    return f"Its 90 % bands held {percent(mean)} of the outcomes: {word}."


def rolling(results: dict) -> str:
    about = mapping(at(results, "backtest", "rolling"))
    found = duel(about.get("methods"))
    if found is None:
        return ""
    verdict, rival, ours, theirs = found
    origins, horizon = real(about.get("origins")), real(about.get("horizon"))
    word = {"wins": "beats", "loses": "loses to", "ties": "ties with"}[verdict]
    return (
        f"Rolled over {figures.number(origins)} starting dates, {figures.number(horizon)} periods ahead, on {gauge_words(results, about.get('gauge'))} "
        f"the wheel {word} the best baseline, {method_words(rival)} ({figures.number(ours)} against {figures.number(theirs)}; lower is better)."
    )


def fit(results: dict) -> str:
    about = mapping(mapping(results).get("fit"))
    if not about:
        return "Nothing has been fitted: every number stands on beliefs."
    method = {"laplace+psis": "importance sampling around the best fit", "nuts": "Hamiltonian sampling (NUTS)"}
    parts = [
        f"{figures.number(real(about.get('draws')))} draws by {method.get(words_of(about.get('method')), words_of(about.get('method'), 'a method not stated'))}"
    ]
    if real(about.get("rows")) is not None:
        parts.append(f"from {figures.number(real(about.get('rows')))} measured values")
    passed = about.get("gate_passed")
    gate = (
        "the reliability gate passed"
        if passed is True
        else "the reliability gate did NOT pass"
        if passed is False
        else "whether the reliability gate passed is not known"
    )
    k = real(about.get("k_hat"))
    said = f"{' '.join(parts)}; {gate}" + (
        f" (k-hat {figures.number(k, 2)}, below 0.7 is good)." if k is not None else "."
    )
    return f"{said} {beyond_belief(results)}".rstrip()


def beyond_belief(results: dict) -> str:
    """The warning about numbers that the data took out of their beliefs, "" where none left."""
    told = []
    for name in listing(at(results, "fit", "beyond_belief")):
        about = mapping(at(results, "parameters", name))
        low, high, q05, q95 = (
            figures.number(real(at(about, *keys)))
            for keys in (("belief", "low"), ("belief", "high"), ("posterior", "q05"), ("posterior", "q95"))
        )
        told.append(f"{variable_words(results, name)} {q05} to {q95} (belief {low} to {high})")
    if not told:
        return ""
    more = f" and {len(told) - 4} more" if len(told) > 4 else ""
    numbers = f"{in_words(len(told))} number{'s' * (len(told) != 1)}"
    return f"Warning: the data moved {numbers} out of the stated belief: {'; '.join(told[:4])}{more}. Check where the wheel starts and what it leaves out before you trust a forecast."


def on_belief(results: dict) -> str:
    names = [variable_words(results, n) for n in listing(at(results, "fit", "on_belief"))]
    if not names:
        return ""
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"{in_words(len(names)).capitalize()} parameter{'s' * (len(names) != 1)} stayed on beliefs: {', '.join(names[:8])}{more}."


def diagnostics(results: dict) -> list[str]:
    """The fit's own numbers, as sentences."""
    about = mapping(mapping(results).get("fit"))
    out = []
    free, states = real(about.get("free_parameters")), real(about.get("states"))
    if free is not None and states is not None:
        out.append(f"{figures.number(free)} parameters were free, {figures.number(states)} states were filtered.")
    starts, agreeing = real(about.get("starts")), real(about.get("starts_agreeing"))
    if starts is not None and agreeing is not None:
        out.append(f"{figures.number(agreeing)} of {figures.number(starts)} optimiser starts ended at the same place.")
    for key, says in (
        ("ess_min", "The smallest effective sample size is {} (400 or more is good)."),
        ("r_hat_max", "The largest R-hat is {} (1.01 or less is good)."),
        ("divergences", "{} transitions diverged (none is good)."),
        ("seconds", "The fit took {} seconds."),
    ):
        value = real(about.get(key))
        if value is not None:
            out.append(says.format(figures.number(value)))
    return [" ".join(out)] if out else []
