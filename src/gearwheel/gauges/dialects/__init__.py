"""The measure SQL, written for DuckDB, in the words of Spark and the common warehouses."""

from __future__ import annotations

from collections.abc import Callable

from gearwheel.gauges.dialects.typed import Schema, Types, canonical_schema, typed_tree
from gearwheel.wheel.errors import DataError, Problem, did_you_mean

DIALECTS = ("spark", "postgres", "bigquery", "snowflake", "databricks")
Place = Callable[[str], str]  # `events.orders` or `base.lines` -> what stands for it in the SQL


def translated(sql: str, dialect: str, schema: Schema | None = None, name: str = "the query") -> str:
    """`sql` (one SELECT in DuckDB's dialect) in another dialect, with the same meaning.

    `schema` gives the columns of the tables that it reads (default: the canonical tables). Raises DataError: GW465 no
    single SELECT, GW466 an unknown table or column, GW467 outside the portable subset, GW468 an unknown dialect.
    """
    known_dialect(dialect)
    return generated(checked_tree(sql, canonical_schema() if schema is None else schema, name), dialect)


def checked_tree(sql: str, schema: Schema, name: str = "the query"):
    """The typed tree of `sql`, refused (DataError GW465 to GW467) where it is outside the portable subset."""
    from gearwheel.gauges.dialects.subset import outside

    tree = typed_tree(sql, schema, name)
    if reasons := outside(tree):
        raise DataError([Problem("GW467", f"{name}: {reason}") for reason in reasons])
    return tree


def generated(tree, dialect: str, place: Place | None = None, result: Types | None = None) -> str:
    """The SQL of a checked tree. `place` renames the tables that it reads; `result` gives types of result columns."""
    from sqlglot import ErrorLevel

    from gearwheel.gauges.dialects.rewrites import rewritten

    copy = tree.copy()
    for column, wanted in (result or {}).items():
        _cast_result(copy, column, wanted)
    if place is not None:
        _put(copy, place)
    return rewritten(copy, dialect).sql(dialect, pretty=True, comments=False, unsupported_level=ErrorLevel.RAISE)


def known_dialect(dialect: str) -> None:
    """Raises DataError (GW468) for a dialect that nobody has checked."""
    if dialect not in (*DIALECTS, "duckdb"):
        hint = did_you_mean(dialect, DIALECTS) or f"There are {', '.join(DIALECTS)} and duckdb."
        raise DataError(Problem("GW468", f"no dialect '{dialect}'", hint=hint))


def _cast_result(tree, column: str, wanted: str) -> None:
    """Casts a column of the outermost SELECT, in every branch of a UNION."""
    from sqlglot import exp

    if isinstance(tree, exp.SetOperation):
        _cast_result(tree.left, column, wanted)
        _cast_result(tree.right, column, wanted)
        return
    for selected in tree.selects:
        if selected.alias_or_name == column and not _is_plainly(selected.unalias(), wanted):
            cast = exp.cast(selected.unalias().copy(), wanted, dialect="duckdb")
            selected.replace(exp.alias_(cast, column))


def _is_plainly(value, wanted: str) -> bool:
    from sqlglot import exp

    return isinstance(value, exp.Column | exp.Cast) and value.is_type(wanted)


def _put(tree, place: Place) -> None:
    from sqlglot import exp

    for table in list(tree.find_all(exp.Table)):
        if table.db:
            put = exp.to_table(place(f"{table.db}.{table.name}"))
            put.set("alias", table.args.get("alias"))
            table.replace(put)
