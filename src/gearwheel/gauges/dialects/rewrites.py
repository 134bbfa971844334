"""What SQLGlot does not carry over: the typed tree, rewritten until a dialect's own rules give DuckDB's meaning."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

Node = exp.Expression


def rewritten(tree: Node, dialect: str) -> Node:
    """A copy of the typed tree that means in `dialect` what the original means in DuckDB."""
    copy = tree.copy()
    if dialect == "duckdb":
        return copy
    for step in (*EVERYWHERE, *STEPS[dialect]):
        copy = copy.transform(step, copy=False)
    return copy


def as_type(value: Node, name: str) -> Node:
    """`value` cast to a type of DuckDB's, unless it is of that type already."""
    return value if value.is_type(name) else exp.cast(value, name, dialect="duckdb")


def _double(value: Node) -> Node:
    sure = isinstance(value.unnest(), exp.Column | exp.Cast) and value.is_type("DOUBLE")
    return value if sure else exp.Cast(this=value, to=exp.DataType.build("DOUBLE"))


def _call(name: str, *arguments: Node) -> Node:
    return exp.Anonymous(this=name, expressions=list(arguments))


def float_division(node: Node) -> Node:
    """Whole numbers divided give a fraction in DuckDB, a whole number or a decimal of six places elsewhere."""
    if isinstance(node, exp.Div):
        node.set("this", _double(node.left))
    return node


def float_moments(node: Node) -> Node:
    """Averages and spreads of whole numbers are decimals of few places in Snowflake and PostgreSQL."""
    if isinstance(node, exp.Avg | exp.Stddev | exp.StddevSamp | exp.StddevPop | exp.Variance | exp.VariancePop):
        node.set("this", _double(node.this))
    return node


def days_between_dates(node: Node) -> Node:
    """DuckDB counts midnights passed; Spark counts full 24 hours unless both sides are dates."""
    if isinstance(node, exp.DateDiff):
        node.set("this", as_type(node.this, "DATE"))
        node.set("expression", as_type(node.expression, "DATE"))
    return node


def _days_added(node: Node) -> tuple[Node, Node] | None:
    """The date and the number of days of `date + days` and `date - days`."""
    if not isinstance(node, exp.Add | exp.Sub) or not node.left.is_type("DATE") or isinstance(node.right, exp.Interval):
        return None
    days = exp.Cast(this=node.right, to=exp.DataType.build("INT"))
    return node.left, exp.Neg(this=days) if isinstance(node, exp.Sub) else days


def spark_add_days(node: Node) -> Node:
    """A whole number of 64 bits cannot be added to a date there."""
    return _call("DATE_ADD", *added) if (added := _days_added(node)) else node


def postgres_add_days(node: Node) -> Node:
    """The same: only 32 bits."""
    return exp.Add(this=added[0], expression=added[1]) if (added := _days_added(node)) else node


def snowflake_add_days(node: Node) -> Node:
    return _call("DATEADD", exp.var("DAY"), added[1], added[0]) if (added := _days_added(node)) else node


def spark_days(node: Node) -> Node:
    return _call("DATEDIFF", node.this, node.expression) if isinstance(node, exp.DateDiff) else node


def spark_epoch(node: Node) -> Node:
    """UNIX_TIMESTAMP would cut the fraction of a second off."""
    if isinstance(node, exp.TimeToUnix):
        stamp = exp.Cast(this=node.this, to=exp.DataType.build("TIMESTAMPLTZ"))
        return _seconds(_call("UNIX_MICROS", stamp))
    return node


def _seconds(micros: Node) -> Node:
    return exp.Paren(this=exp.Div(this=_double(micros), expression=exp.Literal.number(1000000), typed=True))


def postgres_epoch(node: Node) -> Node:
    if isinstance(node, exp.TimeToUnix):
        return exp.Cast(this=exp.Extract(this=exp.var("EPOCH"), expression=node.this), to=exp.DataType.build("DOUBLE"))
    return node


def postgres_trunc(node: Node) -> Node:
    """DATE_TRUNC of a date would pass through the session's time zone."""
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc) and node.this.is_type("DATE"):
        node.set("this", exp.Cast(this=node.this, to=exp.DataType.build("TIMESTAMP", dialect="postgres")))
    return node


def postgres_collation(node: Node) -> Node:
    """Text is ordered by its bytes in DuckDB and by the database's language in PostgreSQL."""
    compared = isinstance(node, exp.Ordered | exp.Min | exp.Max | exp.LT | exp.LTE | exp.GT | exp.GTE)
    if compared and node.this.is_type(*exp.DataType.TEXT_TYPES):
        node.set("this", exp.Collate(this=node.this, expression=exp.to_identifier("C", quoted=True)))
    return node


def bigquery_trunc(node: Node) -> Node:
    """A WEEK begins on Sunday there; an ISOWEEK on Monday."""
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc):
        unit = node.text("unit").upper()
        return _call("DATE_TRUNC", as_type(node.this, "DATE"), exp.var("ISOWEEK" if unit == "WEEK" else unit))
    return node


def bigquery_epoch(node: Node) -> Node:
    if isinstance(node, exp.TimeToUnix):
        return _seconds(_call("UNIX_MICROS", exp.Cast(this=node.this, to=exp.DataType.build("TIMESTAMPTZ"))))
    return node


def bigquery_interval(node: Node) -> Node:
    if isinstance(node, exp.Interval) and node.this.is_string:
        node.set("this", exp.Literal.number(node.this.this))
    return node


def bigquery_extremes(node: Node) -> Node:
    """GREATEST and LEAST are NULL there when one value is."""
    if isinstance(node, exp.Greatest | exp.Least):
        left, right = node.this, node.expressions[0]
        node.set("this", exp.func("COALESCE", left.copy(), right.copy()))
        node.set("expressions", [exp.func("COALESCE", right.copy(), left.copy())])
    return node


def bigquery_window_order(node: Node) -> Node:
    """NULLS LAST is not known under an aggregate's window: order by being NULL first."""
    if isinstance(node, exp.Window) and isinstance(node.this, exp.AggFunc) and node.args.get("order"):
        keys: list[Node] = []
        for key in node.args["order"].expressions:
            if not key.args.get("desc"):
                keys.append(exp.Ordered(this=exp.Is(this=key.this.copy(), expression=exp.Null()), nulls_first=True))
                key.set("nulls_first", True)
            keys.append(key)
        node.args["order"].set("expressions", keys)
    return node


def snowflake_trunc(node: Node) -> Node:
    """Its week begins where the account's WEEK_START says."""
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc) and node.text("unit").upper() == "WEEK":
        back = exp.Sub(this=exp.Literal.number(1), expression=_call("DAYOFWEEKISO", node.this.copy()))
        return _call("DATEADD", exp.var("DAY"), back, as_type(node.this, "DATE"))
    return node


def snowflake_epoch(node: Node) -> Node:
    if isinstance(node, exp.TimeToUnix):
        return _seconds(_call("DATE_PART", exp.var("EPOCH_MICROSECOND"), node.this))
    return node


EVERYWHERE: tuple[Callable[[Node], Node], ...] = (float_division, float_moments, days_between_dates)
STEPS: dict[str, tuple[Callable[[Node], Node], ...]] = {
    "spark": (spark_add_days, spark_days, spark_epoch),
    "databricks": (spark_add_days, spark_days, spark_epoch),
    "postgres": (postgres_add_days, postgres_epoch, postgres_trunc, postgres_collation),
    "bigquery": (bigquery_trunc, bigquery_epoch, bigquery_interval, bigquery_extremes, bigquery_window_order),
    "snowflake": (snowflake_add_days, snowflake_trunc, snowflake_epoch),
}
