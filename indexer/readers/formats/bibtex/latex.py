"""Convert the LaTeX in field values to plain text."""

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
    "textless": "<", "textgreater": ">", "textbar": "|", "textasciicircum": "^",
    "textunderscore": "_", "textpercent": "%", "textampersand": "&", "textbraceleft": "{",
    "textbraceright": "}", "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "quad": " ",
    "qquad": " ", "newline": " ", "circ": "°", "sim": "~", "par": "\n\n",
}  # fmt: skip
"""Commands without arguments that pylatexenc lacks, or has for formulas only."""
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
_ESCAPE = re.compile(r"\\([^A-Za-z])")
_ESCAPES = {**dict.fromkeys(" ,;:\\\n", "\ue008"), **dict.fromkeys("-/!@()[]", "")}
"""Output of a backslash and a character, if it is not the character: a space or nothing."""
_PROTECTED = str.maketrans("{}$~\\-`'", "".join(map(chr, range(0xE000, 0xE008))))
"""Private-use characters that replace literal ones until the markup is decoded."""
_UNPROTECTED = {new: old for old, new in _PROTECTED.items()} | {0xE008: ord(" ")}
_TYPOGRAPHY = {"---": "—", "--": "–", "``": "“", "''": "”", "~": " ", "{": "", "}": ""}
_ESCAPED = re.compile(r"\{\\([_%&#$~{}^-])(?:\{\})?\}|\\([_%&#$~{}^])(?:\{\})?")
_SPECIAL = re.compile(r"[\\{}$~]|--|``|''")


def decode_latex(text: str) -> str:
    """Return the plain text of LaTeX. Drop unknown commands, but keep their arguments."""
    if not _SPECIAL.search(text):
        return text
    if "\\" in text or "$" in text:
        text = _LINK.sub(lambda match: (match[1] or "").translate(_PROTECTED), text)
        text = _ACCENT.sub(_decode_accent, _HIDDEN.sub("", text))
        text = _QUOTED.sub(r"“\1”", text)
        text = _ESCAPE.sub(
            lambda match: _ESCAPES.get(match[1], match[1].translate(_PROTECTED)), text
        )
        text = _MATH.sub(_decode_math, text)
        text = _SCRIPT.sub(_decode_script, text) if "script" in text else text
        text = _COMMAND.sub(lambda match: _look_up(match[1]), text)
    for old, new in _TYPOGRAPHY.items():
        text = text.replace(old, new)
    return text.translate(_UNPROTECTED)


def decode_verbatim(text: str) -> str:
    r"""Return a URL or a similar value without the LaTeX escapes in it, such as `{\_}`."""
    if "\\" in text:
        text = _LINK.sub(lambda match: match[1] or "", text)
        text = text.replace(r"{\textasciitilde}", "~").replace(r"\textasciitilde", "~")
        text = _ESCAPED.sub(lambda match: match[1] or match[2], text)
    if text.startswith("{") and text.endswith("}"):
        text = text.strip("{}")
    return text


def _decode_accent(match: re.Match[str]) -> str:
    accent = _COMBINING[match[1] or match[2]]
    letter = (match[3] or match[4]).strip().removeprefix("\\")
    return unicodedata.normalize("NFC", letter + accent)


def _decode_math(match: re.Match[str]) -> str:
    """Return a formula without dollar signs. Text between two prices is not a formula."""
    formula = match[1]
    if not _IS_MATH.search(formula):
        return match[0]
    formula = formula.replace(r"^\circ", "°").replace(r"^{\circ}", "°")
    return _SCRIPT.sub(_decode_script, formula)


def _decode_script(match: re.Match[str]) -> str:
    is_raised = match[1] == "^" or match[2] == "super"
    return (match[3] or match[4]).translate(_RAISED if is_raised else _LOWERED)


@lru_cache(maxsize=4096)
def _look_up(name: str) -> str:
    """Return the character that a command prints, or an empty string."""
    if name in _SYMBOLS:
        return _SYMBOLS[name].translate(_PROTECTED)
    spec = _CONTEXT.get_macro_spec(name)
    text = spec.simplify_repl if spec else ""
    return text.translate(_PROTECTED) if isinstance(text, str) and len(text) == 1 else ""
