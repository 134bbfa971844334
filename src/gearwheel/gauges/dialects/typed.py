"""SQL in DuckDB's dialect as a tree in which every column has its table and every expression its type."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gearwheel.gauges.canonical import SCHEMA, tables
from gearwheel.wheel.errors import DataError, Problem, did_you_mean

Types = Mapping[str, str]  # column -> DuckDB's type
Schema = Mapping[str, Types]  # `events.orders`, `base.lines` -> its columns


def canonical_schema() -> dict[str, Types]:
    """The canonical tables and the types of their columns."""
    return {f"{SCHEMA}.{t.name}": {c.name: c.sql_type for c in t.columns.values()} for t in tables().values()}


def typed_tree(sql: str, schema: Schema, name: str = "the query"):
    """The one SELECT of `sql`, qualified and typed (a SQLGlot tree).

    Stars, USING, positions in GROUP BY and aliases that are used again are written out, for warehouses differ in
    which of these they know. Raises DataError (GW465 no single SELECT, GW466 an unknown table or column).
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.annotate_types import annotate_types
    from sqlglot.optimizer.qualify import qualify

    try:
        statements = sqlglot.parse(sql, read="duckdb")
    except SqlglotError as error:
        raise DataError(Problem("GW465", f"{name} cannot be read as SQL: {_plain(error)}")) from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise DataError(Problem("GW465", f"{name} must be one SELECT"))
    nested = _nested(schema)
    _refuse_unknown_tables(statements[0], schema, name)
    try:
        tree = qualify(
            statements[0],
            schema=nested,
            dialect="duckdb",
            quote_identifiers=False,
            identify=False,
        )
    except SqlglotError as error:
        raise DataError(Problem("GW466", f"{name}: {_plain(error)}")) from error
    return annotate_types(tree, schema=nested, dialect="duckdb")


def _nested(schema: Schema) -> dict[str, dict[str, Types]]:
    nested: dict[str, dict[str, Types]] = {}
    for table, columns in schema.items():
        where, _, plain = table.partition(".")
        nested.setdefault(where, {})[plain] = dict(columns)
    return nested


def _refuse_unknown_tables(tree, schema: Schema, name: str) -> None:
    from sqlglot import exp

    shared = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        read = f"{table.db}.{table.name}" if table.db else table.name
        if table.name and read not in shared and read not in schema:
            raise DataError(Problem("GW466", f"{name}: no table '{read}'", hint=did_you_mean(read, schema)))


def _plain(error: Exception) -> str:
    """SQLGlot's message on one line, without the colours of a terminal."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split())


def output_types(tree) -> dict[str, str]:
    """The columns that the SELECT yields and their types in DuckDB's words."""
    return {s.alias_or_name: s.type.sql("duckdb") if s.type else "UNKNOWN" for s in tree.selects}
