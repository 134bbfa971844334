"""Every sentence of the report and the terminal summary, made from the numbers and nothing else.

Each function takes the whole results dict (or one entry of it) and answers with one sentence; where the numbers are
missing it says so. `NOTES` says for each card what it does not establish.
"""

from __future__ import annotations

from gearwheel.show import figures
from gearwheel.show.bars import lever_change
from gearwheel.show.figures import amount, between, in_words, percent, year_words
from gearwheel.show.values import Span, at, decimal_year, gear_of, label_of, listing, mapping, now_of, real, span, words_of

TURNS, OTHER_WAY, STILL, UNSURE = "turns", "turns the other way", "does not turn here", "the data cannot tell"
OURS = "gearwheel"

NOTES = {
    "wheel": "The picture shows what the wheel file claims, with the fit's verdicts where there are any. It does not "
    "show that the list of links is complete, and a drawn link may stand for a chain of several.",
    "speed": "This is the pace at which the fitted wheel would go on if nothing outside it changed. It is not a "
    "forecast, and it inherits every belief that the data did not move.",
    "shares": "Shares divide up the change in behaviour inside the fitted wheel, not growth or credit. They do not show "
    "what would happen if a loop were cut, and the shares of single loops may offset one another.",
    "links": "A verdict holds for this business, this period and this wheel. History alone cannot separate causes that "
    "always moved together; “turns” is not the result of an experiment unless one was supplied.",
    "forecast": "The bands assume that the wheel is right and that levers stay where they are. They leave out what is "
    "not in the wheel: a new rival, a crisis, a change of strategy.",
    "backtest": "A handful of held-out years is a small examination. It tests forecasting, not whether the causes are "
    "right: a wheel can forecast well for the wrong reasons.",
    "levers": "Effects are what the fitted wheel computes for a change that no one has made. They are hypotheses to be "
    "tested, in the order in which a test would pay.",
    "critical": "These numbers come from runs far from anything observed, so they rest on the shape of the equations "
    "and on beliefs more than on data.",
    "outcomes": "Customer surplus and seller margin are computed from the wheel's price effects; nobody measured them. "
    "That all sides gain in the wheel does not show that each customer or seller does.",
    "steps": "The six steps are headings for work. This report shows how far your data carry each of them, not that "
    "following them makes a business grow.",
    "print": "Passing these checks means that the computation did what it should. It does not mean that the wheel is "
    "the right one.",
}


def unknown(what: str) -> str:
    return f"{what} is not known: this run did not compute it."


def variable_words(results: dict, name: object) -> str:
    """The words for a variable, from the graph's labels."""
    name = words_of(name, "something")
    return label_of(name, mapping(at(results, "graph", "nodes")).get(name))


def in_gear(results: dict, name: object) -> str:
    """'selection (marketplace)': the variable's words with its gear."""
    name = words_of(name, "something")
    node = mapping(at(results, "graph", "nodes")).get(name)
    return f"{label_of(name, node)} ({gear_of(name, node).replace('_', ' ')})" if "." in name else label_of(name, node)


def _rate(value: float, per: str) -> str:
    return f"{percent(value, signed=True)} {per}".strip()


def _interval(found: Span, show) -> str:
    if found.low is None or found.high is None:
        return "interval not known"
    return f"90 % interval {between(found, show)}"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else "none"


def speed(results: dict) -> str:
    """How fast the wheel turns."""
    found = span(at(results, "speed"))
    if found is None:
        return unknown("The speed of the wheel")
    per = words_of(at(results, "speed", "unit"), "per time unit")
    size = variable_words(results, at(results, "wheel", "size")) if at(results, "wheel", "size") else "the wheel's size"
    when = decimal_year(at(results, "speed", "at"))
    dated = f" (as of {words_of(at(results, 'speed', 'at'))})" if when is not None else ""
    verb = "grows" if found.median > 0 else "shrinks" if found.median < 0 else "stands still"
    doubt = ""
    if found.low is not None and found.high is not None and found.low <= 0 <= found.high:
        doubt = " The data leave open whether it turns forward at all."
    rate = _rate(found.median, per)
    return f"Left to itself the wheel {verb} by {rate} in {size}{dated}, {_interval(found, lambda v: percent(v, signed=True))}.{doubt}"


def speed_levers(results: dict) -> str:
    """Which parameters the speed depends on most."""
    pairs = [(k, real(v)) for k, v in mapping(at(results, "speed", "sensitivity")).items()]
    pairs = sorted([(k, v) for k, v in pairs if v], key=lambda p: -abs(p[1]))[:3]
    if not pairs:
        return "Which parameters the speed depends on was not computed."
    per = words_of(at(results, "speed", "unit"), "per time unit")
    # A derivative to ln(parameter) times ln(1.1) is what 10 % more of it does.
    told = [f"{variable_words(results, k)} ({percent(v * 0.0953, signed=True)} {per} for 10 % more)" for k, v in pairs]
    return f"It depends most on {_and(told)}."


def feedback(results: dict) -> str:
    found = span(mapping(results).get("feedback_rate"))
    if found is None:
        return ""
    return f"The fastest self-sustaining motion of its feedback core runs at {percent(found.median, signed=True)} ({between(found, lambda v: percent(v, signed=True))}) per {words_of(at(results, 'wheel', 'unit'), 'time unit')}."


def loops(results: dict) -> str:
    """Which loops carry the change now."""
    known = [(loop, found) for loop in _loops(results) if (found := span(loop.get("share"))) is not None]
    if not known:
        return unknown("Which loops carry the wheel")
    known.sort(key=lambda pair: -abs(pair[1].median))
    told = [f"{loop_name(loop)} ({percent(found.median, signed=True)})" for loop, found in known[:3]]
    count = real(at(results, "loop_count", "found"))
    found = f", of {count:,.0f} loops found" if count and at(results, "loop_count", "complete") else f", of at least {count:,.0f} loops" if count else ""
    return f"Of the change now, {_and(told)} carr{'ies' if len(told) == 1 else 'y'} the largest shares among the named loops{found}."


def _loops(results: dict) -> list:
    return [loop for loop in map(mapping, listing(mapping(results).get("loops"))) if loop]


def loop_name(loop: dict) -> str:
    return " ".join(filter(None, [words_of(loop.get("name")), words_of(loop.get("title"))])) or "a loop"


def loop(results: dict, one: dict) -> str:
    """One named loop: kind, gain, delay and share."""
    one = mapping(one)
    kind = {"R": "reinforces", "B": "balances", "changes": "reinforces at some times and balances at others"}
    verb = kind.get(words_of(one.get("polarity")), "has a polarity that is not known")
    gain, delay, share = (span(one.get(key)) for key in ("gain", "delay", "share"))
    parts = [f"{loop_name(one)} {verb}"]
    if gain is not None:
        alone = "would sustain itself" if gain.median > 1 else "would not sustain itself"
        if gain.low is not None and gain.high is not None and gain.low <= 1 <= gain.high:
            alone = "may or may not sustain itself"
        parts.append(f"has a gain of {figures.number(gain.median, 2)} ({between(gain, lambda v: figures.number(v, 2))}; alone it {alone})")
    if delay is not None:
        parts.append(f"takes about {amount(delay.median, words_of(at(results, 'wheel', 'unit')), digits=2)} to come round")
    if share is not None:
        parts.append(f"carries {percent(share.median, signed=True)} of the change now")
    if len(parts) == 1 and words_of(one.get("sentence")):
        return words_of(one.get("sentence"))
    first = f"{parts[0]}" if len(parts) == 1 else f"{parts[0]}, {_and(parts[1:])}"
    return first + "."


def verdict_counts(results: dict) -> dict[str, int]:
    counts = dict.fromkeys((TURNS, OTHER_WAY, STILL, UNSURE), 0)
    for link in mapping(mapping(results).get("links")).values():
        verdict = words_of(mapping(link).get("verdict"))
        if verdict in counts:
            counts[verdict] += 1
    return counts


def verdicts(results: dict) -> str:
    """How many of the claimed links the data support."""
    counts = verdict_counts(results)
    total = sum(counts.values())
    if not total:
        return "Which links the data support is not known: nothing has been fitted yet."
    parts = [f"{in_words(counts[TURNS])} turn{'s' * (counts[TURNS] == 1)} as claimed"]
    if counts[OTHER_WAY]:
        parts.append(f"{in_words(counts[OTHER_WAY])} turn{'s' * (counts[OTHER_WAY] == 1)} the other way")
    parts.append(f"{in_words(counts[STILL])} do{'es' * (counts[STILL] == 1)} not turn here")
    return f"Of {in_words(total)} claimed link{'s' * (total != 1)}, {_and(parts)}; on {in_words(counts[UNSURE])} the data cannot tell."


def link(results: dict, one: dict) -> str:
    """One link's verdict with its numbers, and the experiment that would tell where the data cannot."""
    one = mapping(one)
    ends = f"{in_gear(results, one.get('cause'))} → {in_gear(results, one.get('effect'))}"
    verdict = words_of(one.get("verdict"))
    median, low, high = (real(at(one, "posterior", key)) for key in ("median", "q05", "q95"))
    shown = f"strength {figures.number(median)}" if median is not None else "strength not known"
    if low is not None and high is not None:
        shown += f" (90 % interval {figures.number(low)} to {figures.number(high)}, no effect at {figures.number(real(one.get('neutral')) or 0.0)})"
    if verdict in (TURNS, OTHER_WAY):
        return f"{ends} {verdict}: {shown}."
    if verdict == STILL:
        return f"{ends} does not turn here: {shown}, too small to matter."
    if verdict == UNSURE:
        tied = mapping(one.get("correlated_with"))
        r = real(tied.get("r"))
        because = f" It cannot be told apart from {variable_words(results, tied.get('parameter'))} (correlation {figures.number(r, 2)})." if r is not None else ""
        test = words_of(one.get("experiment"))
        return f"{ends}: the data cannot tell, {shown}.{because}" + (f" What would tell: {test}." if test else "")
    return words_of(one.get("sentence")) or f"{ends}: not tested."


def gauge_words(results: dict, gauge: object) -> str:
    name = words_of(gauge, "a gauge")
    return words_of(at(results, "series", name, "title")) or name.replace("_", " ")


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
            verdict = "ties" if abs(ours - best) <= 0.02 * max(abs(best), 1e-300) else "wins" if ours < best else "loses"
            return verdict, rival, ours, best
    return None


def _duels(results: dict) -> dict[str, tuple]:
    gauges = mapping(at(results, "backtest", "gauges"))
    found = {words_of(g): duel(mapping(v).get("methods")) for g, v in gauges.items()}
    return {g: d for g, d in found.items() if d is not None}


def backtest(results: dict) -> str:
    """Who forecasts better on held-out data; says plainly where the wheel loses."""
    duels = _duels(results)
    if not duels:
        return words_of(at(results, "backtest", "sentence")) or "How well the wheel forecasts is not known: no backtest was run, or no gauge was long enough."
    split = words_of(at(results, "backtest", "split"))
    since = f"On data held out after {split}" if split else "On held-out data"
    won = [gauge_words(results, g) for g, d in duels.items() if d[0] == "wins"]
    lost = [f"{gauge_words(results, g)} (to {d[1]})" for g, d in duels.items() if d[0] == "loses"]
    tied = len(duels) - len(won) - len(lost)
    said = f"{since}, the wheel beats every simple baseline on {in_words(len(won))} of {in_words(len(duels))} gauge{'s' * (len(duels) != 1)}"
    said += f" ({_and(won)})" if won else ""
    said += f", ties on {in_words(tied)}" if tied else ""
    return said + (f" and loses on {in_words(len(lost))}: {_and(lost)}." if lost else " and loses on none.")


def calibration(results: dict) -> str:
    """Whether the wheel's bands held what they promised."""
    covered = [real(at(v, "methods", OURS, "coverage90")) for v in mapping(at(results, "backtest", "gauges")).values()]
    covered = [c for c in covered if c is not None]
    if not covered:
        return ""
    mean = sum(covered) / len(covered)
    word = "about what they promise" if 0.84 <= mean <= 0.96 else "too narrow" if mean < 0.84 else "wider than they need be"
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
        f"the wheel {word} the best baseline, {rival} ({figures.number(ours)} against {figures.number(theirs)}; lower is better)."
    )


def critical_mass(results: dict) -> str:
    about = mapping(mapping(results).get("critical_mass"))
    answer = words_of(about.get("answer"))
    if not answer:
        return unknown("Whether the wheel needs a first push")
    start = decimal_year(about.get("at"))
    when = f" from its start in {year_words(start)}" if start is not None else " from its start"
    scale = span(about.get("scale"))
    odds = {k: real(v) for k, v in mapping(about.get("shares")).items()}
    told = "; ".join(f"{name} in {percent(odds[name])} of the draws" for name in ("none needed", "a push", "no push suffices") if odds.get(name) is not None)
    core = {
        "none needed": f"The wheel needed no push to start turning{when}",
        "a push": f"The wheel needed a push to start turning{when}",
        "no push suffices": f"No push would have started the wheel{when}",
    }.get(answer, f"Whether the wheel needed a push to start turning{when} is not settled")
    size = ""
    if scale is not None and answer in ("a push", "mixed"):
        size = f" Where one was needed, it took {figures.number(scale.median, 2)} times the start it had ({between(scale, lambda v: figures.number(v, 2))})."
    return f"{core}{f' ({told})' if told else ''}.{size}"


def critical_rest(results: dict) -> str:
    """Which gears were open, and how much of the answer is belief."""
    about = mapping(mapping(results).get("critical_mass"))
    closed = [words_of(g).replace("_", " ") for g in listing(about.get("closed_gears"))]
    share = real(about.get("belief_share"))
    parts = []
    if closed:
        parts.append(f"Not yet open at that date: {_and(closed)}.")
    if share is not None:
        parts.append(f"{percent(share)} of this answer rests on beliefs that the data did not move.")
    return " ".join(parts)


def barrier(results: dict) -> str:
    about = mapping(mapping(results).get("barrier"))
    with_habit, without = span(about.get("with_habit")), span(about.get("without_habit"))
    if with_habit is None:
        return words_of(about.get("sentence")) or unknown("How high the barrier against a rival is")
    said = f"A rival would have to undercut by {percent(with_habit.median)} ({between(with_habit, percent)}) to halve the active customers in two years"
    if without is None:
        return said + "."
    difference = with_habit.median - without.median
    word = "raises" if difference > 0 else "lowers" if difference < 0 else "does not move"
    tail = f"; habit {word} that barrier from {percent(without.median)} ({between(without, percent)})."
    apart = with_habit.low is not None and without.high is not None and with_habit.low > without.high
    return said + tail + ("" if apart else " The two ranges overlap, so what habit adds is uncertain.")


def _best_levers(results: dict) -> list[tuple[dict, Span]]:
    known = [(e, found) for e in map(mapping, listing(at(results, "levers", "effects"))) if (found := span(e.get("effect"))) is not None]
    odds = lambda e: real(e.get("probability_better")) or 0.0  # noqa: E731
    return sorted(known, key=lambda pair: (odds(pair[0]) < 0.8, -pair[1].median))


def outcome_words(results: dict) -> str:
    """'free cash after 5 years'."""
    about = mapping(mapping(results).get("levers"))
    name = variable_words(results, about.get("outcome")) if about.get("outcome") else "the outcome"
    horizon = real(about.get("horizon"))
    unit = words_of(at(results, "wheel", "unit"), "period")
    if horizon is None:
        return name
    over = "summed over" if words_of(about.get("how")) == "cumulated" else "after"
    return f"{name} {over} {amount(horizon, unit)}"


def levers(results: dict) -> str:
    known = _best_levers(results)
    if not known:
        return unknown("What the levers would do")
    effect, found = known[0]
    unit = words_of(at(results, "levers", "unit"))
    title = words_of(effect.get("title")) or words_of(effect.get("lever"), "a lever").replace("_", " ")
    change = lever_change(effect)
    odds = real(effect.get("probability_better"))
    doubt = f", {percent(odds)} chance that it is better than doing nothing" if odds is not None else ""
    if found.median <= 0:
        return f"No lever tried is expected to improve {outcome_words(results)}; the least bad is {title}."
    return (
        f"The most promising lever is {title}{f' ({change})' if change else ''}: {amount(found.median, unit, signed=True)} in {outcome_words(results)} "
        f"({_interval(found, lambda v: amount(v, unit, signed=True))}{doubt})."
    )


def lever(results: dict, effect: dict) -> str:
    effect = mapping(effect)
    found = span(effect.get("effect"))
    title = words_of(effect.get("title")) or words_of(effect.get("lever"), "A lever").replace("_", " ")
    if found is None:
        return words_of(effect.get("sentence")) or f"What {title} would do is not known."
    unit = words_of(at(results, "levers", "unit"))
    through = [words_of(x) for x in listing(effect.get("through")) if words_of(x)]
    tail = f", mostly through {_and(through)}" if through else ""
    dollar = span(effect.get("per_dollar"))
    paid = f"; {figures.number(dollar.median, 2)} per unit of money spent" if dollar is not None else ""
    return f"{title} {lever_change(effect)}: {amount(found.median, unit, signed=True)} ({between(found, lambda v: amount(v, unit, signed=True))}){tail}{paid}."


def outcomes(results: dict) -> str:
    """Whether all sides gain."""
    rising, falling, unsure = [], [], []
    for name, one in mapping(mapping(results).get("outcomes")).items():
        one = mapping(one)
        medians = [v for v in map(real, listing(one.get("median"))) if v is not None]
        if len(medians) < 2:
            continue
        title = (words_of(one.get("title")) or words_of(name).replace("_", " ")).lower()
        lows, highs = ([v for v in map(real, listing(one.get(k))) if v is not None] for k in ("low", "high"))
        if lows and highs and lows[-1] < medians[0] < highs[-1]:
            unsure.append(title)
        else:
            (rising if medians[-1] >= medians[0] else falling).append(title)
    if not rising + falling + unsure:
        return unknown("Whether customers and sellers gain too")
    parts = []
    if rising:
        parts.append(f"{_and(rising)} rise{'s' * (len(rising) == 1)}")
    if falling:
        parts.append(f"{_and(falling)} fall{'s' * (len(falling) == 1)}")
    if unsure:
        parts.append(f"on {_and(unsure)} even the direction is open")
    said = _and(parts)
    win = "On this wheel it is win-win so far as it was computed" if not falling and not unsure else "“Win-win” is not established here"
    return f"{win}: over the horizon {said}."


def forecast(results: dict) -> str:
    """The forecast of the first gauge that has one."""
    for name, one in mapping(mapping(results).get("series")).items():
        ahead = mapping(mapping(one).get("forecast"))
        times, low, middle, high = ([real(v) for v in listing(ahead.get(k))] for k in ("time", "q05", "q50", "q95"))
        if times and middle and times[-1] is not None and middle[-1] is not None:
            unit = words_of(mapping(one).get("unit"))
            found = Span(middle[-1], low[-1] if low else None, high[-1] if high else None)
            return (
                f"If levers stay as they are, {gauge_words(results, name).lower()} in {int(times[-1])} come to "
                f"{amount(found.median, unit)} ({_interval(found, lambda v, unit=unit: amount(v, unit))})."
            )
    return unknown("What comes next")


def fit(results: dict) -> str:
    about = mapping(mapping(results).get("fit"))
    if not about:
        return "Nothing has been fitted: every number stands on beliefs."
    method = {"laplace+psis": "importance draws around the best fit", "nuts": "Hamiltonian sampling (NUTS)"}
    parts = [f"{figures.number(real(about.get('draws')))} draws by {method.get(words_of(about.get('method')), words_of(about.get('method'), 'a method not stated'))}"]
    if real(about.get("rows")) is not None:
        parts.append(f"from {figures.number(real(about.get('rows')))} measured values")
    passed = about.get("gate_passed")
    gate = "the reliability gate passed" if passed is True else "the reliability gate did NOT pass" if passed is False else "whether the reliability gate passed is not known"
    k = real(about.get("k_hat"))
    return f"{' '.join(parts)}; {gate}" + (f" (k-hat {figures.number(k, 2)}, below 0.7 is good)." if k is not None else ".")


def on_belief(results: dict) -> str:
    names = [variable_words(results, n) for n in listing(at(results, "fit", "on_belief"))]
    if not names:
        return ""
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"{in_words(len(names)).capitalize()} parameter{'s' * (len(names) != 1)} stayed on beliefs: {', '.join(names[:8])}{more}."


def believable(results: dict) -> str:
    """The headline's second sentence: what the data support, and how it forecasts."""
    counts, duels = verdict_counts(results), _duels(results)
    total = sum(counts.values())
    if not total and not duels:
        return "How far the data support the wheel is not known: nothing has been fitted yet."
    parts = []
    if total:
        parts.append(f"the data support {in_words(counts[TURNS])} of its {in_words(total)} claimed links and cannot tell on {in_words(counts[UNSURE])}")
    if duels:
        won = sum(d[0] == "wins" for d in duels.values())
        lost = sum(d[0] == "loses" for d in duels.values())
        parts.append(f"on held-out data the wheel forecasts better than every simple baseline on {in_words(won)} of {in_words(len(duels))} gauges and worse than the best of them on {in_words(lost)}")
    said = "; ".join(parts) + "."
    return said[:1].upper() + said[1:]


def headline(results: dict) -> list[tuple[str, str]]:
    """Three (label, sentence) pairs to forward: how fast, how sure, what next."""
    return [("How fast it turns", speed(results)), ("How far to trust it", believable(results)), ("What to try next", levers(results))]


def subtitle(results: dict) -> str:
    now, start = now_of(results), decimal_year(at(results, "wheel", "start"))
    when = f", {int(start)} to {int(now)}" if start is not None and now is not None else ""
    gears = len(mapping(at(results, "wheel", "gears")))
    return f"A business flywheel of {in_words(gears)} gear{'s' * (gears != 1)}, measured and fitted{when}" if gears else "A business flywheel"


STEPS = (
    ("Customer-centric", ("links", "outcomes"), "the links into the experience gear show what customers answer to; customer surplus says what they gain."),
    ("Sustainable growth", ("speed", "shares"), "the wheel's speed and the loops that carry it show whether growth feeds itself."),
    ("Loyalty", ("critical", "links"), "the barrier with and without habit, and the links of habit and membership."),
    ("Cost optimisation", ("links", "levers"), "the links of scale, bargaining and pass-through from cost to price, and what a lower cost would do."),
    ("Adaptability and innovation", ("levers", "links"), "the levers worth trying, and for each open link the experiment that would settle it."),
    ("Data-driven decisions", ("backtest", "print"), "the held-out test against simple baselines, and the checks of the fit behind every number."),
)


def report_title(results: dict) -> str:
    return words_of(at(results, "wheel", "title")) or words_of(at(results, "wheel", "name"), "A business flywheel")
