"""Publications in lists: their titles, the lines of facts below these, and hits as HTML.

A hit has sentences that say why it matched, if the request asks for them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup, escape

from indexer.catalogue.fields import ID_FIELD, Catalogue, Field, get_primary
from indexer.catalogue.records import Link, Publication, Value
from search_app.engine.results import (
    ClauseScore,
    Explanation,
    FieldScore,
    FileMatch,
    Hit,
    How,
    MatchedText,
    Results,
    TextRun,
)
from search_app.i18n.translation import (
    current,
    format_number,
    format_score,
    gettext,
    join,
    join_long,
    join_quoted,
    join_with_and,
    ngettext,
    pgettext,
    quote,
)
from search_app.presentation.html import (
    CARET,
    Html,
    escape_html,
    html_gettext,
    html_join_facts,
    html_ngettext,
    isolate,
    isolate_language,
    language_attribute,
    link,
    mark,
    mark_passage,
    safe,
)
from search_app.presentation.labels import (
    facet_label,
    find_facet_language,
    make_file_page_url,
    make_file_url,
    make_find_url,
    make_hit_url,
)
from search_app.search_state import SearchState

MAX_FACT_NAMES = 3
"""Number of names in the metadata line if there are more, and one more would not do. A paper may
have hundreds of authors."""
MAX_FACT_CHARS = 100
"""Maximum characters of a value in the metadata line: about one line of text."""
MAX_URL_CHARS = 60
"""Maximum characters of a URL that is shown in full: it fits into a line."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
MAX_FILES = 2
"""Number of files that a hit names."""
MAX_PAGES = 3
"""Number of pages that a hit names of a file. If there are more, it names one less."""
MAX_TEXTS = 5
"""Maximum number of texts listed for one field and one kind of match, of shared words, and of pages
of a file."""


class DisplayedText(msgspec.Struct, frozen=True):
    """A title or an abstract in the language of the page, if the publication has it in that.

    `lang` is its language if that is not the one of the page. `field` is the field with the
    translation, or "" for the original. `original` is the original below a translation, or "", and
    `original_lang` its language.
    """

    text: str
    lang: str | None
    field: str = ""
    original: str = ""
    original_lang: str | None = None


def find_title(publication: Publication, catalogue: Catalogue) -> DisplayedText:
    return _find_text(publication, "title", publication.title, catalogue)


def find_abstract(publication: Publication, catalogue: Catalogue) -> DisplayedText:
    return _find_text(publication, "abstract", publication.summary or "", catalogue)


def _find_text(
    publication: Publication, role: Literal["title", "abstract"], text: str, catalogue: Catalogue
) -> DisplayedText:
    field = catalogue.find_translation(publication, role)
    if field is None:
        return DisplayedText(text, catalogue.find_publication_language(publication))
    original_lang = publication.lang or catalogue.language
    return DisplayedText(
        str(publication.values[field.name][0]), None, field.name, text, original_lang
    )


def format_facts(
    publication: Publication, fields: Iterable[Field], catalogue: Catalogue
) -> list[Markup]:
    """Return what a list shows of some fields of a publication, as one text of HTML for each."""
    return [
        safe(_format_field(publication, field, values, catalogue))
        for field in fields
        if (values := publication.values.get(field.name))
    ]


def format_lines(publication: Publication, catalogue: Catalogue) -> Markup:
    """Return the lines below a title in a list as HTML: its authors, and the other facts."""
    authors = [
        field for field in catalogue.facts if field.kind == "name" and field.role == "author"
    ]
    others = [field for field in catalogue.facts if field not in authors]
    lines = {
        "authors": join(format_facts(publication, authors, catalogue)),
        "facts": html_join_facts(format_facts(publication, others, catalogue)),
    }
    return safe(
        "".join([f'<p class="{name}">{text}</p>\n' for name, text in lines.items() if text])
    )


def _format_field(
    publication: Publication, field: Field, values: Sequence[Value], catalogue: Catalogue
) -> str:
    """Return the values of a field as HTML. A value in another language states it."""
    is_long = field.kind == "name" and len(values) > MAX_FACT_NAMES + 1
    texts = []
    for value in values[:MAX_FACT_NAMES] if is_long else values:
        text = escape_html(_isolate(display_value(publication, field, value, catalogue)))
        if language := find_facet_language(field, value, catalogue):
            text = Html(f"<span{language_attribute(language)}>{text}</span>")
        texts.append(text)
    if not is_long:
        return join(texts)
    more = len(values) - len(texts)
    message = ngettext("%(names)s and %(number)s more", "%(names)s and %(number)s more", more)
    return escape_html(message) % {"names": join(texts), "number": format_number(more)}


def _isolate(text: str) -> str:
    """Return a truncated value. Isolate a value that may have the other direction (Unicode UAX 9).

    Otherwise, it would change the order of the values around it.
    """
    if len(text) > MAX_FACT_CHARS:
        start = text[:MAX_FACT_CHARS]
        # A text without spaces, such as a Chinese title, is truncated at any character.
        text = f"{start.rpartition(' ')[0] or start} …"
    is_other = current().direction == "rtl" or (not text.isascii() and _RIGHT_TO_LEFT.search(text))
    return f"\u2068{text}\u2069" if is_other else text


def display_value(
    publication: Publication, field: Field, value: Value, catalogue: Catalogue
) -> str:
    """Return the label of a publication's value, with its qualifiers from other fields."""
    if isinstance(value, Link):
        name = value.label or shorten_url(value.url)
    else:
        name = facet_label(field, value, catalogue)
    qualifiers = [
        other.qualifier
        for other in catalogue.qualifying.get(field.name, ())
        if value in publication.values.get(other.name, ())
    ]
    if not qualifiers:
        return name
    return gettext("%(value)s (%(qualifiers)s)") % {"value": name, "qualifiers": join(qualifiers)}


def shorten_url(url: str) -> str:
    """Return a short label for a long URL: its host, and the last part of its path if it fits."""
    if len(url) <= MAX_URL_CHARS:
        return url
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    label = f"{host}/…/{parts.path.rstrip('/').rpartition('/')[2]}"
    return label if len(label) <= MAX_URL_CHARS and not label.endswith("/") else f"{host}/…"


# Hits


def render_hits(results: Results, state: SearchState, catalogue: Catalogue) -> Markup:
    """Return the items of a list of hits, each with what its publication is and why it is there."""
    first = (state.page - 1) * state.size + 1
    rendered = [
        part
        for position, hit in enumerate(results.hits, first)
        for part in _render_hit(hit, position, results, state, catalogue)
    ]
    return safe("".join(rendered))


def _render_hit(
    hit: Hit, position: int, results: Results, state: SearchState, catalogue: Catalogue
) -> Iterator[str]:
    publication = hit.publication
    url = make_hit_url(state, publication.id, position)
    identity, href = escape(publication.id), escape(url)
    title, abstract = find_title(publication, catalogue), find_abstract(publication, catalogue)
    heading = mark(hit.translations.get(title.field, hit.title))
    yield (
        f'<li class="hit">\n<abbr class="unapi-id" translate="no" title="{identity}"></abbr>\n'
        f'<h3 dir="auto"{language_attribute(title.lang)}><a href="{href}">{heading}</a></h3>\n'
    )
    if title.original:
        lang = language_attribute(title.original_lang)
        yield f'<p class="original" dir="auto"{lang}>{mark(hit.title)}</p>\n'
    yield format_lines(publication, catalogue)
    if hit.other_edition_count and results.is_folded:
        message = html_ngettext(
            '%(number)s other edition<span class="unseen"> of %(title)s</span>',
            '%(number)s other editions<span class="unseen"> of %(title)s</span>',
            hit.other_edition_count,
            number=format_number(hit.other_edition_count),
            title=isolate_language(heading.striptags(), title.lang),
        )
        yield f'<p class="facts"><a href="{href}#editions">{message}</a></p>\n'
    passage = hit.translations.get(abstract.field, hit.passage)
    if passage:
        yield _render_passage(passage, abstract.lang)
    if hit.files:
        find_url = make_find_url(url, results.corrected or state.text)
        needs_passage = not any(run.marked for run in passage)
        for sentence, runs, language in list_file_lines(
            hit, catalogue, state.prefix, find_url, needs_passage=needs_passage
        ):
            yield f'<p class="inside">{sentence}</p>\n'
            if runs:
                yield _render_passage(runs, language)
    if hit.explanation and (sentences := [*explain_in_sentences(hit.explanation, catalogue)]):
        question = html_gettext("Why this?")
        languages = _find_languages(hit.explanation, publication, catalogue)
        reasons = [f"<li>{isolate(sentence, languages)}</li>\n" for sentence in sentences]
        yield (
            f'<details class="why" data-key="why {identity}" open>\n'
            f"<summary>{CARET} {question}"
            f'<span class="unseen"{language_attribute(title.lang)}> '
            f"{escape(heading.striptags())}</span></summary>\n"
            f"<ul>\n{''.join(reasons)}</ul>\n</details>\n"
        )
    yield "</li>\n"


def _find_languages(
    explanation: Explanation, publication: Publication, catalogue: Catalogue
) -> dict[str, str]:
    """Return the languages of the texts that matched, unless it is that of the page."""
    own = publication.lang or catalogue.language
    languages = dict.fromkeys(explanation.shared, own)
    for score in chain.from_iterable(part.fields for part in explanation.parts):
        field = catalogue.by_name.get(score.field, ID_FIELD)
        of_texts = own if field.role in ("title", "abstract") else catalogue.language
        texts = (match.text for match in score.matched)
        languages |= dict.fromkeys(texts, field.language or of_texts)
    page = current().code
    return {text: each for text, each in languages.items() if get_primary(each) != page}


def _render_passage(runs: Sequence[TextRun], language: str | None) -> str:
    lang = language_attribute(language)
    return f'<p class="passage" dir="auto"{lang}>{mark_passage(runs)}</p>\n'


def list_file_lines(
    hit: Hit, catalogue: Catalogue, prefix: str, find_url: str, *, needs_passage: bool
) -> Iterable[tuple[Markup, Sequence[TextRun], str | None]]:
    """Yield a sentence for each file with words of the query, with links to its pages.

    With it come a passage and its language, if it is known. Only the first file has a passage, and
    only if the hit needs one. `find_url` leads to all pages with words of the query.
    """
    for match in hit.files[:MAX_FILES]:
        file_url = make_file_url(match.file, hit.publication, catalogue, prefix)
        passage = match.passages[0].passage if needs_passage and match.passages else ()
        needs_passage = needs_passage and not passage
        yield _describe_file(match, file_url, find_url), passage, match.file.language
    more = len(hit.files) - MAX_FILES
    if more > 0:
        sentence = html_ngettext(
            'In <a href="%(url)s" rel="nofollow">%(number)s more file</a>',
            'In <a href="%(url)s" rel="nofollow">%(number)s more files</a>',
            more,
            url=find_url,
            number=format_number(more),
        )
        yield sentence, (), None


def _describe_file(match: FileMatch, file_url: str, find_url: str) -> Markup:
    """Return in which file and on which of its pages the words are, as a sentence.

    The page of the passage is one of them. They are ascending.
    """
    file = link(file_url, match.file.name)
    if not match.file.page_count:
        return html_gettext("In %(file)s", file=file)
    shown = match.pages
    if len(shown) > MAX_PAGES:
        best = [found.page for found in match.passages[:1]]
        others = (page for page in shown if page not in best)
        shown = tuple(sorted([*best, *others][: MAX_PAGES - 1]))
    links = [
        link(make_file_page_url(match.file, file_url, page), format_number(page)) for page in shown
    ]
    more = len(match.pages) - len(shown)
    if not more:
        return html_ngettext(
            "In %(file)s, on page %(pages)s",
            "In %(file)s, on pages %(pages)s",
            len(shown),
            file=file,
            pages=safe(join_with_and(links)),
        )
    return html_ngettext(
        'In %(file)s, on pages %(pages)s and <a href="%(url)s" rel="nofollow">%(number)s more</a>',
        'In %(file)s, on pages %(pages)s and <a href="%(url)s" rel="nofollow">%(number)s more</a>',
        more,
        file=file,
        pages=safe(join(links)),
        url=find_url,
        number=format_number(more),
    )


# Why a hit matched


def explain_in_sentences(explanation: Explanation, catalogue: Catalogue) -> Iterator[str]:
    """Yield a sentence for each clause, one for missing words, and one for each filter.

    A semantic match, a title that the query covers, words near each other, and the words shared
    with the best hits have a sentence each too.
    """
    total = format_score(explanation.score)
    for part in explanation.parts:
        yield _describe_clause(part, total, catalogue)
    words = join_quoted(explanation.shared[:MAX_TEXTS])
    if explanation.parts:
        # Translators: Sentences that say why a publication was found begin here. “It” is the
        # publication, “theirs” is the meaning of the words of the query.
        similar = gettext("Its meaning is similar to theirs: adds %(score)s of %(total)s points.")
    else:
        similar = gettext(
            "It has none of the words; its meaning is similar to theirs: "
            "adds %(score)s of %(total)s points."
        )
    shared = gettext("Its place among the best hits adds %(score)s of %(total)s points.")
    if words:
        shared = gettext(
            "It shares words with the best hits: %(words)s. They add %(score)s of %(total)s points."
        )
    for score, message in (
        (explanation.semantic, similar),
        (
            explanation.title,
            gettext("Its title is close to the query: adds %(score)s of %(total)s points."),
        ),
        (
            explanation.nearness,
            gettext(
                "Words of the query are near each other in it: adds %(score)s of %(total)s points."
            ),
        ),
        (explanation.feedback, shared),
    ):
        if score:
            yield message % {"score": format_score(score), "total": total, "words": words}
    if explanation.unmatched and explanation.parts:
        unmatched = join_quoted(explanation.unmatched)
        yield gettext("It lacks %(terms)s. Not all of the words were needed.") % {
            "terms": unmatched
        }
    for passed in explanation.filters:
        value = _describe_value(passed.field, passed.value, passed.through, catalogue)
        field = catalogue.by_name[passed.field].label
        yield gettext("Filter %(field)s: %(value)s.") % {"field": field, "value": value}


def _describe_clause(part: ClauseScore, total: str, catalogue: Catalogue) -> str:
    """Return what a clause adds to the score, and what it matches."""
    typed = part.text.strip('"')
    if not typed:
        # Translators: The query is in a language, and publications in this language get points. The
        # matches are “Language is French” or similar.
        message = gettext(
            "The language of the words adds %(score)s of %(total)s points: %(matches)s."
        )
    elif part.instead_of:
        message = gettext(
            "“%(term)s”, in place of “%(typed)s”, adds %(score)s of %(total)s points: %(matches)s."
        )
    else:
        message = gettext("“%(term)s” adds %(score)s of %(total)s points: %(matches)s.")
    matches = [match for field in part.fields for match in _describe_field(field, catalogue)]
    return message % {
        "term": typed,
        "typed": part.instead_of,
        "score": format_score(part.score),
        "total": total,
        "matches": join_long(matches),
    }


def _describe_field(score: FieldScore, catalogue: Catalogue) -> Iterable[str]:
    """Yield what matched in a field: its facet values if there are any, otherwise its words.

    For the full text, yield the pages of each file.
    """
    field = catalogue.by_name.get(score.field, ID_FIELD)
    if field.kind == "fulltext":
        yield from map(_describe_matched_file, score.matched)
        return
    values = [
        _describe_value(score.field, match.text, match.through, catalogue)
        for match in score.matched
        if match.how == "value"
    ]
    if values:
        message = gettext("%(field)s is %(values)s")
        yield message % {"field": field.label, "values": join_quoted(values)}
        return
    for how, matches in groupby(score.matched, key=lambda match: match.how):
        yield _describe_matches(how) % {"field": field.label, "texts": _list_texts([*matches])}


def _describe_matched_file(match: MatchedText) -> str:
    """Return in which file a clause is, how often, and on which pages."""
    if not match.file:
        return gettext("it is in the full text")
    file = _add_times(quote(match.file), match)
    pages = [*map(format_number, match.pages[:MAX_TEXTS])]
    more = len(match.pages) - len(pages)
    if not pages:
        return gettext("it is in %(file)s") % {"file": file}
    if not more:
        message = ngettext(
            "it is in %(file)s, on page %(pages)s",
            "it is in %(file)s, on pages %(pages)s",
            len(pages),
        )
        return message % {"file": file, "pages": join_with_and(pages)}
    message = ngettext(
        "it is in %(file)s, on pages %(pages)s and %(number)s more",
        "it is in %(file)s, on pages %(pages)s and %(number)s more",
        more,
    )
    return message % {"file": file, "pages": join(pages), "number": format_number(more)}


def _describe_matches(how: How) -> str:
    """Return the message for the texts of a field that match in one way."""
    messages: dict[How, str] = {
        "stem": gettext("%(field)s has %(texts)s (by its stem)"),
        "prefix": gettext("%(field)s has %(texts)s (by its prefix)"),
        "wildcard": gettext("%(field)s has %(texts)s (by a wildcard)"),
        "fuzzy": gettext("%(field)s has %(texts)s (by a similar spelling)"),
        "synonym": gettext("%(field)s has %(texts)s (another name for it)"),
        "narrower": gettext("%(field)s has %(texts)s (narrower than it)"),
    }
    return messages.get(how, gettext("%(field)s has %(texts)s"))


def _list_texts(matches: Sequence[MatchedText]) -> str:
    """Return the first texts as a list, each with its number of occurrences, if it has several."""
    separator = pgettext("between words in quotation marks", ", ")
    texts = separator.join(_add_times(quote(each.text), each) for each in matches[:MAX_TEXTS])
    more = len(matches) - MAX_TEXTS
    if more <= 0:
        return texts
    message = ngettext("%(texts)s, %(number)s more", "%(texts)s, %(number)s more", more)
    return message % {"texts": texts, "number": format_number(more)}


def _add_times(text: str, match: MatchedText) -> str:
    """Return a text with the number of its occurrences, if it has several."""
    if match.count <= 1:
        return text
    # Translators: A quoted word or file name, and how often the word occurs.
    return gettext("%(text)s ×%(number)s") % {"text": text, "number": format_number(match.count)}


def _describe_value(field: str, value: str, through: Iterable[str], catalogue: Catalogue) -> str:
    """Return the label of a value, with the values below it that the publication has."""
    known = catalogue.by_name.get(field)
    name = facet_label(known, value, catalogue) if known else value  # an id has no label
    child = catalogue.children.get(field)
    parts = [facet_label(child, child_value, catalogue) for child_value in through] if child else []
    if not parts:
        return name
    return gettext("%(value)s (includes %(parts)s)") % {"value": name, "parts": join(parts)}
