"""One id, one spelling: a number that a program wrote as 17.0, 17,0 or 1.7e1 is 17. Leading zeros belong to an id."""

from __future__ import annotations

from gearwheel.gauges.canonical import Column

_POINT_ZERO = r"[0-9]{1,18}([.,]0{1,2}|[.]0{4,})"  # 1.000 may be a thousand
_SCIENTIFIC = r"[0-9][.][0-9]+[eE][+]?[0-9]{1,2}"


def is_id(column: Column) -> bool:
    """Does the column name something, so that equal values mean the same thing?"""
    return column.type == "text" and (column.name.endswith("_id") or column.name == "line")


def odd_id(sql: str) -> str:
    """SQL: is it a whole number in another spelling?"""
    return f"regexp_full_match({sql}, '{_POINT_ZERO}|{_SCIENTIFIC}')"


def id_cell(sql: str) -> str:
    """The SQL of an id, as digits alone where it is a whole number in another spelling.

    Of 1.7e1 only as many digits are known as stand there: 4.5e12 stays as it is, since a spreadsheet cut it.
    """
    decimals = f"length(regexp_extract({sql}, '[.]([0-9]+)', 1))"
    exponent = f"try_cast(regexp_extract({sql}, '([0-9]+)$', 1) as integer)"
    digits = f"replace(regexp_extract({sql}, '^[0-9.]+'), '.', '')"
    return (
        f"case when not {odd_id(sql)} then {sql} when regexp_full_match({sql}, '{_POINT_ZERO}') then regexp_extract({sql}, '^[0-9]+') "
        f"when {decimals} = {exponent} then {digits} else {sql} end"
    )
