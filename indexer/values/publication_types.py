"""Publication types: names for the type codes of formats, and the type of each name in CSL."""

import re
from functools import cache
from typing import Literal

from indexer import toml

PublicationType = Literal[
    "article-journal", "article-magazine", "article-newspaper", "article", "bill", "book",
    "broadcast", "chapter", "collection", "dataset", "document", "entry-dictionary",
    "entry-encyclopedia", "figure", "graphic", "hearing", "interview", "legal_case", "legislation",
    "manuscript", "map", "motion_picture", "musical_score", "pamphlet", "paper-conference",
    "patent", "periodical", "personal_communication", "post-weblog", "regulation", "report",
    "review", "software", "song", "speech", "standard", "thesis", "treaty", "webpage",
]  # fmt: skip
"""Types of CSL 1.0.2, appendix III."""
FALLBACK_TYPE: PublicationType = "document"
_PREFIX = re.compile(r"(?:info:eu-repo/semantics/|doc-type:|https?://schema\.org/)(?=\w)")
_CODE = re.compile(r"[a-z]+(?:[-_ ][a-z]+)*")


def read_type(text: str) -> str:
    """Return the name of a type. Split an unknown code such as `film_clip` into words.

    Return any other text unchanged.
    """
    text = _PREFIX.sub("", text)
    if name := _map_codes().get(_fold(text)):
        return name
    return re.sub("[-_]", " ", text).capitalize() if _CODE.fullmatch(text) else text


def is_type(text: str) -> bool:
    """Return whether a text is the name of a type, or a code of one in any format."""
    return _fold(text) in _map_codes()


def name_type(csl: PublicationType) -> str:
    """Return the name that an import reads as a type. A `document` has none but that of CSL."""
    return csl if csl == FALLBACK_TYPE else group_by_csl_type()[csl][0]


@cache
def group_by_csl_type() -> dict[PublicationType, tuple[str, ...]]:
    """Return the names of types by their type in CSL, the most general types last.

    The first name of each type is that in exports.
    """
    return {csl: tuple(names) for csl, names in _load_types().items()}


@cache
def _map_codes() -> dict[str, str]:
    return {
        code: name
        for names in _load_types().values() for name, codes in names.items()
        for code in (_fold(name), *codes.split())
    }  # fmt: skip


def _fold(code: str) -> str:
    return re.sub("[-_ ]", "", code).lower()


@cache
def _load_types() -> dict[PublicationType, dict[str, str]]:
    kind = dict[PublicationType, dict[str, str]]
    return toml.load_resource(__package__, "publication_types.toml", kind)
