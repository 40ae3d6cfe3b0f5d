"""Language names of the LaTeX package babel."""

from __future__ import annotations

LANGUAGE_FIELDS = frozenset({"language", "langid", "hyphenation", "lang", "origlanguage"})
"""Fields that name a language."""

_NAMES = {
    "acadian": "French", "american": "English", "australian": "English", "austrian": "German",
    "bahasa": "Indonesian", "brazil": "Portuguese", "brazilian": "Portuguese",
    "british": "English", "canadian": "English", "canadien": "French", "castilian": "Spanish",
    "francais": "French", "frenchb": "French", "germanb": "German", "magyar": "Hungarian",
    "mexican": "Spanish", "naustrian": "German", "newzealand": "English", "ngerman": "German",
    "norsk": "Norwegian", "nswissgerman": "German", "nynorsk": "Norwegian Nynorsk",
    "pinyin": "Chinese", "polutonikogreek": "Greek", "portuges": "Portuguese",
    "swissgerman": "German", "ukenglish": "English", "usenglish": "English",
}  # fmt: skip


def name_language(text: str) -> str:
    """Return the English name of a babel language, or the text if the language is unknown.

    BibLaTeX's own names start with `lang`, such as `langgerman`. This prefix is removed.
    """
    name = text.strip().lower()
    if name.startswith("lang") and name != "lang":
        name = name.removeprefix("lang")
        text = name.capitalize()
    return _NAMES.get(name, text)
