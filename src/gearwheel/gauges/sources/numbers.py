"""Numbers as people and programs write them: SQL that reads them, and that tells a decimal sign from a thousands sign."""

from __future__ import annotations

from gearwheel.gauges.sources.expression import literal
from gearwheel.gauges.sources.texts import BLANKS, is_text, let, words

# currencies in use, ISO 4217
_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP
CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR
ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RMB RON RSD RUB RWF SAR SBD SCR
SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND
VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL
"""
# what people write instead of a code; letters of either case
_NAMES = (
    "euro", "euros", "eur", "dollar", "dollars", "usd", "gbp", "chf", "zł", "zl", "kr", "kč", "kc", "ft", "lei", "leu",
    "rp", "rs", "rm", "fr", "sfr", "tl", "лв", "руб", "р",
    "грн", "дин", "din", "kn", "км", "km", "den", "bs", "gs", "r", "p", "元", "円", "원", "圆", "圓", "dh", "dhs", "ksh",
    "tsh", "ush", "nt", "s/", "b/",
)  # fmt: skip
_PLAIN = r"[+-]?\d{1,15}(\.(\d{1,2}|\d{4,15}))?"  # 1.250 may be thousands
_BARE = r"[+-]?[0-9.,]*([eE][+-]?\d+)?"
_BETWEEN = BLANKS + "'’‘ʼ´`"  # what may stand between thousands; _ below
_MARK = rf"(?:[A-Za-z]{{0,3}}\p{{Sc}}|(?:{'|'.join(_CODES.split())}|(?i:{'|'.join(_NAMES)}))\.?)"
_DIGITS = r"[.,]?[0-9][0-9.,_]*([eE][+-]?[0-9]+)?"
_N = r"(?:[.,]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?|[0-9]{1,3}(?:_[0-9]{3})+(?:[.,][0-9]*)?)"
_FORM = (
    rf"[+-]?_*(?:{_MARK}_*)?[+-]?_*{_N}-*_*(?:{_MARK}_*)?-?_*"  # € -5,00 and 5,00- € and 12.- €
    rf"|(?:{_MARK}_*)?\(_*(?:{_MARK}_*)?{_N}_*(?:{_MARK}_*)?\)(?:_*{_MARK})?"
)
_FLAT = "[0-9][.,]_*--?_*[^0-9-]*$"  # 12.- are twelve francs


def plain_number(raw: str) -> str:
    """SQL: is the text written so that a cast alone reads it, in only one way?"""
    return f"regexp_full_match({raw}, {literal(_PLAIN)})"


def number(raw: str, kind: str, decimal: str) -> str:
    """SQL for the finite number that a value states, NULL where it states none. `decimal` is "." or ","."""
    if not is_text(kind):
        return _finite(f"try_cast({raw} as double)")
    read = _finite(_read(cleaned(raw, kind), decimal))
    if decimal == ".":
        return f"(case when {plain_number(raw)} then try_cast({raw} as double) else {read} end)"
    return read


def cleaned(raw: str, kind: str) -> str:
    """SQL: a number's text as digits, points and commas, a sign before it and nothing else around it.

    Blanks and apostrophes between thousands go, as does a currency's sign, code or name. A sum in parentheses or with
    the minus behind it is negative. A text that is no number so written is NULL.
    """
    text = words(raw, kind)
    same = f"translate({text}, {literal(_BETWEEN + '−–—')}, {literal('_' * len(_BETWEEN) + '---')})"
    bare = f"regexp_replace({same}, '(\\p{{L}})[.]', '\\1')"  # the point of Rs.500 is not its decimal sign
    flat = f"regexp_matches({same}, {literal(_FLAT)})"
    dashes = f"length({same}) - length(replace({same}, '-', ''))"
    digits = f"replace(regexp_extract({bare}, {literal(_DIGITS)}), '_', '')"
    return (
        f"case when regexp_full_match({text}, '{_BARE}') then {text} "
        f"when not regexp_full_match({same}, {literal(_FORM)}) then null when {flat} then rtrim({digits}, '.,') "
        f"when contains({same}, '(') or {dashes} = 1 and not regexp_matches({same}, '[eE]-') then '-' || {digits} "
        f"when {dashes} = 0 or regexp_matches({same}, '^[^-]*[eE]-[^-]*$') then {digits} end"
    )


def _read(text: str, decimal: str) -> str:
    if decimal == ",":
        whole = r"(?i)^[+-]?(\d+|\d{1,3}(\.\d{3})+)?(,\d*)?(e[+-]?\d+)?$"
        bare = "replace(replace(bare, '.', ''), ',', '.')"
    else:
        whole = r"(?i)^[+-]?(\d+|\d{1,3}(,\d{2,3})*,\d{3})?(\.\d*)?(e[+-]?\d+)?$"  # 12,34,567 in India
        bare = "replace(bare, ',', '')"
    return let("bare", text, f"case when regexp_matches(bare, {literal(whole)}) then try_cast({bare} as double) end")


def _finite(value: str) -> str:
    return let("read", value, "case when isfinite(read) then read end")


def decimal_signs(text: str) -> dict[str, str]:
    """Aggregates that tell the decimal sign: an example of a `cleaned` text that only one sign explains, or both do.

    `point` and `comma`: that sign must stand before decimals. `either_point`, `either_comma`: it may as well stand
    before thousands, as in 1.250 or 1,250. NULL where there is no such text.
    """
    return {
        "point": _example(text, *_decimals(r"\.", ",", "2,3")),
        "comma": _example(text, *_decimals(",", r"\.", "3")),
        "either_point": _example(text, _thousand(r"\.")),
        "either_comma": _example(text, _thousand(",")),
    }


def _thousand(sign: str) -> str:
    return rf"^[+-]?[1-9]\d{{0,2}}{sign}\d{{3}}$"


def _decimals(sign: str, other: str, group: str) -> tuple[str, str]:
    """What texts look like where `sign` stands before decimals and `other` before thousands; and what they do not."""
    one = rf"\d+{sign}\d*(e[+-]?\d+)?|{sign}\d+"
    grouped = rf"\d{{1,3}}({other}\d{{{group}}})*{other}\d{{3}}{sign}\d*|\d{{1,3}}({other}\d{{{group}}})+{other}\d{{3}}"
    return rf"(?i)^[+-]?({one}|{grouped})$", _thousand(sign)


def _example(text: str, form: str, other: str = "") -> str:
    not_other = f" and not regexp_matches({text}, {literal(other)})" if other else ""
    return f"min({text}) filter (regexp_matches({text}, {literal(form)}){not_other})"
