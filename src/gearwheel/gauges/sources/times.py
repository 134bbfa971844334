"""Dates and times as people and programs write them: SQL that reads them as UTC, and that tells the order of a date."""

from __future__ import annotations

from datetime import UTC, datetime

from gearwheel.gauges.sources.expression import literal
from gearwheel.gauges.sources.texts import BLANKS, is_text, let, replaced, words

FORMS = (
    "2024-01-31 09:00, 2024-01-31T09:00:00Z, 31.01.2024, 31/01/2024 9:00 PM, Jan 31, 2024, 31 January 2024, 20240131, "
    "20240131090000, seconds to nanoseconds since 1970, days of a spreadsheet such as 45322.375"
)
FIRST, LAST = 1990, 2100  # years between which a bare number is taken for a time
_LOCAL = r"\d{4}-\d{1,2}-\d{1,2}([ T]+\d{1,2}:\d\d(:\d\d(\.\d+)?)?)?"
_SHORT_DATE = r"^(\d{1,2})([/.-]) ?(\d{1,2})[/.-] ?(\d{4}|\d{2})(\D.*)?$"
_MONTHS = {
    "01": "jan ene gen", "02": "feb fev", "03": "mar mrt maa", "04": "apr avr abr", "05": "may mai mei mag",
    "06": "jun giu", "07": "jul lug", "08": "aug aou ago", "09": "sep set", "10": "oct okt ott out", "11": "nov",
    "12": "dec dez dic",
}  # fmt: skip
# zones whose short name means one offset; CST, IST and BST mean several and are not read
_OFFSETS = {
    "EST": "-05:00", "EDT": "-04:00", "MST": "-07:00", "MDT": "-06:00", "PST": "-08:00", "PDT": "-07:00",
    "WET": "+00:00", "WEST": "+01:00", "CET": "+01:00", "CEST": "+02:00", "MEZ": "+01:00", "MESZ": "+02:00",
    "EET": "+02:00", "EEST": "+03:00", "MSK": "+03:00", "JST": "+09:00", "KST": "+09:00", "AEST": "+10:00",
    "AEDT": "+11:00", "NZST": "+12:00", "NZDT": "+13:00",
}  # fmt: skip
_DAY_FIRST = r"^(\d{1,2})(?:\.|st|nd|rd|th|er|º)?[ ./-]*(?:de )?"  # a day before a month's name
_WEEKDAY = (
    (r"^(?i:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?|\p{L}+\.?,) ", ""),
    (r"^\p{L}+\.? (\d{1,2}\.? \p{L}{3})", r"\1"),
)
_NAME_AT = r"^(?:\d{1,4}(?:\.|st|nd|rd|th|er|º)?[ ./-]*(?:de )?)?\p{L}{3,}"  # where a month's name may stand
# what replaces what, in turn, once a month's name is its number between two @
_NAMED = (
    (r"^@(\d\d)@ (\d{1,2}) ([\d:]+(?: [A-Z]{3,4})?) (\d{4})$", r"\4-\1-\2 \3"),  # Jan 31 09:00:00 UTC 2024
    (r"^@(\d\d)@[ ./-]*(\d{1,2})(?:st|nd|rd|th)?,?[ ./-]+(\d{4})", r"\3-\1-\2"),
    (_DAY_FIRST + r"@(\d\d)@,?[ ./-]*(?:de )?(\d{4})", r"\3-\2-\1"),
    (_DAY_FIRST + r"@(\d\d)@[ ./-]*([7-9]\d)(\D|$)", r"19\3-\2-\1\4"),
    (_DAY_FIRST + r"@(\d\d)@[ ./-]*(\d\d)(\D|$)", r"20\3-\2-\1\4"),
    (r"^(\d{4})[ ./-]*@(\d\d)@[ ./-]*(\d{1,2})", r"\1-\2-\3"),
)
_PACKED_DAY = r"^((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_YEAR_FIRST = (
    (_PACKED_DAY + r"$", r"\1-\2-\3"),
    (_PACKED_DAY + r"[T ]?([01]\d|2[0-3]):?([0-5]\d)(|[Zz]|[+-]\d\d:?\d\d)$", r"\1-\2-\3 \4:\5\6"),
    (
        _PACKED_DAY + r"[T ]?([01]\d|2[0-3]):?([0-5]\d):?([0-5]\d)((?:\.\d+)?(?:|[Zz]|[+-]\d\d:?\d\d))$",
        r"\1-\2-\3 \4:\5:\6\7",
    ),
    (_PACKED_DAY + r"([01]\d|2[0-3])([0-5]\d)([0-5]\d)(\d{3}|\d{6})$", r"\1-\2-\3 \4:\5:\6.\7"),
    (r"^(\d{4}) ?[/.年] ?(\d{1,2}) ?[/.月] ?(\d{1,2})[日.]?", r"\1-\2-\3"),
)
_CENTURY = ((r"^([7-9]\d-\d{1,2}-\d{1,2})(\D|$)", r"19\1\2"), (r"^(\d\d-\d{1,2}-\d{1,2})(\D|$)", r"20\1\2"))
_DAY, _CLOCK = r"^(\d{4}-\d{1,2}-\d{1,2})", r"(:\d\d(?:\.\d+)?|[AP]M)"
_TIME_OF_DAY = (
    (r" ?\([^()]*\)$", ""),  # what browsers add: GMT+0100 (Central European Standard Time)
    (r"([+-]\d\d:?\d\d|[Zz])\[[\w/+-]+\]$", r"\1"),
    (_DAY + r"(?:,|,? (?:at|um|a las|à|às|om|alle|ore|kl\.?))?[ T]+", r"\1 "),
    (_DAY + r" (\d{1,2})[hH](\d\d)", r"\1 \2:\3"),
    (_DAY + r" (\d{1,2})\.(\d\d)\.(\d\d)", r"\1 \2:\3:\4"),
    (_DAY + r" (\d{1,2})\.(\d\d)( |$)", r"\1 \2:\3\4"),
    (r"(:\d\d),(\d{1,9})", r"\1.\2"),
    (r" (?:Uhr|uhr|h|hrs)$", ""),
    (r"(\d) ?[Aa]\.? ?[Mm]\.?( .*)?$", r"\1 AM\2"),
    (r"(\d) ?[Pp]\.? ?[Mm]\.?( .*)?$", r"\1 PM\2"),
)
_OFFSET = r" ?(UTC|GMT|Z|[+-]\d\d(:?\d\d)?)"
_SHIFTS = (
    (_CLOCK + r" ?(?:UTC|GMT|Z|z)$", r"\1+00:00"),
    (_CLOCK + r" ?(?:UTC|GMT)?([+-]\d\d):?(\d\d)$", r"\1\2:\3"),
    (_CLOCK + r" ?(?:UTC|GMT)?([+-]\d\d)$", r"\1\2:00"),
    (_CLOCK + r" ?(?:UTC|GMT)\+(\d)$", r"\1+0\2:00"),
    (_CLOCK + r" ?(?:UTC|GMT)-(\d)$", r"\1-0\2:00"),
)
_ZONE = _CLOCK + r"([+-]\d\d:\d\d| [A-Z]{3,4}| [A-Za-z_]+/[A-Za-z0-9_/+-]+)$"
_HALVES = ("%Y-%m-%d %I:%M:%S.%f %p", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %I:%M %p", "%Y-%m-%d %I %p")


def plain_time(raw: str) -> str:
    """SQL: is the text written so that a cast alone reads it, in only one way?"""
    return f"regexp_full_match({raw}, {literal(_LOCAL)})"


def utc(raw: str, kind: str, zone: str, order: str) -> str:
    """SQL for the UTC time of `raw`, a column of DuckDB type `kind`; NULL where it states none.

    A time without a zone is read in `zone`. `order` is DMY, MDY or YMD for short dates, "" where there are none.
    """
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('UTC', {raw})"
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return _from_local(f"cast({raw} as timestamp)", zone)
    if not is_text(kind):
        return _from_number(f"try_cast({raw} as double)", zone)
    slow = _from_text(raw, kind, zone, order)  # costs several times as much, and most texts are plain
    return f"case when {plain_time(raw)} then {_from_local(f'try_cast({raw} as timestamp)', zone)} else ({slow}) end"


def _from_text(raw: str, kind: str, zone: str, order: str) -> str:
    counted = _from_number("try_cast(replace(number_text, ',', '.') as double)", zone)
    shift = f"coalesce({_chosen('trim(zone_text)', _OFFSETS)}, case when zone_text not like ' %' or contains(zone_text, '/') then zone_text end)"
    # a cast alone would pass over what stands behind the time, such as PM
    whole = f"case when regexp_full_match(local_text, {literal(_LOCAL)}) then try_cast(local_text as timestamp) end"
    halves = f"case when regexp_matches(local_text, '[AP]M$') then try_strptime(local_text, [{', '.join(map(literal, _HALVES))}]) end"
    zoned = f"timezone('UTC', try_cast(cast(local_time as varchar) || {shift} as timestamptz))"
    at = f"case when zone_text = '' then {_from_local('local_time', zone)} else {zoned} end"
    local_text = "left(iso_text, length(iso_text) - length(zone_text))"
    text = let("local_time", let("local_text", local_text, f"coalesce({whole}, {halves})"), at)
    text = let("zone_text", f"regexp_extract(iso_text, {literal(_ZONE)}, 2)", text)
    dated = let("iso_text", iso_text(raw, kind, order), text)
    number = let("number_text", words(raw, kind), counted)
    digits = f"regexp_full_match(trim({raw}), '\\d{{5,16}}|\\d{{18,19}}|\\d{{5,10}}[.,]\\d+')"
    return f"case when {digits} then {number} else {dated} end"


def iso_text(raw: str, kind: str, order: str) -> str:
    """SQL: a date's text with the year first and a blank before the time: 31.01.2024, 10:00 → 2024-01-31 10:00."""
    blanks = literal(BLANKS), literal(" " * len(BLANKS))
    bare = f"regexp_replace(translate({words(raw, kind)}, {blanks[0]}, {blanks[1]}), '  +', ' ', 'g')"
    other = replaced(_numbered_month("date_text"), (*_NAMED, *_YEAR_FIRST))
    # most texts need one of these only, and each costs
    dated = (
        f"case when regexp_matches(date_text, {literal(_DAY)}) then date_text "
        f"when regexp_matches(date_text, {literal(_SHORT_DATE)}) then {_ordered('date_text', order)} else {other} end"
    )
    timed = (
        f"case when regexp_full_match(time_text, {literal(_LOCAL)}) then time_text "
        f"when regexp_full_match(time_text, {literal(_LOCAL + _OFFSET)}) then {replaced('time_text', _SHIFTS)} "
        f"else {replaced('time_text', (*_TIME_OF_DAY, *_SHIFTS))} end"
    )
    return let("time_text", let("date_text", bare, dated), timed)


def _ordered(text: str, order: str) -> str:
    """A short date's text with the year first. Dots mean day first where nobody says that the year is."""
    parts = {"DMY": r"\3-\2-\1\4", "MDY": r"\3-\1-\2\4", "YMD": r"\1-\2-\3\4"}
    pairs = [(r"^(\d{1,2})\. ?(\d{1,2})\. ?(\d{4}|\d\d)(\D|$)", parts["YMD" if order == "YMD" else "DMY"])]
    if order:
        pairs = [(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d\d)(\D|$)", parts[order]), *pairs]
    return replaced(text, (*pairs, *_CENTURY))


def _numbered_month(text: str) -> str:
    """A text with a month's name as its number between two @, in the languages of western Europe; without a weekday."""
    name = "strip_accents(lower(regexp_extract(dayless, '\\p{L}{3,}')))"
    months = {start: month for month, starts in _MONTHS.items() for start in starts.split()}
    number = (
        f"case when {name} like 'juil%' then '07' when {name} like 'juin%' then '06' "
        f"else {_chosen(f'left({name}, 3)', months)} end"
    )
    at_place = f"regexp_matches(dayless, {literal(_NAME_AT)})"
    named = f"case when {at_place} then regexp_replace(dayless, '\\p{{L}}{{3,}}\\.?', '@' || {number} || '@') end"
    return f"coalesce({let('dayless', replaced(text, _WEEKDAY), named)}, {text})"


def _from_local(timestamp: str, zone: str) -> str:
    return timestamp if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, {timestamp}))"


def _from_number(number: str, zone: str) -> str:
    """A number as a time between FIRST and LAST: 20240131 as it is written, a spreadsheet's days, else an epoch.

    A spreadsheet counts days from 1899-12-30 in local time. An epoch is in seconds since 1970, larger ones in milli-,
    micro- or nanoseconds. The ranges of the four do not overlap between these years.
    """
    whole = "cast(cast(n as bigint) as varchar)"
    packed = " ".join(
        f"when n between {FIRST}{low} and {LAST}{high} and n = floor(n) then {_from_local(f'try_strptime({whole}, {literal(form)})', zone)}"
        for low, high, form in (
            ("0101", "1231", "%Y%m%d"),
            ("01010000", "12312359", "%Y%m%d%H%M"),
            ("0101000000", "1231235959", "%Y%m%d%H%M%S"),
        )
    )
    days = [(datetime(year, 1, 1) - datetime(1899, 12, 30)).days for year in (FIRST, LAST)]
    serial = "timestamp '1899-12-30' + to_microseconds(cast(round(n * 86400) as bigint) * 1000000)"
    epochs = " ".join(
        f"when n >= {_seconds(FIRST) * unit:.0f} and n < {_seconds(LAST) * unit:.0f} then make_timestamp(cast(n * {1e6 / unit!r} as bigint))"
        for unit in (1, 10**3, 10**6, 10**9)
    )
    return let(
        "n",
        number,
        f"case {packed} when n >= {days[0]} and n < {days[1]} then {_from_local(serial, zone)} {epochs} end",
    )


def _seconds(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _chosen(key: str, values: dict[str, str]) -> str:
    return f"map{{{', '.join(f'{literal(k)}: {literal(v)}' for k, v in values.items())}}}[{key}]"


def short_dates(text: str) -> dict[str, str]:
    """Aggregates over the `words` of a column that tell the order of short dates such as 03/04/24.

    `short`: how many there are with slashes or hyphens (dots mean day first), with an `example`. `day_first` and
    `month_first`: one that this order alone explains. `years`: one that may begin with its year in two digits, as
    24-03-04, `no_years`: how many short dates may not.
    """
    first, sign, second, last = (f"regexp_extract({text}, {literal(_SHORT_DATE)}, {part})" for part in (1, 2, 3, 4))
    one, two, three = (f"try_cast({part} as integer)" for part in (first, second, last))
    day_first = f"({one} between 1 and 31 and {two} between 1 and 12)"
    month_first = f"({one} between 1 and 12 and {two} between 1 and 31)"
    year = f"({one} + case when {one} >= 70 then 1900 else 2000 end)"
    year_first = (
        f"(length({first}) = 2 and length({last}) = 2 and {two} between 1 and 12 and {three} between 1 and 31 "
        f"and {year} <= {datetime.now(UTC).year + 1})"
    )
    short = f"regexp_matches({text}, {literal(_SHORT_DATE)})"
    valid = f"{short} and ({day_first} or {month_first} or {year_first})"
    slashed = f"{valid} and {sign} <> '.'"
    return {
        "short": f"count(*) filter ({slashed})",
        "day_first": f"min({text}) filter ({slashed} and {day_first} and not {month_first})",
        "month_first": f"min({text}) filter ({slashed} and {month_first} and not {day_first})",
        "example": f"min({text}) filter ({slashed})",
        "years": f"min({text}) filter ({valid} and {year_first})",
        "no_years": f"count(*) filter ({valid} and not {year_first})",
    }
