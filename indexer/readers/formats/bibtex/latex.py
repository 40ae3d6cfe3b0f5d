"""Convert the LaTeX in field values to plain text, and split lists of names or keywords."""

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate

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


NAME_FIELDS = frozenset(
    "author editor editora editorb editorc translator bookauthor afterword annotator commentator "
    "foreword introduction holder origauthor director collaborator contributor namea nameb namec "
    "shortauthor shorteditor advisor supervisor inventor".split()
)
"""Fields that are lists of names."""
KEYWORD_FIELDS = frozenset({"keyword", "keywords", "mendeley-tags", "tags", "author_keywords"})
"""Fields that are lists of keywords."""

_AND = re.compile(r"[{}]|\s+and(?=\s)", re.IGNORECASE)
_STRAY_AND = re.compile(r"^and\s+|\s+and$", re.IGNORECASE)
_BRACED_LAST = re.compile(r"([^{}]+)\s\{([^{}\\]+)\}")
"""Given names and a family name of several words, in braces."""
_COMMA = re.compile(r"[{},]")
_SEMICOLON = re.compile(r"[{};]")
_PART = re.compile(r"(family|given|prefix|suffix)(?:-i)?\s*=\s*", re.IGNORECASE)


def split_names(text: str) -> list[str]:
    """Return the names in a list as plain text, without "others".

    A name in braces is the name of a corporate body. It keeps its braces.
    """
    names = [_decode_name(name) for name in _split_outside(text, _AND)]
    return [name for name in names if name and name.lower() not in ("others", "et al.", "et al")]


def split_keywords(text: str) -> list[str]:
    """Return the keywords in a list that is separated by semicolons or commas."""
    # Some programs put the whole list in a second pair of braces.
    if text.startswith("{") and text.endswith("}") and "{" not in text[1:]:
        text = text[1:-1]
    words = _split_outside(text, _SEMICOLON)
    words = words if len(words) > 1 else _split_outside(text, _COMMA)
    return [decode_latex(word).strip() for word in words]


def _split_outside(text: str, separator: re.Pattern[str]) -> list[str]:
    parts, depth, start = [], 0, 0
    for mark in separator.finditer(text):
        if mark[0] == "{":
            depth += 1
        elif mark[0] == "}":
            depth -= 1
        elif depth <= 0:
            parts.append(text[start : mark.start()])
            start = mark.end()
    return [*parts, text[start:]]


def _decode_name(name: str) -> str:
    name = " ".join(name.split())
    name = _STRAY_AND.sub("", name)
    plain = decode_latex(name).strip()
    if _is_in_braces(name):
        return f"{{{plain}}}" if plain else ""
    if _PART.match(name):
        return _join_parts(plain)
    match = _BRACED_LAST.fullmatch(name)
    if match and " " in match[2] and "," not in match[1]:
        return f"{decode_latex(match[2]).strip()}, {decode_latex(match[1]).strip()}"
    return plain.strip(" ,") if plain.endswith(",") else plain


def _is_in_braces(text: str) -> bool:
    """Return whether one pair of braces encloses a text that is more than an accented letter."""
    if not text.startswith("{") or text.startswith("{\\") or not text.endswith("}"):
        return False
    return min(accumulate((char == "{") - (char == "}") for char in text[:-1])) > 0


def _join_parts(name: str) -> str:
    """Return a name in BibLaTeX's extended form, such as `family=Ruiz, given=Ana`."""
    stated = (part.partition("=") for part in name.split(","))
    parts = {key.strip().lower(): value.strip(' "') for key, _, value in stated}
    family = " ".join(filter(None, (parts.get("prefix"), parts.get("family"))))
    return ", ".join(filter(None, (family, parts.get("suffix"), parts.get("given"))))
