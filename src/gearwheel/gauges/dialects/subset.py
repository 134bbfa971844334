"""The portable subset of SQL: what means the same on DuckDB, Spark and the common warehouses, and what is kept out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

NODES = (  # everything that a measure view may be made of; what is not listed is outside the subset
    # queries
    exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.With, exp.CTE,
    exp.TableAlias, exp.Table, exp.Subquery, exp.Union, exp.Alias, exp.Column, exp.Identifier, exp.Star,
    # values and conditions
    exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT,
    exp.GTE, exp.Is, exp.In, exp.Between, exp.Like, exp.Exists, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Case, exp.If,
    exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Cast, exp.DataType,
    # arithmetic
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Abs, exp.Floor, exp.Ceil, exp.Sqrt, exp.Ln, exp.Exp, exp.Pow,
    # text
    exp.Lower, exp.Upper, exp.Trim, exp.Length,
    # time
    exp.Interval, exp.Var, exp.DateTrunc, exp.TimestampTrunc, exp.DateDiff, exp.Extract, exp.TimeToUnix,
    # aggregates and windows
    exp.Count, exp.Distinct, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Stddev, exp.StddevSamp, exp.StddevPop,
    exp.Variance, exp.VariancePop, exp.Corr, exp.CovarSamp, exp.Filter, exp.Window, exp.WindowSpec, exp.RowNumber,
    exp.Rank, exp.DenseRank, exp.Lag, exp.Lead,
)  # fmt: skip
BECAUSE = {  # why the commonest of the others are kept out, and what to write instead
    exp.AnyValue: "takes another row in every engine: use min or max",
    exp.ArgMax: "PostgreSQL has none and ties fall differently: number the rows with row_number() and take the first",
    exp.ArgMin: "PostgreSQL has none and ties fall differently: number the rows with row_number() and take the first",
    exp.First: "takes another row in every engine: number the rows with row_number() and take the first",
    exp.Last: "takes another row in every engine: number the rows with row_number() and take the first",
    exp.Median: "BigQuery has no exact one: take the middle rows by row_number()",
    exp.PercentileCont: "BigQuery has no exact one: take the rows in question by row_number()",
    exp.PercentileDisc: "BigQuery has no exact one: take the rows in question by row_number()",
    exp.IntDiv: "rounds towards zero here and downwards there: use floor(a / b)",
    exp.Mod: "signs and fractions differ: use a - b * floor(a / b)",
    exp.Round: "halves go up, away from zero or to even: use floor(x + 0.5)",
    exp.TryCast: "PostgreSQL has none: the canonical tables are typed already",
    exp.CurrentDate: "a measure must not depend on the day on which it is run",
    exp.CurrentTimestamp: "a measure must not depend on the time at which it is run",
    exp.ILike: "compare lower(x)",
    exp.DPipe: "numbers and NULLs are joined to text differently",
    exp.FirstValue: "its default frame differs: use min, max or row_number()",
    exp.LastValue: "its default frame differs: use min, max or row_number()",
    exp.Limit: "which rows remain depends on the engine",
    exp.Qualify: "Spark and PostgreSQL have none: filter the window's column in an outer SELECT",
    exp.Lateral: "written differently everywhere: join instead",
    exp.Unnest: "written differently everywhere: join a calendar instead",
    exp.GenerateSeries: "written differently everywhere: join a calendar instead",
}
UNITS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
TYPES = ("DATE", "TIMESTAMPNTZ", "TIMESTAMP", "DOUBLE", "BIGINT", "INT", "VARCHAR", "TEXT", "BOOLEAN")
RESERVED = {  # for columns: by Snowflake; SQLGlot quotes BigQuery's, and the others take anything after AS
    "account", "all", "alter", "and", "any", "as", "between", "by", "case", "cast", "check", "column", "connect",
    "constraint", "create", "cross", "current", "database", "delete", "distinct", "drop", "else", "exists", "false",
    "following", "for", "from", "full", "grant", "group", "gscluster", "having", "ilike", "in", "increment", "inner",
    "insert", "intersect", "into", "is", "issue", "join", "lateral", "left", "like", "minus", "natural", "not", "null",
    "of", "on", "or", "order", "organization", "qualify", "regexp", "revoke", "right", "rlike", "row", "rows", "sample",
    "schema", "select", "set", "some", "start", "table", "tablesample", "then", "to", "trigger", "true", "try_cast",
    "union", "unique", "update", "using", "values", "view", "when", "whenever", "where", "with",
}  # fmt: skip
RESERVED_FOR_TABLES = RESERVED | {  # by PostgreSQL or Spark as well
    "analyse", "analyze", "anti", "array", "asc", "asymmetric", "both", "collate", "collation", "concurrently",
    "current_date", "current_time", "current_timestamp", "current_user", "default", "deferrable", "desc", "do", "end",
    "except", "fetch", "foreign", "freeze", "initially", "isnull", "leading", "limit", "localtime", "localtimestamp",
    "notnull", "offset", "only", "outer", "overlaps", "placing", "primary", "references", "returning", "semi",
    "session_user", "similar", "symmetric", "trailing", "user", "variadic", "verbose", "window",
}  # fmt: skip
AGGREGATE = (exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Count)


def outside(tree: exp.Expression) -> list[str]:
    """Why the typed tree (`typed_tree`) is outside the portable subset, a sentence each; empty when it is inside."""
    found: list[str] = []
    for node in tree.walk():
        if not isinstance(node, NODES) or isinstance(node, tuple(BECAUSE)):
            found.append(_unlisted(node))
        for kind, rule in RULES:
            if isinstance(node, kind):
                found += [f"`{shown(node)}`: {reason}" for reason in rule(node)]
    return list(dict.fromkeys(found))


def shown(node: exp.Expression) -> str:
    """The node as short SQL for a message."""
    text = node.sql("duckdb")
    return text if len(text) <= 80 else text[:77] + "..."


def _unlisted(node: exp.Expression) -> str:
    reason = next((text for kind, text in BECAUSE.items() if isinstance(node, kind)), "not in the portable subset")
    return f"`{shown(node)}`: {reason}"


def _temporal(node: exp.Expression) -> bool:
    return node.type is not None and node.type.is_type(*exp.DataType.TEMPORAL_TYPES)


def _of(node: exp.Expression, *types) -> bool:
    return node.type is not None and node.type.is_type(*types)


def _join(node: exp.Join) -> Iterator[str]:
    side, on = (node.side or "").upper(), node.args.get("on")
    if node.method or node.kind.upper() not in ("", "INNER", "OUTER", "CROSS"):
        yield f"no {node.method or node.kind} join everywhere"
    if not side:
        return
    terms = list(on.flatten()) if isinstance(on, exp.And) else [on] if on else []
    equal = [t for t in (t.unnest() for t in terms) if isinstance(t, exp.EQ) and len(_tables(t)) > 1]
    if not equal:
        yield "BigQuery wants an equality between both sides of an outer join"
    if side == "FULL" and len(equal) < len(terms):
        yield "PostgreSQL joins fully on equalities only"


def _tables(node: exp.Expression) -> set[str]:
    return {c.table for c in node.find_all(exp.Column)}


def _divide(node: exp.Div) -> Iterator[str]:
    if not _not_zero(node.expression, node):
        yield "dividing by zero is NULL, infinity or an error: write nullif(…, 0)"


def _not_zero(value: exp.Expression, where: exp.Expression) -> bool:
    """Whether `value` is NULL or away from zero wherever `where` is computed, as far as its form tells."""
    if isinstance(value, exp.Paren | exp.Cast | exp.Sqrt | exp.Exp):
        return isinstance(value, exp.Exp) or _not_zero(value.this, where)
    if isinstance(value, exp.Literal):
        return _number(value) not in (None, 0)
    if isinstance(value, exp.Mul):
        return _not_zero(value.left, where) and _not_zero(value.right, where)
    if isinstance(value, exp.Nullif):
        return _number(value.expression) == 0
    if isinstance(value, exp.Greatest):
        return any((_number(v) or 0) > 0 for v in (value.this, *value.expressions))
    select = where.find_ancestor(exp.Select)
    if isinstance(value, exp.Count) and isinstance(value.this, exp.Star):
        return select.args.get("group") is not None  # a group has a row
    return any(_says_positive(test, value) for test in _asked_before(where, select))


def _number(node: exp.Expression) -> float | None:
    """The number that is written there; None for anything else, a negative number too."""
    return float(node.this) if isinstance(node, exp.Literal) and not node.is_string else None


def _asked_before(where: exp.Expression, select: exp.Select) -> Iterator[exp.Expression]:
    """The conditions that hold wherever `where` is computed: of the CASE branches round it and of its WHERE."""
    branch = where.find_ancestor(exp.If, exp.Select)
    while isinstance(branch, exp.If):
        yield branch.this
        branch = branch.find_ancestor(exp.If, exp.Select)
    if (asked := select.args.get("where")) is not None and where.find_ancestor(exp.Where, exp.Select) is select:
        yield asked.this


def _says_positive(test: exp.Expression, value: exp.Expression) -> bool:
    terms = test.flatten() if isinstance(test, exp.And) else [test]
    return any(
        isinstance(t, exp.GT) and t.left == value and (floor := _number(t.right)) is not None and floor >= 0
        for t in (t.unnest() for t in terms)
    )


def _cast(node: exp.Cast) -> Iterator[str]:
    target = node.to.this.name
    if target not in TYPES:
        yield f"the type {node.to.sql('duckdb')} is not the same everywhere"
    whole = isinstance(node.this.unnest(), exp.Floor | exp.Ceil)
    rough = _of(node.this, *exp.DataType.FLOAT_TYPES, *exp.DataType.TEXT_TYPES)
    if _of(node.to, *exp.DataType.INTEGER_TYPES) and rough and not whole:
        yield "some round and some cut: cast floor(x) or ceil(x)"
    if _of(node.to, *exp.DataType.TEXT_TYPES) and not _of(node.this, *exp.DataType.TEXT_TYPES, "NULL"):
        yield "numbers and times are printed differently"


def _add_or_subtract(node: exp.Add | exp.Sub) -> Iterator[str]:
    left, right = node.left, node.right
    if isinstance(left, exp.Interval):
        yield "write the interval on the right"
    if isinstance(right, exp.Interval):
        return
    if _temporal(left) and _temporal(right):
        yield "a difference of times is a number here and an interval there: use date_diff or epoch(b) - epoch(a)"
    elif _temporal(right) or (_temporal(left) and not (_of(left, "DATE") and _of(right, *exp.DataType.INTEGER_TYPES))):
        yield "a number cannot be added to a time everywhere: add it to a date, or add an interval"


def _interval(node: exp.Interval) -> Iterator[str]:
    if not isinstance(node.this, exp.Literal) or node.text("unit").upper().rstrip("S") not in (*UNITS, "HOUR"):
        yield f"an interval must be a whole number of {', '.join(u.lower() + 's' for u in UNITS)}"
    if isinstance(node.parent, exp.WindowSpec):
        yield "not every engine has windows over intervals: join the periods instead"


def _unit(node: exp.DateDiff | exp.DateTrunc | exp.TimestampTrunc) -> Iterator[str]:
    unit = node.text("unit").upper()
    if isinstance(node, exp.DateDiff):
        if unit != "DAY":
            yield "only whole days are counted alike: use date_diff('day', …) or epoch(b) - epoch(a)"
    elif unit not in UNITS:
        yield f"only {', '.join(u.lower() for u in UNITS)} are cut alike"


def _extract(node: exp.Extract) -> Iterator[str]:
    if node.name.upper() not in ("DAY", "MONTH", "QUARTER", "YEAR"):
        yield "weeks and their days are counted from elsewhere: use date_trunc, date_diff or epoch"


def _sum(node: exp.Sum | exp.Avg) -> Iterator[str]:
    if _of(node.this, "BOOLEAN"):
        yield "truth is no number everywhere: use count(*) filter (where …) or case"


def _count(node: exp.Count) -> Iterator[str]:
    if isinstance(node.this, exp.Distinct) and (
        len(node.this.expressions) > 1 or isinstance(node.this.expressions[0], exp.Tuple)
    ):
        yield "counting distinct tuples is not known everywhere: group first"


def _window(node: exp.Window) -> Iterator[str]:
    spec, inner = node.args.get("spec"), node.this
    if inner.find(exp.Distinct):
        yield "no DISTINCT in a window everywhere"
    if node.args.get("alias"):
        yield "not every engine has named windows"
    if not node.args.get("order") and not isinstance(inner, AGGREGATE):
        yield "without an order the rows fall differently"
    if spec is not None and (
        spec.args.get("exclude") or (spec.text("kind").upper() != "ROWS" and not _whole_range(spec))
    ):
        yield "only ROWS frames mean the same"


def _whole_range(spec: exp.WindowSpec) -> bool:
    return spec.text("start").upper() == "UNBOUNDED" and spec.text("end").upper() in ("CURRENT ROW", "UNBOUNDED")


def _two(node: exp.Greatest | exp.Least) -> Iterator[str]:
    if len(node.expressions) != 1:
        yield "NULLs are skipped here and win there, which can be evened out for two values only"


def _group(node: exp.Group) -> Iterator[str]:
    if node.args.get("all") or node.args.get("cube") or node.args.get("rollup") or node.args.get("grouping_sets"):
        yield "not every engine has it: name the columns"


def _subquery(node: exp.Select) -> Iterator[str]:
    """A scalar or EXISTS subquery must stand alone: engines differ in the correlated ones that they can run."""
    if isinstance(node.parent, exp.Subquery) and isinstance(node.parent.parent, exp.From | exp.Join):
        return
    if isinstance(node.parent, exp.CTE) or node.parent is None or isinstance(node.parent, exp.SetOperation):
        return
    own = {t.alias_or_name for t in node.find_all(exp.Table, exp.Subquery)}
    if any(c.table and c.table not in own for c in node.find_all(exp.Column)):
        yield "a subquery that looks at the outer row is not run everywhere: join instead"


def _union(node: exp.Union) -> Iterator[str]:
    if node.args.get("by_name"):
        yield "not every engine has it: put the columns in the same order"


def _with(node: exp.With) -> Iterator[str]:
    if node.args.get("recursive"):
        yield "not every engine recurses: join a table instead"


def _name(node: exp.Identifier) -> Iterator[str]:
    if node.quoted and not node.name.isdigit():  # SQLGlot names a number after itself
        yield "quoted names keep their case here and not there"
    if isinstance(node.parent, exp.TableAlias):
        taken = RESERVED_FOR_TABLES if node.arg_key == "this" else RESERVED
    else:
        taken = RESERVED if node.arg_key == "alias" else ()
    if node.name.lower() in taken:
        yield "is a reserved word in one of the warehouses: choose another name"


RULES: tuple[tuple[type | tuple[type, ...], Callable], ...] = (
    (exp.Join, _join),
    (exp.Div, _divide),
    (exp.Cast, _cast),
    ((exp.Add, exp.Sub), _add_or_subtract),
    (exp.Interval, _interval),
    ((exp.DateDiff, exp.DateTrunc, exp.TimestampTrunc), _unit),
    (exp.Extract, _extract),
    ((exp.Sum, exp.Avg), _sum),
    (exp.Count, _count),
    (exp.Window, _window),
    ((exp.Greatest, exp.Least), _two),
    (exp.Group, _group),
    (exp.Select, _subquery),
    (exp.Union, _union),
    (exp.With, _with),
    (exp.Identifier, _name),
)
