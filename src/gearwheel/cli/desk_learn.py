"""`gearwheel desk learn`: quantities from the log; `gearwheel desk evaluate`: a policy tried on it before it goes live."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, echo_json, json_option, plain

SOURCE = "STORE_OR_PARQUET"
window = click.option(
    "--window", type=click.FloatRange(1), default=60.0, show_default=True, help="Days over which purchases are counted."
)


@click.command(cls=Verb)
@click.argument("source", metavar=SOURCE)
@click.option("--policy", required=True, metavar="FILE", help="The policy, whose beliefs the log is joined with.")
@click.option("--out", required=True, metavar="FILE", help="knowledge.json, for `desk serve` and `desk decide`.")
@click.option("--customers", metavar="PARQUET", help="Records of all customers, to learn who claims what is not so.")
@click.option("--knowledge", metavar="FILE", help="What was known before; what is not learned anew stays.")
@window
@json_option
def learn(
    source: str, policy: str, out: str, customers: str | None, knowledge: str | None, window: float, as_json: bool
) -> None:
    """Learn from the decisions in STORE_OR_PARQUET and what was told of them afterwards.

    Costs are taken as they were booked, effects on later spending only from decisions that were drawn by lot. What
    cannot be learned is said, and stays as the policy believes it.

    \b
    Examples:
      gearwheel desk learn desk.db --policy policy.toml --customers customers.parquet --out knowledge.json
    """
    from pathlib import Path

    from gearwheel.desk.history_file import read_history
    from gearwheel.desk.learn import learn as learned_from
    from gearwheel.desk.learned import knowledge_text, refuse_foreign_knowledge
    from gearwheel.desk.opened import read_papers

    refuse_foreign_knowledge(Path(out))
    papers = read_papers(policy, customers, knowledge)
    history = read_history(source, papers.operation, papers.policy, window)
    found = learned_from(papers.operation, papers.policy, history, records_of(papers))
    because = {n: q.because for n, q in found.quantities.items()}
    draws = {**papers.known.draws, **found.draws}
    text = knowledge_text(papers.operation.name, draws, {n: because.get(n, "known before") for n in draws})
    _write(Path(out), text)
    if as_json:
        echo_json(
            {
                "out": out,
                "quantities": {n: {"mean": float(d.mean()), "sd": float(d.std()), "because": because[n]}
                               for n, d in found.draws.items()},
                "effects": [vars(e) for e in found.effects],
                "refused": [{"code": p.code, "message": p.message, "hint": p.hint} for p in found.refused],
                "left_out": list(history.notes),
            }
        )  # fmt: skip
        return
    click.echo(plain("\n".join([learned_text(found, len(history)), *left_out(history)])))
    click.echo(plain(f"{out}"))


@click.command(cls=Verb)
@click.argument("source", metavar=SOURCE)
@click.option("--policy", required=True, metavar="FILE", help="The policy to try.")
@click.option("--knowledge", metavar="FILE", help="What the new policy would know.")
@click.option(
    "--untold",
    type=click.Choice(["free", "unknown"]),
    help="What it means that nothing was told of a decision: it cost nothing, or nobody knows. "
    "[default: free, and to ask where of an answer nothing was ever told]",
)
@window
@json_option
def evaluate(source: str, policy: str, knowledge: str | None, untold: str | None, window: float, as_json: bool) -> None:
    """Say what a policy would have cost on the decisions in STORE_OR_PARQUET, before it goes live.

    Three estimates from the propensities in the log, each with a 95 % interval where the decisions can tell one. A policy
    that answers what the log never could is refused. Where the window of a decision is over, what was not told cost nothing.

    \b
    Examples:
      gearwheel desk evaluate desk.db --policy new.toml
    """
    from gearwheel.desk.evaluate_policy import evaluate_policy
    from gearwheel.desk.history_file import read_history
    from gearwheel.desk.opened import read_papers
    from gearwheel.desk.policy import believed

    papers = read_papers(policy, None, knowledge)
    history = read_history(source, papers.operation, papers.policy, window)
    draws = believed(papers.policy, papers.operation, papers.known.draws)
    found = evaluate_policy(papers.operation, papers.policy, history, draws, untold)
    if as_json:
        echo_json({**evaluated(found, papers.policy.currency), "left_out": list(history.notes)})
    else:
        click.echo(plain("\n".join([evaluated_text(found, papers.policy.currency), *left_out(history)])))


def records_of(papers):
    """The records of the customers whose claims are known, as `learn` takes them; None where there are none."""
    import numpy as np

    from gearwheel.desk.abuse import RECORD

    facts = papers.customers.facts
    if not {"orders", "claims"} <= set(facts):
        return None
    known = np.isfinite(facts["orders"]) & np.isfinite(facts["claims"])
    nothing = np.zeros(len(known))
    return {n: np.nan_to_num(facts.get(n, nothing))[known] for n in RECORD} if known.any() else None


def left_out(history) -> list[str]:
    """A line for each reason why decisions were not used."""
    return [f"Left out: {note}." for note in history.notes]


def learned_text(found, decisions: int) -> str:
    """Quantities, effects and what could not be learned."""
    from gearwheel.cli.text import table

    rows = [(n, f"{d.mean():.4g}", f"{d.std():.2g}", found.quantities[n].because) for n, d in found.draws.items()]
    said = [f"Learned from {decisions:,} decisions:"]
    said += [table(("quantity", "mean", "sd", "from"), rows)] if rows else ["nothing."]
    said += [
        f"After {e.action} customers spent {100 * e.share:+.1f} % (error {100 * e.error:.1f}) beside the fallback."
        for e in found.effects
    ]
    said += [f"Not learned ({p.code}): {p.message}." + (f" {p.hint}" if p.hint else "") for p in found.refused]
    return "\n".join(said)


def evaluated(found, currency: str) -> dict:
    """The evaluation as plain data."""
    e = found.evaluation
    return {
        "currency": currency,
        "decisions": e.decisions,
        "estimates": {m: vars(x) for m, x in e.estimates.items()},
        "old": vars(e.old),
        "saved": vars(e.saved),
        "effective_decisions": e.effective,
        "heaviest_weight": e.heaviest,
        "waiting": e.waiting,
        "untold": dict(e.untold),
        "unknown": dict(e.unknown),
        "warnings": list(e.warnings),
        "would": dict(found.would),
        "did": dict(found.did),
    }


NAMES = {"ips": "inverse propensity", "snips": "self-normalised", "dr": "doubly robust"}


def evaluated_text(found, currency: str) -> str:
    """The estimates beside what the log cost, what would be answered otherwise, and warnings."""
    from gearwheel.cli.text import table

    e = found.evaluation

    def row(name, x):
        return name, f"{x.value:.2f}", "cannot be told" if x.low is None else f"{x.low:.2f} to {x.high:.2f}"

    rows = [row("as it was decided", e.old), *(row(NAMES[m], x) for m, x in e.estimates.items())]
    answers = [
        (a, f"{found.did.get(a, 0):,}", f"{found.would.get(a, 0):,.0f}", f"{e.untold.get(a, 0):,}")
        for a in dict.fromkeys((*found.did, *found.would))
    ]
    said = [f"{e.decisions:,} decisions whose cost is known; for this policy they are worth {e.effective:,.0f}."]
    if e.waiting:
        said.append(f"{e.waiting:,} more are left out: their window is not over.")
    if e.untold:
        meant = "nobody knows what they cost" if set(e.unknown) & set(e.untold) else "they count as having cost nothing"
        said.append(f"Of {sum(e.untold.values()):,} decisions nothing was told: {meant}.")
    if e.unknown:
        parts = ", ".join(f"{a} {n:,}" for a, n in e.unknown.items())
        said.append(
            f"Of {sum(e.unknown.values()):,} the cost is not known ({parts}): others of the same answer stand for them."
        )
    return "\n".join(
        [
            *said,
            table((f"{currency} a decision", "estimate", "95 % interval"), rows),
            table(("answer", "was", "would be", "nothing told"), answers),
            _saved(e.saved, currency),
            *(f"Careful: {w}." for w in e.warnings),
        ]
    )


def _saved(saved, currency: str) -> str:
    """The difference between the policies in words."""
    word, value = "saves" if saved.value >= 0 else "costs", f"{abs(saved.value):.2f} {currency} a decision"
    if saved.low is None:
        return f"The new policy {word} {value}, as far as can be told; how sure that is cannot."
    if saved.low > 0 or saved.high < 0:
        low, high = sorted((abs(saved.low), abs(saved.high)))
        return f"The new policy {word} {value} ({low:.2f} to {high:.2f})."
    return f"The new policy {word} {value}, which may be chance ({saved.low:.2f} to {saved.high:.2f})."


def _write(path, text: str) -> None:
    from gearwheel.wheel.errors import DeskError, Problem

    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, "utf-8")
        beside.replace(path)
    except OSError as error:
        raise DeskError(Problem("GW518", f"cannot write the knowledge: {error.strerror}", str(path))) from error
