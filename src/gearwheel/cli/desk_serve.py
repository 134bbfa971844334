"""`gearwheel desk serve`: the desk as a service; `gearwheel desk replay`: its log decided again."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, echo_json, json_option, plain

TOKEN = "GEARWHEEL_DESK_TOKEN"


@click.command(cls=Verb)
@click.option("--policy", "policy_path", required=True, metavar="POLICY.TOML", help="What may be answered.")
@click.option(
    "--store", "store_url", required=True, metavar="URL", help="A file, sqlite:///file or postgresql://host/database."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Others than this machine need a token.")
@click.option("--customers", metavar="PARQUET", help="What is known of customers, from `gearwheel desk prepare`.")
@click.option("--knowledge", metavar="JSON", help="What was learned, from `gearwheel desk prepare` or `learn`.")
@click.option("--token-file", metavar="FILE", help=f"Holds the token that callers send. [default: ${TOKEN}]")
@click.option(
    "--rate", type=click.FloatRange(0), default=0.0, help="Most requests a second of one caller. [default: any]"
)
def serve(
    policy_path: str,
    store_url: str,
    port: int,
    host: str,
    customers: str | None,
    knowledge: str | None,
    token_file: str | None,
    rate: float,
) -> None:
    """Answer requests over HTTP: POST /v1/returns with a header Idempotency-Key.

    An answer is sent once its decision is on the disk. /openapi.json describes everything, /metrics counts it.
    Ctrl-C or SIGTERM stops the desk after what it has begun.

    \b
    Examples:
      gearwheel desk serve --policy policy.toml --store desk.db
      gearwheel desk serve --policy policy.toml --store postgresql://desk@db/desk --port 9000 --rate 50
    """
    from gearwheel.desk.opened import read_papers
    from gearwheel.desk.service import serve as run
    from gearwheel.desk.store import open_store

    papers = read_papers(policy_path, customers, knowledge)
    run(
        papers,
        open_store(store_url),
        host=host,
        port=port,
        token=_token(token_file),
        rate=rate,
        started=lambda address: click.echo(
            f"The desk answers at {address}/v1/{papers.operation.name} (policy {papers.policy.version})."
        ),
    )


@click.command(cls=Verb)
@click.argument("store_url", metavar="STORE")
@json_option
def replay(store_url: str, as_json: bool) -> None:
    """Decide everything in STORE again and say whether it comes out the same.

    Each record is chained to the one before it, so that a row that was changed, added or taken out shows.

    \b
    Examples:
      gearwheel desk replay desk.db
    """
    from gearwheel.desk.operations import OPERATIONS
    from gearwheel.desk.replay import replay as again
    from gearwheel.desk.store import StoreError, open_store

    store = open_store(store_url)
    meta = store.meta()
    operation = OPERATIONS.get(meta["operation"].decode() if meta else "")
    if operation is None:
        raise StoreError(f"{store.name} holds no decisions", "`gearwheel desk serve` writes a store.")
    done = again(operation, store)
    if as_json:
        echo_json(
            {"decisions": done.decisions, "outcomes": done.outcomes, "policies": done.policies, "head": done.head}
        )
        return
    click.echo(plain(f"{done.decisions:,} decisions, all the same; {done.outcomes:,} outcomes, all in their chain."))
    click.echo(plain(f"The last record's hash is {done.head}: noted elsewhere, it shows a log rewritten to its end."))


def _token(path: str | None) -> str:
    """From the file or the environment: a command line is seen by everybody on the machine."""
    import os
    from pathlib import Path

    from gearwheel.wheel.errors import DeskError, Problem

    if path is None:
        return os.environ.get(TOKEN, "").strip()
    try:
        token = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DeskError(Problem("GW523", f"cannot read the token: {error}", path)) from error
    if not token:
        raise DeskError(Problem("GW523", "the token file is empty", path))
    return token
