"""The report's tables as HTML: verdicts with belief against posterior, backtest scores, loops, fit checks."""

from __future__ import annotations

from collections.abc import Iterable

from gearwheel.show import figures, words, words_verdicts
from gearwheel.show.charts import belief_strip
from gearwheel.show.palette import Palette
from gearwheel.show.svg import escaped, tag
from gearwheel.show.values import at, listing, mapping, real, span, words_of

_VERDICT_LOOK = {words.TURNS: "v-turns", words.OTHER_WAY: "v-other", words.STILL: "v-still", words.UNSURE: "v-unsure"}
_VERDICT_ORDER = (words.TURNS, words.OTHER_WAY, words.STILL, words.UNSURE)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of ready cells (`<td>…</td>` and `<th>…</th>` strings) that scrolls sideways on a narrow screen."""
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{"".join(head)}</tr></thead><tbody>{body}</tbody></table></div>'


def cell(content: object, css: str = "", small: str = "") -> str:
    inside = escaped(content) + (tag("small", escaped(small)) if small else "")
    return tag("td", inside, class_=css or None)


def head(content: str, css: str = "") -> str:
    return tag("th", escaped(content), class_=css or None, scope="col")


def verdict_table(results: dict, palette: Palette) -> str:
    """One row a link: cause → effect, verdict, belief and posterior drawn and in numbers, what would tell."""
    parameters = mapping(mapping(results).get("parameters"))
    links = [mapping(v) for v in mapping(mapping(results).get("links")).values()]
    links = [one for one in links if one]
    place = {v: i for i, v in enumerate(_VERDICT_ORDER)}
    links.sort(key=lambda one: place.get(words_of(one.get("verdict")), len(place)))
    rows = []
    for one in links:
        about = mapping(parameters.get(words_of(one.get("strength"))))
        strip = belief_strip({**about, **one}, palette=palette)
        verdict = words_of(one.get("verdict"), "not tested")
        pill = tag("span", escaped(verdict), class_=f"verdict {_VERDICT_LOOK.get(verdict, 'v-unsure')}")
        median, low, high = (real(at(one, "posterior", key)) for key in ("median", "q05", "q95"))
        numbers = figures.number(median)
        spread = f"{figures.number(low)} to {figures.number(high)}" if None not in (low, high) else ""
        believed = [real(at(one, "belief", key)) for key in ("low", "high")]
        belief = (
            f"{figures.number(believed[0])} to {figures.number(believed[1])}"
            if None not in believed
            else figures.NOT_KNOWN
        )
        ends = f"{words.variable_words(results, one.get('cause'))} → {words.variable_words(results, one.get('effect'))}"
        sign = {"+": "claimed +", "-": f"claimed {figures.MINUS}"}.get(words_of(one.get("polarity")), "claimed open")
        rows.append(
            [
                cell(ends, small=" · ".join(filter(None, (sign, words_verdicts.delay(one))))),
                tag("td", pill + _under_verdict(one) + _what_would_tell(results, one, verdict)),
                cell(belief, "n"),
                tag("td", strip),
                tag(
                    "td",
                    escaped(numbers)
                    + "".join(tag("small", escaped(t)) for t in (spread, words_verdicts.added(one)) if t),
                    class_="n",
                ),
            ]
        )
    if not rows:
        return ""
    titles = [
        head("Link"),
        head("Verdict"),
        head("Believed (80 %)", "n"),
        head("Belief (grey), with the data (blue, 90 % below it), no effect (dashed, its band shaded)"),
        head("With the data (90 %)", "n"),
    ]
    return table(titles, rows)


def _under_verdict(one: dict) -> str:
    """What the verdict means in plain words, and the evidence that entered."""
    said = [words_verdicts.plainly(one), *words_verdicts.evidence(one)]
    return "".join(tag("small", escaped(sentence)) for sentence in said if sentence)


def _what_would_tell(results: dict, one: dict, verdict: str) -> str:
    if verdict != words.UNSURE:
        return ""
    tied, test = mapping(one.get("correlated_with")), words_of(one.get("experiment"))
    parts = []
    r = real(tied.get("r"))
    if r is not None and abs(r) >= words.TIED:
        parts.append(
            f"Moves with {words.variable_words(results, tied.get('parameter'))} (correlation {figures.number(r, 2)})."
        )
    if test:
        parts.append(f"Would tell: {test}" + ("" if test[-1] in ".?!" else "."))
    return tag("small", escaped(" ".join(parts))) if parts else ""


def backtest_table(results: dict) -> str:
    """MASE by gauge and method with CRPS below, the best of each row in bold, ours first, and its 90 % coverage."""
    gauges = {words_of(g): mapping(v) for g, v in mapping(at(results, "backtest", "gauges")).items()}
    methods = list(dict.fromkeys(words_of(m) for v in gauges.values() for m in mapping(v.get("methods"))))
    methods.sort(key=lambda m: m != words.OURS)
    if not gauges or not methods:
        return ""
    rows = []
    for gauge, about in gauges.items():
        scores = {m: mapping(mapping(about.get("methods")).get(m)) for m in methods}
        known = [v for m in methods if (v := real(scores[m].get("crps"))) is not None]
        row = [cell(words.gauge_words(results, gauge), small=_points(about))]
        for m in methods:
            crps = real(scores[m].get("crps"))
            css = (
                "n"
                + (" ours" if m == words.OURS else "")
                + (" best" if crps is not None and crps == min(known) else "")
            )
            row.append(cell(figures.number(crps), css, f"MASE {figures.number(real(scores[m].get('mase')))}"))
        row.append(cell(figures.percent(real(scores.get(words.OURS, {}).get("coverage90"))), "n"))
        rows.append(row)
    names = [head(words.method_words(m), "n ours" if m == words.OURS else "n") for m in methods]
    return table([head("Gauge"), *names, head("in 90 % band", "n")], rows)


def _points(about: dict) -> str:
    before, after = real(about.get("before")), real(about.get("after"))
    return f"{figures.number(before)} known, {figures.number(after)} held out" if None not in (before, after) else ""


def loop_table(results: dict) -> str:
    """Named loops with kind, gain, delay, and share over the whole time and now."""
    kinds = {"R": "reinforcing", "B": "balancing", "changes": "changes"}
    unit = words_of(at(results, "wheel", "unit"))
    rows = []
    for one in map(mapping, listing(mapping(results).get("loops"))):
        if not one:
            continue
        row = [cell(words.loop_name(one)), cell(kinds.get(words_of(one.get("polarity")), figures.NOT_KNOWN))]
        shows = (
            ("gain", lambda v: figures.number(v, 2)),
            ("delay", lambda v: figures.amount(v, unit, digits=2)),
            ("share", lambda v: figures.percent(v, signed=True)),
            ("share_now", lambda v: figures.percent(v, signed=True)),
        )
        for key, show in shows:
            found = span(one.get(key))
            row.append(
                cell(show(found.median), "n", figures.between(found, show)) if found else cell(figures.NOT_KNOWN, "n")
            )
        rows.append(row)
    titles = [
        head("Loop"),
        head("Kind"),
        head("Gain (a reinforcing loop above 1 sustains itself)", "n"),
        head("Time to come round", "n"),
        head(f"Share of change, {words.share_mean(results)}", "n"),
        head("Share of change now", "n"),
    ]
    return table(titles, rows) if rows else ""


def check_table(results: dict) -> str:
    """One-step-ahead checks of each gauge: share of values inside the 50 and 90 % bands, spread and memory of errors."""
    rows = []
    for gauge, about in mapping(at(results, "fit", "checks")).items():
        about = mapping(about)
        rows.append(
            [
                cell(words.gauge_words(results, gauge)),
                cell(figures.number(real(about.get("rows"))), "n"),
                cell(figures.percent(real(about.get("coverage50"))), "n"),
                cell(figures.percent(real(about.get("coverage90"))), "n"),
                cell(figures.number(real(about.get("z_sd")), 2), "n"),
                cell(figures.number(real(about.get("autocorrelation")), 2), "n"),
            ]
        )
    titles = [
        head("Gauge"),
        *(
            head(t, "n")
            for t in (
                "values",
                "in 50 % band",
                "in 90 % band",
                "error spread (1 is right)",
                "memory of errors (0 is right)",
            )
        ),
    ]
    return table(titles, rows) if rows else ""


def belief_table(results: dict) -> str:
    """Every belief with its source: what was assumed before the data."""
    rows = []
    for name, about in mapping(mapping(results).get("parameters")).items():
        about = mapping(about)
        unit = words_of(about.get("unit"))
        low, centre, high = (real(at(about, "belief", key)) for key in ("low", "centre", "high"))
        shown = figures.amount(centre, unit)
        spread = f"{figures.number(low)} to {figures.number(high)}" if None not in (low, high) else ""
        told = about.get("fitted")
        fitted = ("fitted" if told else "on belief") if isinstance(told, bool) else figures.NOT_KNOWN
        rows.append(
            [
                cell(words.variable_words(results, name), small=str(name)),
                cell(shown, "n", spread),
                cell(fitted),
                cell(words_of(about.get("because"), "no source given")),
            ]
        )
    return table([head("Parameter"), head("Believed", "n"), head("Status"), head("Because")], rows) if rows else ""


def link_list(results: dict) -> str:
    """The picture as text, for those who do not see it: every named loop with its stops."""
    items = []
    for one in map(mapping, listing(mapping(results).get("loops"))):
        stops = [words.in_gear(results, v) for v in listing(one.get("links")) if isinstance(v, str)]
        if stops:
            items.append(tag("li", escaped(f"{words.loop_name(one)}: {' → '.join(stops)} → {stops[0]}")))
    return f"<ul>{''.join(items)}</ul>" if items else ""
