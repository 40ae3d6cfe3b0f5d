"""Language detection for untagged text.

Detection is slow and makes errors, so it runs only if a row of the catalogue sets `detects`. It
needs the optional extra `detection`, the package py3langid. That implements the classifier of
M. Lui and T. Baldwin, "langid.py: An Off-the-shelf Language Identification Tool" (ACL 2012),
without network access.
"""

import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

PACKAGE = "py3langid"
MAX_CHARS = 2000
"""Characters of a text that are classified."""
MIN_CONFIDENCE = 0.9
"""Minimum probability. Below it the text counts as written in the catalogue's language."""
CHOICES = tuple("ar de en es fa fi fr hi hu it ja ko nl pl pt ro ru sv tr uk zh".split())
"""Languages to choose from. With more of them, short titles are assigned to the rarest ones."""
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "ja", 0.1),
    (re.compile("[\uac00-\ud7af]"), "ko", 0.5),
    (re.compile("[\u4e00-\u9fff]"), "zh", 0.5),
    (re.compile("[\u0671-\u06d3\u0400\u0402-\u040f\u0450\u0452-\u052f]"), None, 0.02),
    (re.compile("[\u0621-\u064a]"), "ar", 0.7),
    (re.compile("[\u0401\u0410-\u044f\u0451]"), "ru", 0.7),
)
"""Scripts that identify a language, each with the minimum share of letters in that script.
Japanese comes first because most letters of a Japanese text may be Chinese. Letters that other
languages, such as Persian and Ukrainian, add to the Arabic and Russian ones leave it open."""
SCRIPT_LANGUAGES = tuple(sorted(language for _, language, _ in _SCRIPTS if language))
"""The languages that a script identifies."""
_LETTER = re.compile(r"[^\W\d_]")


def is_installed() -> bool:
    return find_spec(PACKAGE) is not None


def detect_language(text: str) -> str | None:
    """Return the language of a text (ISO 639-1), or None if it is uncertain."""
    sample = text[:MAX_CHARS]
    if (language := find_script_language(sample)) or not _LETTER.search(sample):
        return language
    language, confidence = _load_classifier().classify(sample)
    return str(language) if confidence >= MIN_CONFIDENCE else None


def find_script_language(text: str) -> str | None:
    """Return the language that the script of a text identifies, or None. No extra is needed."""
    letters = 0 if text.isascii() else len(_LETTER.findall(text))
    for script, language, share in _SCRIPTS if letters else ():
        if len(script.findall(text)) >= share * letters:
            return language
    return None


@cache
def _load_classifier() -> Any:  # noqa: ANN401
    """Load the classifier on first use, which takes half a second."""
    module = import_module(f"{PACKAGE}.langid")
    classifier = module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True)
    classifier.set_languages(CHOICES)
    return classifier
