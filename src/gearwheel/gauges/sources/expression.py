"""SQL expressions from a user's mapping: parsed, held to one harmless expression, and written with quoted names."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from gearwheel.wheel.errors import did_you_mean

_FUNCTIONS = """
abs ceil ceiling floor round sign sqrt ln log exp power pow mod greatest least trunc
coalesce ifnull nullif if case cast try_cast concat concat_ws
lower upper trim ltrim rtrim length left right substr substring replace regexp_replace regexp_extract
regexp_matches regexp_like starts_with ends_with startswith endswith contains split_part str_position strpos
position pad reverse md5 like ilike strip_accents
strptime try_strptime strftime str_to_time time_to_str ts_or_ds_to_timestamp date_trunc timestamp_trunc datetrunc
date_part extract datepart year month day week hour minute second quarter dayofweek day_of_week
date_add date_sub date_diff datediff datesub interval timezone at_time_zone to_timestamp epoch epoch_ms make_date
unix_to_time time_to_unix date_from_parts make_timestamp timestamp_from_parts to_days to_hours to_minutes to_seconds to_months
json_extract json_extract_string json_extract_scalar json_value and or xor not
"""
SAFE = frozenset(_FUNCTIONS.split())  # what an expression may call, by SQLGlot's names: lpad and rpad are its pad


class ExpressionError(ValueError):
    """What is wrong with an expression, in words; `hint` says what to try."""

    def __init__(self, message: str, hint: str = ""):
        super().__init__(message)
        self.hint = hint


def quoted(name: str) -> str:
    """The name as an SQL identifier, whatever it is made of."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def number_column(column: str) -> str:
    """The name under which a column is there as the number that its texts state."""
    return f"number of {column}"


def checked(text: str, columns: Iterable[str], numbers: set[str] | None = None) -> str:
    """The expression in DuckDB's dialect with every name quoted. A text that is a column's name is that column.

    number(column) is the number that the column's text states, read as a column of numbers is: it becomes
    `number_column` of it, and the column is added to `numbers`.

    Raises ExpressionError unless it is one expression over `columns` made of operators, literals, CASE, CAST and
    the functions of SAFE: no subquery, no aggregate over rows, nothing that reads a file or a setting.
    """
    columns = list(columns)
    named = _column(text.strip(), columns)
    if named is not None:
        return quoted(named)
    tree = _parsed(text, columns)
    if numbers is not None:
        tree = _with_numbers(tree, columns, numbers)
        columns = [*columns, *map(number_column, numbers)]
    for node in tree.walk():
        _check(node, columns)
    return tree.sql(dialect="duckdb")


def _with_numbers(tree, columns: list[str], numbers: set[str]):
    from sqlglot import exp

    def replaced(node):
        if not isinstance(node, exp.Anonymous) or node.name.lower() != "number":
            return node
        of = node.expressions[0] if len(node.expressions) == 1 else None
        named = _column(of.name, columns) if isinstance(of, exp.Column) and not of.table else None
        if named is None:
            raise ExpressionError(
                "number() takes one column of the table", f"the columns are {', '.join(columns[:12])}"
            )
        numbers.add(named)
        return exp.column(number_column(named), quoted=True)

    return tree.transform(replaced)


def is_plain(text: str, columns: Iterable[str]) -> str | None:
    """The source column, where the text is nothing more than its name."""
    return _column(text.strip(), list(columns))


def _parsed(text: str, columns: list[str]):
    import sqlglot
    from sqlglot.errors import SqlglotError

    unlike = did_you_mean(text.strip(), columns) or f"the columns are {', '.join(columns[:12])}"
    try:
        statements = sqlglot.parse(text, read="duckdb")
    except (SqlglotError, RecursionError, ValueError) as error:
        raise ExpressionError("neither a column of the table nor an SQL expression", unlike) from error
    if len(statements) != 1 or statements[0] is None:
        raise ExpressionError("more than one expression", "write one expression without ;")
    return statements[0]


def _check(node, columns: list[str]) -> None:
    from sqlglot import exp

    if isinstance(node, exp.Column):
        if node.table or not isinstance(node.this, exp.Identifier):
            raise ExpressionError(f"'{node.sql()}' is not a column name alone", "write the column without its table")
        named = _column(node.name, columns)
        if named is None:
            hint = did_you_mean(node.name, columns) or f"the columns are {', '.join(columns[:12])}"
            raise ExpressionError(f"the table has no column '{node.name[:60]}'", hint)
        node.this.replace(exp.to_identifier(named, quoted=True))
    elif isinstance(node, exp.Func):
        names = {n.lower() for n in ([node.name] if isinstance(node, exp.Anonymous) else node.sql_names())}
        if not names & SAFE:
            shown = sorted(names)[0]
            raise ExpressionError(f"the function {shown} is not allowed in a mapping", did_you_mean(shown, SAFE))
    elif not isinstance(node, _harmless()):
        raise ExpressionError(f"'{type(node).__name__.lower()}' is not allowed in a mapping", "write one expression")


@cache
def _harmless() -> tuple[type, ...]:
    from sqlglot import exp

    return (
        exp.Binary, exp.Unary, exp.Literal, exp.Boolean, exp.Null, exp.Identifier, exp.DataType, exp.DataTypeParam,
        exp.Between, exp.In, exp.Interval, exp.IntervalSpan, exp.Var, exp.Tuple, exp.Bracket, exp.JSONPath,
        exp.JSONPathPart, exp.Escape, exp.AtTimeZone,
    )  # fmt: skip


def _column(name: str, columns: list[str]) -> str | None:
    """The column of that name; letter case matters only where two columns differ in nothing else."""
    bare = name[1:-1].replace('""', '"') if len(name) > 1 and name[0] == name[-1] == '"' else name
    for candidate in (name, bare):
        if candidate in columns:
            return candidate
    near = [c for c in columns if c.lower() == bare.lower()]
    return near[0] if len(near) == 1 else None
