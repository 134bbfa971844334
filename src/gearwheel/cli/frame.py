"""What all verbs share: the wheel they are about, errors in words with exit codes, JSON, the next sensible verb."""

from __future__ import annotations

import json
import math

import click

OK, PROBLEM, MISUSE, STOPPED = 0, 1, 2, 130


class InOrder(click.Group):
    """Verbs are listed in the order in which one uses them."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.commands)


class Verb(click.Command):
    """A verb of the command line. What is wrong with a model or its data is said in words and ends with exit code 1;
    a run that the user stops ends with 130; misuse is click's own 2."""

    def invoke(self, context: click.Context):
        from gearwheel.wheel.errors import Cancelled, GearwheelError

        try:
            return super().invoke(context)
        except (Cancelled, KeyboardInterrupt):
            click.echo("stopped; what was finished is kept in the cache", err=True)
            context.exit(STOPPED)
        except GearwheelError as error:
            tell(error, context.params.get("as_json", False))
            context.exit(PROBLEM)
        except BrokenPipeError:
            raise
        except OSError as error:
            click.echo(f"error: {error.filename or 'the file'}: {error.strerror or error}", err=True)
            context.exit(PROBLEM)


wheel_argument = click.argument("wheel")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")
seed_option = click.option("--seed", default=1, show_default=True, help="Seed of every random number.")
cache_option = click.option("--no-cache", is_flag=True, help="Fit again, even if nothing has changed.")


def tell(error: Exception, as_json: bool) -> None:
    """An error in its own words: every problem with file, line and hint. As JSON on standard output when asked."""
    problems = getattr(error, "problems", ())
    if as_json:
        echo_json({"problems": [as_dict(p) for p in problems] or [{"severity": "error", "message": str(error)}]})
    elif problems:
        click.echo(plain("\n".join(str(p) for p in problems)), err=True)
    else:
        click.echo(f"error: {plain(str(error))}", err=True)


def as_dict(problem) -> dict:
    return {key: getattr(problem, key) for key in ("severity", "code", "message", "file", "line", "hint")}


def plain(text: str) -> str:
    """Without control characters: a file from a stranger must not steer the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)


def echo_json(data: object) -> None:
    click.echo(json.dumps(_jsonable(data), indent=1, ensure_ascii=False, allow_nan=False))


def _jsonable(value: object) -> object:
    """Plain data: mappings and sequences as they are, arrays as lists, what is not finite as null."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): _jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(v) for v in value]
    return value if isinstance(value, str | int | bool | None) else str(value)


def say_next(*command: str) -> None:
    """The next sensible verb, on standard error so that what is printed can be piped on."""
    import shlex

    click.echo(f"next: gearwheel {shlex.join(command)}", err=True)


def outputs(name: str) -> str:
    """`gearwheel-out/NAME`, whatever characters a wheel's name may have."""
    import re

    return f"gearwheel-out/{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('.-') or 'wheel'}"
