"""Rewriting: what is replaced in the text of a query before it is parsed.

A name of a field in any language becomes its own name: `titre:police` → `title:police`. A name of
several words is in quotation marks: `"date de publication":2017` → `year:2017`. A text that is an
identifier as a whole, and year expressions such as `since 2012`, become filters:
`978-3-16-148410-0` → `isbn:"978-3-16-148410-0"`, `since 2012` → `year:2012..`. So they mean the
same everywhere in a query, and are never relaxed or corrected. Other quoted text stays as typed.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain

import msgspec

from indexer.analysis.cleaning import surface_form
from indexer.catalogue.fields import NO_FIELD_TEXTS, Catalogue, Field
from indexer.catalogue.translations import TranslatedCatalogue, list_query_names
from indexer.values import dates, identifiers, iso_codes
from indexer.values.names import normalize
from search_app.engine.query.grammar import QUOTES
from search_app.engine.query.vocabulary import Vocabulary

_YEAR = r"(?:1[0-9]{3}|20[0-9]{2})"
_GAP = r"[ \t\u00a0]{1,3}"
_NO_GAP = r"[ \t\u00a0]{0,3}"
_ARABIC_YEAR = rf"(?:(?:عام|سنة){_GAP})?"

_PUBLISHED = (
    rf"(?:(?:published|issued|released|dated|publiée?s?|publicad[oa]s?|опубликованн\w+|изданн\w+"
    rf"|المنشورة|الصادرة|المنشور|الصادر){_GAP}(?:(?:in|from|en|entre|в){_GAP})??|出版于|发表于|发布于)?"
)
"""A verb before an expression, which adds nothing to its meaning and is replaced with it."""
_FORMS = {
    "range": (
        rf"%a(?:{_NO_GAP}[-–—]{_NO_GAP}|\.\.|{_GAP}(?:to|through|until){_GAP})%b",
        rf"(?:between|from){_GAP}%a{_GAP}(?:and|to|until|till|through){_GAP}%b",
        rf"(?:entre|de){_GAP}%a{_GAP}(?:et|à|a|y|e){_GAP}%b",
        rf"desde{_GAP}%a{_GAP}(?:a|hasta){_GAP}%b",
        rf"(?:с|от|между){_GAP}%a{_GAP}(?:по|до|и){_GAP}%b(?:{_GAP}(?:года|год|годами|гг?\.?))?",
        rf"(?:بين|من){_GAP}{_ARABIC_YEAR}%a{_GAP}(?:و|إلى|الى|حتى){_NO_GAP}{_ARABIC_YEAR}%b",
        rf"[从自]?%a年?{_NO_GAP}[-–—~至到]{_NO_GAP}%b年?(?:之间|间|期间)?",
        r"在?%a年?[和与]%b年?(?:之间|间|期间)",
    ),
    "since": (
        rf"(?:since|starting{_GAP}(?:in|from)){_GAP}%a",
        rf"(?:from{_GAP})?%a{_GAP}(?:onwards?|or{_GAP}later|and{_GAP}later)",
        r"%a\.\.(?!\.)",
        r"(?=19|20)%a\+",
        rf"(?:depuis|à{_GAP}partir{_GAP}de|a{_GAP}partir{_GAP}de|desde){_GAP}%a",
        rf"(?:начиная{_GAP})?с{_GAP}%a(?:{_GAP}(?:года|г\.?))?",
        rf"منذ{_GAP}{_ARABIC_YEAR}%a",
        r"[自从]?%a年?(?:以来|起|至今)",
        rf"%n{_NO_GAP}(?:>=|≥){_NO_GAP}%a",
    ),
    "after": (
        rf"(?:after|later{_GAP}than|newer{_GAP}than){_GAP}%a",
        rf"(?:après|apres|después{_GAP}de|despues{_GAP}de|posteriore?s?{_GAP}[aà]){_GAP}%a",
        rf"(?:после|позже|позднее){_GAP}%a(?:{_GAP}(?:года|г\.?))?",
        rf"بعد{_GAP}{_ARABIC_YEAR}%a",
        r"%a年?(?:以后|以後|之后|之後|后)",
        rf"%n{_NO_GAP}>{_NO_GAP}%a",
    ),
    "before": (
        rf"(?:before|prior{_GAP}to|earlier{_GAP}than|older{_GAP}than){_GAP}%b",
        rf"(?:avant|antes{_GAP}de|antérieure?s?{_GAP}à|anteriore?s?{_GAP}a){_GAP}%b",
        rf"(?:до|раньше|ранее){_GAP}%b(?:{_GAP}(?:года|г\.?))?",
        rf"قبل{_GAP}{_ARABIC_YEAR}%b",
        r"%b年?(?:以前|之前|前)",
        rf"%n{_NO_GAP}<{_NO_GAP}%b",
    ),
    "until": (
        rf"(?:until|till|up{_GAP}to){_GAP}%b",
        rf"%b{_GAP}(?:or{_GAP}earlier|and{_GAP}earlier)",
        r"\.\.%b",
        rf"(?:jusqu['’]en|jusqu['’]à|hasta){_GAP}%b",
        rf"по{_GAP}%b(?:{_GAP}(?:год|г\.?))?",
        rf"حتى{_GAP}{_ARABIC_YEAR}%b",
        r"(?:截至|到)%b年?",
        rf"%n{_NO_GAP}(?:<=|≤){_NO_GAP}%b",
    ),
    "in": (rf"%n{_NO_GAP}={_NO_GAP}%b",),
    "newest": (
        rf"latest|newest|most{_GAP}recent|what(?:['’]s|{_GAP}is){_GAP}new",
        rf"(?:le|la|les){_GAP}plus{_GAP}récent(?:e|s|es)?|derni(?:er|ère)s?",
        rf"(?:el|la|los|las){_GAP}más{_GAP}recientes?|últim[oa]s?",
        r"новейш(?:ий|ая|ее|ие)|последн(?:ий|яя|ее|ие)|самы[йе] (?:новый|новые|последние)",
        r"أحدث",
        r"最新的?",
    ),
}
"""Expressions by meaning, in the six languages of the United Nations. `%a` and `%b` are the first
and the last year, `%n` is a name of the year field. The first form that matches is used."""

_BOUNDS: Mapping[str, tuple[int | None, int | None]] = {
    "range": (0, 0), "since": (0, None), "after": (1, None), "before": (None, -1),
    "until": (None, 0), "in": (0, 0), "newest": (None, None),
}  # fmt: skip
"""What is added to the first year of an expression, and to the last one, by meaning. None is the
open end of a range."""

_UNSEGMENTED = "\u3400-\u9fff"
_BEGIN = rf"(?<![^\s(（{_UNSEGMENTED}])"
_END = rf"(?=$|[\s)）,;?!？，。{_UNSEGMENTED}]|\.(?:\s|$))"
_QUOTED = re.compile(rf"[{QUOTES}][^{QUOTES}]*[{QUOTES}]")
# The text is lowercased first, because a case-insensitive search is several times slower.
_MAY_MATCH = re.compile(
    r"\d{4}|late|newe|rece|what|plus|derni|recie|últi|новей|после|самы|أحدث|最新"
)
_DIGITS = {ord(digit): str(int(digit)) for digit in "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹"}


class YearExpression(msgspec.Struct, frozen=True):
    """An expression as `typed`, and the range of years that it means.

    `first` and `last` are inclusive, and None if the range is open. Both are None for a request for
    the newest publications.
    """

    typed: str
    first: int | None = None
    last: int | None = None


class RewrittenQuery(msgspec.Struct, frozen=True):
    """A text with its year expressions replaced by filters, and the expressions.

    If the whole text is an identifier, it is replaced by a filter, and `identifier_fields` contains
    the fields that may have it.
    """

    text: str
    expressions: tuple[YearExpression, ...] = ()
    identifier_fields: tuple[str, ...] = ()

    @property
    def wants_newest(self) -> bool:
        """Whether an expression asks for the newest publications."""
        return any(
            expression.first is None and expression.last is None for expression in self.expressions
        )


def extract_years(text: str, catalogue: Catalogue) -> RewrittenQuery:
    """Return a text with its year expressions replaced by filters of the catalogue's year field.

    Return the text unchanged if the catalogue has no facet of years. A range that ends before it
    starts is not an expression.
    """
    with_ascii_digits = text if text.isascii() else text.translate(_DIGITS)
    if not _MAY_MATCH.search(with_ascii_digits.lower()):
        return RewrittenQuery(text)
    field = catalogue.year_facet
    if field is None:
        return RewrittenQuery(text)
    pattern = _compile_pattern(tuple(catalogue.list_query_names(field)))
    quotes = chain.from_iterable(quoted.span() for quoted in _QUOTED.finditer(with_ascii_digits))
    bounds = [0, *quotes, len(text)]
    pieces, expressions, end = [], [], 0
    for start, stop in zip(bounds[::2], bounds[1::2], strict=True):
        for match in pattern.finditer(with_ascii_digits, start, stop):
            years = [int(year) for year in re.findall(_YEAR, match[0])]
            add_first, add_last = _BOUNDS[match.lastgroup or ""]
            first = None if add_first is None else years[0] + add_first
            last = None if add_last is None else years[-1] + add_last
            if first and last and first > last:
                continue
            ends = [f"{year:04}" if year else "" for year in (first, last)]
            value = ends[0] if first == last else "..".join(ends)
            pieces += [text[end : match.start()], f" {field.name}:{value} " if value else " "]
            expressions.append(YearExpression(text[slice(*match.span())], first, last))
            end = match.end()
    if not expressions:
        return RewrittenQuery(text)
    return RewrittenQuery(" ".join("".join([*pieces, text[end:]]).split()), tuple(expressions))


@lru_cache(maxsize=16)
def _compile_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return one pattern for all forms. The name of the matched group is the meaning."""
    field_names = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    meanings = "|".join(f"(?P<{name}>{'|'.join(forms)})" for name, forms in _FORMS.items())
    forms = meanings.replace("%n", f"(?:{field_names})").replace("%a", _YEAR).replace("%b", _YEAR)
    return re.compile(f"{_BEGIN}{_PUBLISHED}(?:{forms}){_END}", re.IGNORECASE)


MAX_CHARS = 300
"""A longer text is not taken as an identifier."""
_NORMALIZE: Mapping[str, Callable[[str], str | None]] = {
    "country": iso_codes.find_country_code,
    "date": dates.parse_date,
    "language": lambda text: next(iter(iso_codes.find_languages(text)), None),
    "name": normalize,
}
"""The functions that return the stored form of a displayed value, by kind of field."""
_LABELED = re.compile(r"([^\s:：]+)\s*[:：]\s*(?!//)(.+)", re.DOTALL)
_PATTERN = re.compile(r"[*~]")
_NO_QUOTES = str.maketrans(dict.fromkeys(QUOTES))


def name_identifier(text: str, vocabulary: Vocabulary) -> RewrittenQuery | None:
    """Return a filter for the identifier that a whole text is, and the fields that may have it.

    Return None if the text is no identifier. It is one if a publication has it, or if it can hardly
    mean anything else. It may have the name of its field, or a label such as "ISBN", before it. If
    the catalogue has no field for it, it is a phrase: none of its numbers alone means anything.
    """
    text = text.strip()
    fields = vocabulary.catalogue.identifiers
    if not text or len(text) > MAX_CHARS:
        return None
    named = _LABELED.fullmatch(text)
    field = vocabulary.catalogue.by_query_name.get(named[1].lower()) if named else None
    if named and field in fields:
        return _name(named[2], [field]) if find_key(field, named[2], vocabulary) else None
    read = [(field, found) for field in fields if (found := identifiers.read(field.kind, text))]
    known = [
        field for field, found in read
        if found.sense != "named" and vocabulary.has_value(field.name, found.key)
    ]  # fmt: skip
    if known:
        return _name(text, known)
    if _PATTERN.search(text):
        return None
    for field, found in read:
        if found.sense == "certain":
            return _name(text, [field])
    for kind in identifiers.FORMAL_KINDS.difference(field.kind for field in fields):
        form = identifiers.read(kind, text)
        if form and form.sense == "certain":
            forms = dict.fromkeys((form.typed, form.key))
            return RewrittenQuery(" OR ".join(f'"{each}"' for each in forms))
    return None


def find_key(field: Field, text: str, vocabulary: Vocabulary) -> str | None:
    """Return the key of the value after the name of its unlisted field, or None if it is not one.

    A number of one word, such as the year of a symbol, may be a part of an identifier.
    """
    if field.kind not in identifiers.KINDS:
        stored = _NORMALIZE[field.kind](text.strip()) if field.kind in _NORMALIZE else None
        return None if _PATTERN.search(text) else field.make_key(stored or text) or None
    found = identifiers.read(field.kind, text)
    if found is None:
        return None
    is_number = field.kind != "identifier" or (found.sense != "named" and " " in found.key)
    is_whole = is_number and not _PATTERN.search(text)
    return found.key if is_whole or vocabulary.has_value(field.name, found.key) else None


def _name(text: str, fields: Sequence[Field]) -> RewrittenQuery:
    value = text.translate(_NO_QUOTES).strip()
    named = " OR ".join(f'{field.name}:"{value}"' for field in fields)
    return RewrittenQuery(named, identifier_fields=tuple(field.name for field in fields))


_COLONS = ":："
"""The colons after a name. Chinese keyboards type the second one."""
_SIGNS = "<>≤≥="
_BREAKS = rf"\s()（）{QUOTES}{_COLONS}{_SIGNS}"
"""The characters that a name contains only within quotation marks, as a character class."""
_NAME = rf"[^{_BREAKS}-][^{_BREAKS}]*"
_ONE_WORD = re.compile(_NAME)
_HAS_NAME = re.compile(f"[{_COLONS}{_SIGNS}]")
# A colon before two slashes belongs to a URL.
_NAMED = re.compile(
    rf"(?<![^\s(){QUOTES}])(?P<minus>-?)"
    rf"(?:[{QUOTES}](?P<quoted>[^{QUOTES}]*)[{QUOTES}]|(?P<name>{_NAME}))"
    rf"(?:[{_COLONS}](?!//|[\s)]|$)|(?P<comparison>{_NO_GAP}[{_SIGNS}]{{1,2}}{_NO_GAP}(?=\d{{4}})))"
    rf"|[{QUOTES}][^{QUOTES}]*[{QUOTES}]"
)


def index_names(catalogue: Catalogue) -> dict[str, str]:
    """Return the name of the field for each name of a field in queries, folded by `_fold_name`.

    Names in the catalogue's own language take precedence over those in other languages. One in
    another language names no field if several fields have it.
    """
    own = catalogue.own if isinstance(catalogue, TranslatedCatalogue) else catalogue
    fields = {field.name: field for field in own.fields}
    for name, field in own.by_query_name.items():
        fields.setdefault(_fold_name(name), field)
    named: defaultdict[str, dict[str, Field]] = defaultdict(dict)
    for name, field in list_query_names(own):
        named[_fold_name(name)][field.name] = field
    for folded, candidates in named.items():
        if len(candidates) == 1:
            fields.setdefault(folded, *candidates.values())
    queryable = {field.name for field in own.queryable}
    return {
        name: field.name
        for name, field in fields.items()
        if field.name in queryable and not any(quote in name for quote in QUOTES)
    }


def _fold_name(name: str) -> str:
    """Return a name without differences of case, accents, apostrophes, and spaces."""
    return " ".join(surface_form(name).split())


def replace_names(text: str, names: Mapping[str, str], years: str | None = None) -> str:
    """Return a query with each name of a field replaced by the one that `names` has for it.

    The keys of `names` are folded. A name without a key stays as typed. Before a comparison, such
    as `année >= 2017`, a name is replaced only by `years`.
    """
    if not _HAS_NAME.search(text):
        return text

    def replace(match: re.Match[str]) -> str:
        name = names.get(_fold_name(match["quoted"] or match["name"] or ""))
        if not name or (match["comparison"] and name != years):
            return match[0]
        return f"{match['minus']}{name}{match['comparison'] or ':'}"

    return _NAMED.sub(replace, text)


def choose_names(catalogue: Catalogue) -> dict[str, str]:
    """Return a name of each field that a query can name, as it is typed, by the name of its field.

    It is the label or another name in the language of the catalogue's texts: one of a single word,
    if there is one, or else in quotation marks. If these name no field, it is the field's own name.
    """
    names = index_names(catalogue)
    texts = catalogue.texts.field if isinstance(catalogue, TranslatedCatalogue) else {}
    chosen = {}
    for field in catalogue.queryable:
        translated = texts.get(field.name, NO_FIELD_TEXTS)
        own = () if translated.label else (field.label, field.name)
        listed = [
            name.lower()
            for name in filter(None, (translated.label, *translated.names, *own))
            if names.get(_fold_name(name)) == field.name
        ]
        words = filter(_ONE_WORD.fullmatch, listed)
        chosen[field.name] = next(words, f'"{listed[0]}"' if listed else field.name)
    return chosen
