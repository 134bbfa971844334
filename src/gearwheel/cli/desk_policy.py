"""`gearwheel desk new` and `gearwheel desk check`: a policy to start from, and what a policy does."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, echo_json, json_option, plain, say_next


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
@json_option
def check(policy: str, as_json: bool) -> None:
    """Say what is wrong with a policy, line by line, and in words what it does.

    \b
    Examples:
      gearwheel desk check policy.toml
    """
    from gearwheel.desk.operations import OPERATIONS
    from gearwheel.desk.policy_file import read_policy
    from gearwheel.desk.policy_words import policy_words

    read, operation = read_policy(policy, OPERATIONS.values())
    said = policy_words(read, operation)
    if as_json:
        echo_json({"policy": policy, "version": read.version, "says": said})
        return
    click.echo(plain("\n".join(said)))
    say_next("desk", "decide", "requests.parquet", "--policy", policy, "--out", "decisions.parquet")
