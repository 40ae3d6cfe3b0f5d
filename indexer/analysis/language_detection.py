"""In what language a text is, where nobody said.

That is slow and errs, so it is done only where a row of the catalogue asks for it. It is an
extra, `.[detection]`: py3langid computes, without a network, the classifier of M. Lui and
T. Baldwin, "langid.py: An Off-the-shelf Language Identification Tool" (ACL 2012).
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

PACKAGE = "py3langid"
LONGEST = 2000
"""So many characters of a text are looked at."""
SUREST = 0.9
"""What is less likely than this is not taken for a language other than the catalogue's."""
KNOWN = ("ar", "de", "en", "es", "fa", "fi", "fr", "hi", "hu", "it", "ja", "ko", "nl", "pl", "pt",
         "ro", "ru", "sv", "tr", "uk", "zh")  # fmt: skip
"""The languages that are told apart: with more of them, short titles are taken for the rarest."""
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "ja", 0.1),
    (re.compile("[\uac00-\ud7af]"), "ko", 0.5),
    (re.compile("[\u4e00-\u9fff]"), "zh", 0.5),
)
"""Scripts that tell a language by themselves, each with the share of letters from which it does.
Japanese is asked for first, as most of its letters may be Chinese."""
_LETTER = re.compile(r"[^\W\d_]")


def is_installed() -> bool:
    """Whether this program can tell languages: whether the extra is there."""
    return find_spec(PACKAGE) is not None


def language_of(text: str) -> str | None:
    """The language of a text (ISO 639-1); None where that is not sure."""
    looked_at = text[:LONGEST]
    letters = len(_LETTER.findall(looked_at))
    if not letters:
        return None
    for script, of_script, share in _SCRIPTS:
        if len(script.findall(looked_at)) >= share * letters:
            return of_script
    language, likelihood = _classifier().classify(looked_at)
    return str(language) if likelihood >= SUREST else None


@cache
def _classifier() -> Any:  # noqa: ANN401
    """Read when the first text is there: that takes half a second."""
    module = import_module(f"{PACKAGE}.langid")
    classifier = module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True)
    classifier.set_languages(KNOWN)
    return classifier
