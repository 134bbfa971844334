"""`gearwheel desk new` and `gearwheel desk check`: a policy to start from, and what a policy does."""

from __future__ import annotations

import click

from gearwheel.cli.desk_decide import as_data, summary_text
from gearwheel.cli.frame import Verb, echo_json, json_option, plain, say_next
from gearwheel.cli.progress import progress


@click.command(cls=Verb)
@click.argument("policy", metavar="POLICY.TOML")
@click.option(
    "--operation", default="returns", show_default=True, metavar="NAME", help="What is decided: returns or shipping."
)
@click.option("--currency", default="EUR", show_default=True, metavar="CODE", help="Of all money in the policy.")
@click.option("--force", is_flag=True, help="Replace what is there without asking.")
@json_option
def new(policy: str, operation: str, currency: str, force: bool, as_json: bool) -> None:
    """Write a policy to start from: answers, hard rules, legal rights, caps, and the costs that are yours to replace.

    It checks as it is. A file that is there is replaced only after asking.

    \b
    Examples:
      gearwheel desk new policy.toml
      gearwheel desk new shipping.toml --operation shipping --currency USD
    """
    from pathlib import Path

    from gearwheel.desk.starter import starter_policy
    from gearwheel.run.store import save_atomically

    text, path = starter_policy(operation, currency), Path(policy)
    if path.exists() and not force:
        if as_json:
            raise click.UsageError(f"{path} exists; --force replaces it.")
        click.confirm(f"{path} exists. Replace it?", abort=True)
    save_atomically(path, text.encode())
    if as_json:
        echo_json({"file": str(path), "operation": operation})
        return
    click.echo(path)
    say_next("desk", "check", str(path))


@click.command(cls=Verb)
@click.argument("policy", metavar="POLICY.TOML")
@click.option("--requests", metavar="FILE", help="Parquet or CSV: what would have been decided. Nothing is recorded.")
@click.option("--customers", metavar="FILE", help="With --requests: what is known of customers.")
@click.option("--knowledge", metavar="FILE", help="With --requests: what was learned.")
@json_option
def check(policy: str, requests: str | None, customers: str | None, knowledge: str | None, as_json: bool) -> None:
    """Say what is wrong with a policy, line by line, and in words what it does.

    With --requests it is tried on them: answers, money and caps as they would have been. Nothing is recorded, and lots
    are drawn by a secret of their own.

    \b
    Examples:
      gearwheel desk check policy.toml
      gearwheel desk check policy.toml --requests last-month.parquet --customers desk/customers.parquet
    """
    from gearwheel.desk.opened import read_papers
    from gearwheel.desk.policy_words import policy_words

    if (customers or knowledge) and not requests:
        raise click.UsageError("--customers and --knowledge go with --requests.")
    papers = read_papers(policy, customers, knowledge)
    said, tried = policy_words(papers.policy, papers.operation), None
    if requests:
        from gearwheel.desk.batch_run import try_out

        with progress() as shown:
            tried = try_out(papers, requests, shown)
    if as_json:
        echo_json({"policy": policy, "version": papers.policy.version, "says": said, "tried": tried and as_data(tried)})
        return
    click.echo(plain("\n".join(said)))
    if tried:
        click.echo()
        click.echo("Tried on these requests, each at the time when it was asked; nothing is recorded.")
        click.echo(plain(summary_text(tried, papers.policy, bool(customers))))
    given = [("--customers", customers), ("--knowledge", knowledge), ("--clock", "requested" if requests else None)]
    options = [word for option, value in given if value for word in (option, value)]
    say_next(
        "desk", "decide", requests or "requests.parquet", "--policy", policy, *options, "--out", "decisions.parquet"
    )
