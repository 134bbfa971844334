"""The measure SQL, written for DuckDB, in the words of Spark and the common warehouses."""

from __future__ import annotations

from collections.abc import Callable

from gearwheel.gauges.dialects.typed import Schema, canonical_schema, output_types, typed_tree
from gearwheel.wheel.errors import DataError, Problem, did_you_mean

DIALECTS = ("spark", "postgres", "bigquery", "snowflake", "databricks")
Place = Callable[[str], str]  # `events.orders` or `base.lines` -> what stands for it in the SQL


def translated(
    sql: str,
    dialect: str,
    schema: Schema | None = None,
    name: str = "the query",
    place: Place | None = None,
    result: dict[str, str] | None = None,
) -> str:
    """`sql` (one SELECT in DuckDB's dialect) in another dialect, with the same meaning.

    `schema` gives the columns of the tables that it reads (default: the canonical tables); `place` renames these
    tables; `result` gives types that columns of the result are cast to. Raises DataError: GW465 no single SELECT,
    GW466 an unknown table or column, GW467 outside the portable subset, GW468 an unknown dialect.
    """
    from gearwheel.gauges.dialects.rewrites import rewritten
    from gearwheel.gauges.dialects.subset import outside

    known_dialect(dialect)
    tree = typed_tree(sql, canonical_schema() if schema is None else schema, name)
    if reasons := outside(tree):
        raise DataError([Problem("GW467", f"{name}: {reason}") for reason in reasons])
    for column, wanted in (result or {}).items():
        _cast_result(tree, column, wanted)
    _placed(tree, place or (lambda table: table))
    return rewritten(tree, dialect).sql(dialect, pretty=True, comments=False, unsupported_level=_raise())


def known_dialect(dialect: str) -> None:
    """Raises DataError (GW468) for a dialect that nobody has checked."""
    if dialect not in (*DIALECTS, "duckdb"):
        hint = did_you_mean(dialect, DIALECTS) or f"There are {', '.join(DIALECTS)} and duckdb."
        raise DataError(Problem("GW468", f"no dialect '{dialect}'", hint=hint))


def _raise():
    from sqlglot import ErrorLevel

    return ErrorLevel.RAISE


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


def _placed(tree, place: Place) -> None:
    from sqlglot import exp

    for table in list(tree.find_all(exp.Table)):
        if table.db:
            put = exp.to_table(place(f"{table.db}.{table.name}"))
            put.set("alias", table.args.get("alias"))
            table.replace(put)


__all__ = ["DIALECTS", "canonical_schema", "known_dialect", "output_types", "translated", "typed_tree"]
