"""Extract the messages of the program, and update the translations with them (`make messages`).

The messages without translations are in `pubsearch.pot`, from which translation platforms and the
tools of GNU gettext add languages. Exit with status 1, and print the messages, if a translation is
missing or needs a review.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from search_app.i18n.translation import LANGUAGES, SOURCE

SEARCH_APP = Path(__file__).parents[1] / "search_app"
TRANSLATIONS = SEARCH_APP / "i18n" / "translations"
TEMPLATE = TRANSLATIONS / "pubsearch.pot"
METHODS = [("**.py", "python"), ("**/templates/**", "jinja2")]
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "html_gettext": None,
    "html_ngettext": (1, 2),
    "html_pgettext": ((1, "c"), 2),
}
"""Functions whose arguments are messages, with the places of a singular, a plural, and a context
(`c`)."""
MEANINGS = {
    "action": "what a link does",
    "choices": "the values that a parameter can have",
    "corrected": "the query with another spelling",
    "date": "a day, such as 30 November 2026",
    "empty": "the number of pages without text",
    "example": "a query, such as traffick*",
    "field": "the label of a field or filter, such as Region",
    "fields": "labels of fields, in a list",
    "file": "the name of a file",
    "first": "the first year, number, or text of two",
    "first_id": "code: leave it as it is",
    "host": "the name of a site, such as unodc.org",
    "id": "an identifier",
    "last": "the last year or number of two",
    "last_id": "code: leave it as it is",
    "limit": "the greatest number that is allowed",
    "link": "the text of a link",
    "links": "links with numbers, in a list",
    "matches": "what the words match, in a list",
    "name": "what somebody wrote in an address or a query",
    "names": "names, in a list",
    "number": "a number",
    "oai": "code: leave it as it is",
    "openapi": "the name of a file",
    "order": "the name of a sort order",
    "page": "the number of a page of the results",
    "pages": "numbers of pages, in a list, or how many there are",
    "parameter": "the name of a parameter of an address",
    "parts": "labels of values below this one, such as the countries of a region, in a list",
    "place": "the name of a country or a region",
    "position": "the place of a publication in a list of results",
    "qualifiers": "short remarks on the value, in a list",
    "query": "what the reader searched for",
    "range": "places in a list, such as 11–20, or a single one",
    "score": "a number of points, such as 1.20",
    "search_api": "an address",
    "searches": "words with numbers, in a list",
    "second": "the second text of two",
    "section": "the number of a part of a document",
    "shown": "the number of those that are shown",
    "source": "the name of the source of the catalogue",
    "subject": "the name of a subject",
    "subjects": "names of subjects, in a list",
    "suggest_api": "an address",
    "term": "a word or a phrase of the query",
    "terms": "words of the query in quotation marks, in a list",
    "text": "a text",
    "texts": "words of the publication in quotation marks, in a list",
    "time": "a time, such as 13:14, or a date with a time",
    "title": "the title of a publication",
    "titles": "a number of titles; all editions of a publication have one title",
    "total": "how many there are in all",
    "typed": "a word as the reader typed it",
    "url": "code: leave it as it is",
    "value": "a value of a filter or a parameter, such as Africa",
    "values": "values of a field in quotation marks, in a list",
    "word": "the text of the link “not”",
    "words": "words of the query",
    "year": "a year of four digits",
}
"""The meaning of each placeholder, which becomes a comment on every message that uses it."""
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
OPTIONS = {"**/templates/**": {"newstyle_gettext": "true", "silent": "false"}}
TAG = "Translators:"
"""The mark at the start of a comment that is meant for translators."""
WIDTH = 100
"""Columns of a translation file. A platform must be set to the same width."""


def extract() -> Catalog:
    """Return the messages of the program, without translations."""
    template = Catalog(
        project="pubsearch",
        version=version("pubsearch"),
        copyright_holder="the pubsearch authors",
        msgid_bugs_address="see docs/translating.md",
        fuzzy=False,
    )
    found = extract_from_dir(
        SEARCH_APP, METHODS, OPTIONS, KEYWORDS, (TAG,), strip_comment_tags=True
    )
    for name, _, message, comments, context in found:
        text = message if isinstance(message, str) else message[1]
        names = dict.fromkeys(PLACEHOLDER.findall(text))
        meanings = [f"{each}: {MEANINGS[each]}" for each in names]
        template.add(
            message,
            locations=[(f"search_app/{name}", 0)],
            auto_comments=[" ".join(comments), *meanings] if comments else meanings,
            context=context,
        )
    return template


def read(file: Path) -> Catalog:
    """Return a translation, with the previous text of each message that has changed.

    Babel reads the lines of a previous text (`#| msgid`) as comments.
    """
    with file.open("rb") as opened:
        catalog = read_po(opened, locale=file.stem if file != TEMPLATE else None)
    for message in catalog:
        previous = [each[1:].strip() for each in message.user_comments if each.startswith("|")]
        message.user_comments = [each for each in message.user_comments if each[:1] != "|"]
        if previous:
            is_plural = any(line.startswith("msgid_plural") for line in previous)
            text = "\n".join([*previous, 'msgstr[0] ""' if is_plural else 'msgstr ""'])
            [old] = [each for each in read_po(BytesIO(text.encode())) if each.id]
            message.previous_id = [old.id] if isinstance(old.id, str) else list(old.id)
    return catalog


def write(file: Path, catalog: Catalog) -> None:
    """Write a translation, or the template."""
    with file.open("wb") as opened:
        write_po(
            opened,
            catalog,
            width=WIDTH,
            sort_by_file=True,
            include_lineno=False,
            include_previous=True,
        )


def list_unfinished(catalog: Catalog) -> Iterator[Message]:
    """Yield the messages that have no translation in some form, or one that needs a review."""
    for message in catalog:
        texts = message.string if isinstance(message.string, tuple | list) else [message.string]
        if message.id and (message.fuzzy or not all(texts)):
            yield message


def update(file: Path, template: Catalog) -> Catalog:
    """Update a translation, or create it, and return it.

    A changed message keeps its old translation, and its old text, for a review. A message that the
    program has no longer is kept as obsolete, until the program has it again.
    """
    catalog = read(file) if file.exists() else Catalog(locale=file.stem, fuzzy=False)
    for key, message in list(catalog.obsolete.items()):
        if template.get(message.id, message.context):
            catalog[message.id] = catalog.obsolete.pop(key)
    previous = {(each.id, each.context): each.previous_id for each in catalog if each.fuzzy}
    created = catalog.creation_date
    catalog.update(template, update_header_comment=False)
    catalog.creation_date = created  # an unchanged translation is an unchanged file
    for message in catalog:
        message.previous_id = message.previous_id or previous.get((message.id, message.context), [])
    write(file, catalog)
    return catalog


def main() -> int:
    """Update all translations, and return the exit status."""
    template, status = extract(), 0
    if TEMPLATE.exists():  # an unchanged template is an unchanged file
        template.creation_date = read(TEMPLATE).creation_date
    write(TEMPLATE, template)
    for file in [TRANSLATIONS / f"{code}.po" for code in LANGUAGES if code != SOURCE]:
        unfinished = list(list_unfinished(update(file, template)))
        for message in unfinished:
            print(f"{file.name}: no finished translation of {message.id!r}", file=sys.stderr)
        print(f"{file.name}: {len(template)} messages, {len(unfinished)} unfinished")
        status = 1 if unfinished else status
    return status


if __name__ == "__main__":
    sys.exit(main())
