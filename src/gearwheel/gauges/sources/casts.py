"""Whatever a source holds, as the canonical types: SQL that turns text, epochs and local times into them."""

from __future__ import annotations

from dataclasses import dataclass

from gearwheel.gauges.sources.expression import literal

_NUMERIC = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "REAL", "NUMERIC")
_ZONED = r"\d:\d\d.*(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)$"  # an offset stands behind a time only: 2024-01-31 has none
_LOCAL = r"\d{4}-\d{1,2}-\d{1,2}([ T]+\d{1,2}:\d\d(:\d\d(\.\d+)?)?)?"
_PLAIN_NUMBER = r"[+-]?\d{1,15}(\.(\d{1,2}|\d{4,15}))?"  # 1.250 may be thousands
_SHORT_DATE = r"^(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4}|\d{2})(\D.*)?$"
_YES = "'true', 't', 'yes', 'y', '1', 'ja', 'oui', 'sim', 'si', 'sí', 'on'"
_NO = "'false', 'f', 'no', 'n', '0', 'nein', 'non', 'não', 'nao', 'off'"
_COMMA_GROUPS, _DOT_GROUPS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$", r"^[+-]?\d{1,3}(\.\d{3})+(,\d*)?$"


@dataclass(frozen=True)
class Reading:
    """How the texts of one column are read: `order` DMY or MDY for short dates, `decimal` "." or ","."""

    order: str = ""
    decimal: str = "."


def is_text(kind: str) -> bool:
    """Must values of this DuckDB type be read as text?"""
    return not (kind.startswith(_NUMERIC) or kind.endswith("INT") or kind in ("INTEGER", "BOOLEAN", "DATE")) and (
        not kind.startswith("TIMESTAMP")
    )


def plain(target: str, raw: str) -> str:
    """SQL: is the text written so that a cast alone reads it, in only one way?"""
    return f"regexp_full_match({raw}, {literal(_LOCAL if target in ('time', 'date') else _PLAIN_NUMBER)})"


def words(raw: str, kind: str) -> str:
    """The value as trimmed text, NULL where there is none."""
    if kind in ("DOUBLE", "FLOAT"):  # an id that once was a whole number: 17, not 17.0
        whole = f"cast(try_cast({raw} as bigint) as varchar)"
        return f"case when {raw} = floor({raw}) and abs({raw}) < 1e15 then {whole} else cast({raw} as varchar) end"
    return f"nullif(trim(cast({raw} as varchar)), '')"


def typed(target: str, raw: str, kind: str, zone: str, reading: Reading) -> str:
    """SQL for the value of `raw` (a column of DuckDB type `kind`) as the canonical type; NULL where it cannot be.

    Times without a zone are read in `zone`; the result is UTC. A date is the day in `zone`.
    """
    if target == "text":
        return words(raw, kind)
    if target == "flag":
        return _flag(raw, kind)
    if target in ("number", "whole"):
        number = _number(raw, kind, reading.decimal)
        return number if target == "number" else f"try_cast(round({number}) as bigint)"
    if target == "date" and kind == "DATE":
        return raw
    utc = _utc(raw, kind, zone, reading.order)
    if is_text(kind):  # most texts are plain, and what is not costs several times as much
        utc = (
            f"case when {plain('time', raw)} then {_from_local(f'try_cast({raw} as timestamp)', zone)} else ({utc}) end"
        )
    return utc if target == "time" else f"cast(timezone({literal(zone)}, timezone('UTC', {utc})) as date)"


def _flag(raw: str, kind: str) -> str:
    if kind == "BOOLEAN":
        return raw
    if not is_text(kind) and not kind.startswith(("DATE", "TIMESTAMP")):
        return f"({raw} <> 0)"
    lowered = f"lower({words(raw, kind)})"
    return f"case when {lowered} in ({_YES}) then true when {lowered} in ({_NO}) then false end"


def _number(raw: str, kind: str, decimal: str) -> str:
    if not is_text(kind):
        value = f"try_cast({raw} as double)"
    else:
        text = cleaned(raw, kind)
        if decimal == ",":
            text = f"replace(replace({text}, '.', ''), ',', '.')"
            regular = f"regexp_full_match({cleaned(raw, kind)}, '[+-]?[0-9.]*(,[0-9]*)?(e[+-]?[0-9]+)?', 'i')"
        else:
            regular = f"(not contains({text}, ',') or regexp_matches({text}, {literal(_COMMA_GROUPS)}))"
            text = f"replace({text}, ',', '')"
        value = f"case when {regular} then try_cast({text} as double) end"
    finite = f"(case when isfinite({value}) then {value} end)"
    if is_text(kind) and decimal == ".":
        return f"(case when {plain('number', raw)} then try_cast({raw} as double) else {finite} end)"
    return finite


def cleaned(raw: str, kind: str) -> str:
    """A number's text without blanks, apostrophes between thousands and a currency's sign or code."""
    blanks = f"regexp_replace({words(raw, kind)}, '[\\s\\x{{00A0}}\\x{{202F}}''’]', '', 'g')"
    return f"regexp_replace({blanks}, '^[A-Za-z]{{0,3}}[$€£¥]|[$€£¥]$|[A-Z]{{3}}$|^[A-Z]{{3}}', '', 'g')"


def _utc(raw: str, kind: str, zone: str, order: str) -> str:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('UTC', {raw})"
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return _from_local(f"cast({raw} as timestamp)", zone)
    if not is_text(kind):
        return _from_epoch(f"try_cast({raw} as double)")
    text = iso_text(raw, kind, order)
    offset = f"regexp_replace({text}, '\\s*([+-]\\d\\d):?(\\d\\d)$', '\\1:\\2')"
    offset = f"regexp_replace({offset}, '\\s*(UTC|GMT|Z)$', '+00')"
    # a cast alone would pass over what stands behind the time, such as PM
    whole = f"case when regexp_full_match({text}, {literal(_LOCAL)}) then try_cast({text} as timestamp) end"
    halves = f"try_strptime({text}, ['%Y-%m-%d %I:%M:%S %p', '%Y-%m-%d %I:%M %p'])"
    local = f"coalesce({whole}, case when regexp_matches({text}, '[AP]M$', 'i') then {halves} end)"
    return (
        f"case when regexp_full_match({text}, '\\d{{9,19}}(\\.\\d+)?') then {_from_epoch(f'try_cast({text} as double)')} "
        f"when regexp_matches({text}, {literal(_ZONED)}) then timezone('UTC', try_cast({offset} as timestamptz)) "
        f"else {_from_local(local, zone)} end"
    )


def iso_text(raw: str, kind: str, order: str) -> str:
    """A date's text with the year first: 31.01.2024 10:00 → 2024-01-31 10:00. Dots always mean day first."""
    text = f"regexp_replace({words(raw, kind)}, '^(\\d{{4}})(\\d\\d)(\\d\\d)$', '\\1-\\2-\\3')"
    text = f"regexp_replace({text}, '^(\\d{{4}})[/.](\\d{{1,2}})[/.](\\d{{1,2}})', '\\1-\\2-\\3')"
    text = f"regexp_replace({text}, '^(\\d{{1,2}})\\.(\\d{{1,2}})\\.(\\d{{4}}|\\d{{2}})(\\D|$)', '\\3-\\2-\\1\\4')"
    if order:
        day_first = "\\3-\\2-\\1\\4" if order == "DMY" else "\\3-\\1-\\2\\4"
        pattern = "^(\\d{1,2})[/-](\\d{1,2})[/-](\\d{4}|\\d{2})(\\D|$)"
        text = f"regexp_replace({text}, '{pattern}', '{day_first}')"
    return f"regexp_replace({text}, '^(\\d\\d-\\d{{1,2}}-\\d{{1,2}})(\\D|$)', '20\\1\\2')"


def _from_local(timestamp: str, zone: str) -> str:
    return timestamp if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, {timestamp}))"


def _from_epoch(number: str) -> str:
    """Seconds since 1970; larger numbers are milli- or microseconds."""
    micros = f"case when abs({number}) >= 1e14 then {number} when abs({number}) >= 1e11 then {number} * 1e3 else {number} * 1e6 end"
    return f"make_timestamp(try_cast({micros} as bigint))"


def short_dates(raw: str, kind: str) -> dict[str, str]:
    """Aggregates that tell day-first from month-first: how many dates are short, and which parts pass 12."""
    text = words(raw, kind)
    first = f"try_cast(regexp_extract({text}, {literal(_SHORT_DATE)}, 1) as integer)"
    second = f"try_cast(regexp_extract({text}, {literal(_SHORT_DATE)}, 3) as integer)"
    dots = f"regexp_extract({text}, {literal(_SHORT_DATE)}, 2) = '.'"
    slashed = f"regexp_matches({text}, {literal(_SHORT_DATE)}) and not ({dots})"
    return {
        "short": f"count(*) filter ({slashed})",
        "day_first": f"min({text}) filter ({slashed} and {first} > 12)",
        "month_first": f"min({text}) filter ({slashed} and {second} > 12)",
        "example": f"min({text}) filter ({slashed})",
    }


def decimal_signs(raw: str, kind: str) -> dict[str, str]:
    """Aggregates that tell the decimal sign: texts that only one sign explains, and those that either does."""
    text = cleaned(raw, kind)
    commas, dots = (
        f"regexp_matches({text}, {literal(_COMMA_GROUPS)})",
        f"regexp_matches({text}, {literal(_DOT_GROUPS)})",
    )
    return {
        "comma": f"min({text}) filter (contains({text}, ',') and not ({commas}))",
        "dot": f"min({text}) filter (contains({text}, '.') and not ({dots}) and not (contains({text}, ',') and not ({commas})))",
        "either": f"min({text}) filter ({commas} and not contains({text}, '.'))",
    }
