"""Publication types: names for the type codes of formats, and the type of each name in CSL."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import Literal

PublicationType = Literal[
    "article-journal",
    "article-magazine",
    "article-newspaper",
    "article",
    "bill",
    "book",
    "broadcast",
    "chapter",
    "collection",
    "dataset",
    "document",
    "entry-dictionary",
    "entry-encyclopedia",
    "figure",
    "graphic",
    "hearing",
    "interview",
    "legal_case",
    "legislation",
    "manuscript",
    "map",
    "motion_picture",
    "musical_score",
    "pamphlet",
    "paper-conference",
    "patent",
    "periodical",
    "personal_communication",
    "post-weblog",
    "regulation",
    "report",
    "review",
    "software",
    "song",
    "speech",
    "standard",
    "thesis",
    "treaty",
    "webpage",
]
"""Types of CSL 1.0.2, appendix III."""
FALLBACK_TYPE: PublicationType = "document"
_GENERAL: tuple[PublicationType, ...] = ("article-journal", "review", "chapter", "book", "document")

_ARTICLES = (
    "Article commentary|Brief report|Case report|Clinical trial|Commentary|Correction|Data paper|"
    "Editorial|Letter|Meeting report|Obituary|Rapid communication|Research article|Review article|"
    "Short survey"
).split("|")
"""Kinds of articles in journals, as JATS, PubMed, and Scopus name them."""
_DOCUMENTS = (
    "Creative work|Digital document|Forum post|Instant message|Interactive resource|"
    "Output management plan|Physical object|Publication issue|Publication volume|"
    "Study registration"
).split("|")
"""Kinds of documents in DataCite, schema.org, and Zotero."""
_TYPES: tuple[tuple[str, PublicationType, str], ...] = (
    ("Journal article", "article-journal", "jour articlejournal journalarticle ejou ejour inpr"),
    ("Article", "article-journal", "article scholarlyarticle techarticle"),
    *((name, "article-journal", name.replace(" ", "").lower()) for name in _ARTICLES),
    *((name, "document", name.replace(" ", "").lower()) for name in _DOCUMENTS),
    ("Book review", "review", "bookreview"),
    ("Magazine article", "article-magazine", "mgzn articlemagazine magazinearticle"),
    (
        "Newspaper article",
        "article-newspaper",
        "news articlenewspaper newspaperarticle newsarticle",
    ),
    (
        "Conference paper",
        "paper-conference",
        "cpaper conferencepaper paperconference inproceedings proceedingsarticle",
    ),
    ("Conference proceedings", "book", "conf proceedings conferenceproceeding"),
    ("Book chapter", "chapter", "chap echap chapter bookchapter bookpart inbook incollection"),
    ("Book section", "chapter", "booksection"),
    ("Classical work", "book", "clswk ancient"),
    ("Catalogue", "book", "ctlg"),
    ("Book", "book", "book ebook monograph edbook"),
    ("Thesis", "thesis", "thes phdthesis mastersthesis dissertation"),
    ("Report", "report", "rprt techreport"),
    ("Government document", "report", "govdoc"),
    ("Press release", "document", "press"),
    ("Grant", "document", "grant grnt"),
    ("Abstract", "article", "abst"),
    ("Web page", "webpage", "webpage elec online web"),
    ("Blog post", "post-weblog", "blog postweblog blogpost blogposting"),
    ("Preprint", "article", "preprint postedcontent"),
    ("Dataset", "dataset", "aggr data dataset dbase"),
    ("Patent", "patent", "pat"),
    ("Manuscript", "manuscript", "mansct manscpt"),
    ("Unpublished", "manuscript", "unpb unpd"),
    ("Audiovisual material", "motion_picture", "advs multi"),
    ("Film", "motion_picture", "video movie mpct motionpicture videorecording movingimage"),
    ("Broadcast", "broadcast", "broadcast tvbroadcast radiobroadcast podcast"),
    ("Sound recording", "song", "sound audio audiorecording soundrecording"),
    ("Pamphlet", "pamphlet", "pamp"),
    ("Booklet", "pamphlet", "booklet"),
    (
        "Software",
        "software",
        "comp computerprogram softwaresourcecode softwareapplication computationalnotebook",
    ),
    ("Map", "map", "map"),
    ("Legislation", "legislation", "stat statute"),
    ("Court case", "legal_case", "case jurisdiction legalcase"),
    (
        "Encyclopedia article",
        "entry-encyclopedia",
        "ency encyc encyclopediaarticle entryencyclopedia",
    ),
    ("Dictionary entry", "entry-dictionary", "dict dictionaryentry entrydictionary"),
    ("Standard", "standard", "stand std"),
    ("Bill", "bill", "bill unbill"),
    ("Collection", "collection", "collection"),
    ("Figure", "figure", "figure chart equa"),
    ("Picture", "graphic", "art artwork graphic image stillimage"),
    ("Hearing", "hearing", "hear"),
    ("Interview", "interview", "interview"),
    ("Personal communication", "personal_communication", "pcomm personalcommunication icomm"),
    ("Musical score", "musical_score", "music musicalscore"),
    ("Periodical", "periodical", "jfull periodical ser"),
    ("Regulation", "regulation", "regulation legal"),
    ("Review", "review", "review"),
    ("Speech", "speech", "slide presentation speech"),
    ("Treaty", "treaty", "treaty"),
    ("Other", "document", "gen generic misc"),
)
"""The name of each type in imported catalogues, its type in CSL, and its codes in formats."""
_NAMES_BY_CODE = {code: name for name, _, codes in _TYPES for code in codes.split()}
_PREFIX = re.compile(r"(?:info:eu-repo/semantics/|doc-type:|https?://schema\.org/)(?=\w)")
_CODE = re.compile(r"[a-z]+(?:[-_ ][a-z]+)*")


def read_type(text: str) -> str:
    """Return the name of a type. Split an unknown code such as `film_clip` into words.

    Return any other text unchanged.
    """
    text = _PREFIX.sub("", text)
    if name := _NAMES_BY_CODE.get(re.sub(r"[-_ ]", "", text).lower()):
        return name
    return re.sub("[-_]", " ", text).capitalize() if _CODE.fullmatch(text) else text


@cache
def group_by_csl_type() -> dict[PublicationType, tuple[str, ...]]:
    """Return the names of types by their type in CSL, the most general types last.

    Of several types of a publication, the first one counts: a thesis may be a book too.
    """
    names: defaultdict[PublicationType, list[str]] = defaultdict(list)
    for name, csl, _ in _TYPES:
        names[csl].append(name)
    ordered = sorted(names, key=lambda csl: _GENERAL.index(csl) if csl in _GENERAL else -1)
    return {csl: tuple(names[csl]) for csl in ordered}
