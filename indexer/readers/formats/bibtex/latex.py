"""LaTeX in the values of a bibliography → plain text."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pylatexenc.latex2text import get_default_latex_context_db

_COMBINING = {
    '"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "c": "\u0327", "v": "\u030c", "H": "\u030b", "k": "\u0328", "u": "\u0306",
    "r": "\u030a", "d": "\u0323", "b": "\u0331", "textcommabelow": "\u0326",
}  # fmt: skip
_ACCENT = re.compile(
    r"""\\(?:(["'`^~=.])[ ]?|([cvHkurdb]|textcommabelow)(?:[ ]|(?=\{)))"""
    r"""(?:\{[ ]?(\\[ij]|[^\W\d_])[ ]?\}|(\\[ij](?![A-Za-z])[ ]?|[^\W\d_]))"""
)
_SYMBOLS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "o": "ø",
    "O": "Ø", "l": "ł", "L": "Ł", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ",
    "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ", "textless": "<", "textgreater": ">",
    "textbar": "|", "textbackslash": "\\", "backslash": "\\", "textasciitilde": "~",
    "textasciicircum": "^", "textquotesingle": "'", "textunderscore": "_", "textdollar": "$",
    "textpercent": "%", "textampersand": "&", "textbraceleft": "{", "textbraceright": "}",
    "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "quad": " ", "qquad": " ", "newline": " ",
    "textnumero": "№", "circ": "°", "sim": "~", "par": "\n\n",
}  # fmt: skip
"""Names of commands without arguments, in addition to those of pylatexenc."""
_CONTEXT = get_default_latex_context_db()
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?(?:\{\}|[ ]?)")
_LINK = re.compile(r"\\(?:url|nolinkurl|path)[ ]?\{([^{}]*)\}|\\href[ ]?\{[^{}]*\}")
_HIDDEN = re.compile(r"\\(?:noopsort|sortnoop|[vh]?phantom|label)[ ]?\{[^{}]*\}", re.IGNORECASE)
"""Commands whose argument is not printed."""
_QUOTED = re.compile(r"\\(?:enquote|mkbibquote)\*?[ ]?\{([^{}]*)\}")
_MATH = re.compile(r"\$([^$]{1,500})\$")
_IS_MATH = re.compile(r"[\\^_{}=<>+*/|]|^\S{1,20}$")
_SCRIPT = re.compile(
    r"(?:([\^_])|\\text(super|sub)script[ ]?(?=\{))(?:\{[ ]?([0-9+=()n-]{1,20})[ ]?\}|([0-9+-]))"
)
_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-=()n", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙ")
_SYMBOL = re.compile(r"\\(.)", re.DOTALL)
_SPACES = {**dict.fromkeys(" ,;:\\\n", "\ue008"), **dict.fromkeys("-/!@()[]", "")}
"""What a backslash and a character print that are not the character."""
_PROTECTED = str.maketrans("{}$~\\-`'", "".join(map(chr, range(0xE000, 0xE008))))
"""Private characters for those that are meant, not LaTeX."""
_UNPROTECTED = {new: old for old, new in _PROTECTED.items()} | {0xE008: ord(" ")}
_TYPOGRAPHY = (
    ("---", "—"),
    ("--", "–"),
    ("``", "“"),
    ("''", "”"),
    ("~", " "),
    ("{", ""),
    ("}", ""),
)
_SPECIAL = re.compile(r"[\\{}$~]|--|``|''")


def decode_latex(text: str) -> str:
    """Return plain text. An unknown command is left out, but its arguments stay."""
    if not _SPECIAL.search(text):
        return text
    if "\\" in text or "$" in text:
        text = _decode_commands(text)
    for old, new in _TYPOGRAPHY:
        text = text.replace(old, new)
    return text.translate(_UNPROTECTED)


def decode_verbatim(text: str) -> str:
    r"""Return a URL or another value that programs escape only in part, such as `{\_}`."""
    if "\\" in text:
        text = _LINK.sub(lambda found: found[1] or "", text)
        text = text.replace(r"{\textasciitilde}", "~").replace(r"\textasciitilde", "~")
        text = re.sub(r"\{\\([_%&#$~{}^-])(?:\{\})?\}|\\([_%&#$~{}^])(?:\{\})?", _keep, text)
    if text.startswith("{") and text.endswith("}"):
        text = text.strip("{}")
    return text


def _keep(found: re.Match[str]) -> str:
    return found[1] or found[2]


def _decode_commands(text: str) -> str:
    text = _LINK.sub(lambda found: (found[1] or "").translate(_PROTECTED), text)
    text = _ACCENT.sub(_decode_accent, _HIDDEN.sub("", text))
    text = _QUOTED.sub(r"“\1”", text)
    text = _SYMBOL.sub(_decode_escape, text) if _has_escapes(text) else text
    text = _MATH.sub(_decode_math, text)
    text = _SCRIPT.sub(_decode_script, text) if "script" in text else text
    return _COMMAND.sub(lambda found: _look_up(found[1]), text)


def _has_escapes(text: str) -> bool:
    return re.search(r"\\[^A-Za-z]", text) is not None


def _decode_escape(found: re.Match[str]) -> str:
    char = found[1]
    if char.isalpha():
        return found[0]
    return _SPACES[char] if char in _SPACES else char.translate(_PROTECTED)


def _decode_accent(found: re.Match[str]) -> str:
    accent = _COMBINING[found[1] or found[2]]
    letter = (found[3] or found[4]).strip().removeprefix("\\")
    return unicodedata.normalize("NFC", letter + accent)


def _decode_math(found: re.Match[str]) -> str:
    """Return a formula without dollar signs. Two prices are none."""
    inside = found[1]
    if not _IS_MATH.search(inside):
        return found[0]
    inside = inside.replace(r"^\circ", "°").replace(r"^{\circ}", "°")
    return _SCRIPT.sub(_decode_script, inside)


def _decode_script(found: re.Match[str]) -> str:
    is_raised = found[1] == "^" or found[2] == "super"
    return (found[3] or found[4]).translate(_RAISED if is_raised else _LOWERED)


@lru_cache(maxsize=4096)
def _look_up(name: str) -> str:
    """Return the character that a command prints, or nothing if it prints none."""
    if name in _SYMBOLS:
        return _SYMBOLS[name].translate(_PROTECTED)
    known = _CONTEXT.get_macro_spec(name)
    text = known.simplify_repl if known else ""
    return text.translate(_PROTECTED) if isinstance(text, str) and len(text) == 1 else ""
