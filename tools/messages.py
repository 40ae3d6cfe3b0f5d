"""Extract the messages of the program, and update the translations with them (`make messages`).

The messages without translations are in `pubsearch.pot`, from which translation platforms and the
tools of GNU gettext add languages. Exit with status 1, and print the messages, if a translation is
missing or needs a review.
"""

from __future__ import annotations

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
KEYWORDS = {**DEFAULT_KEYWORDS, "html_gettext": None, "html_ngettext": (1, 2)}
"""Functions whose arguments are messages, with the places of a singular and a plural."""
OPTIONS = {"**/templates/**": {"newstyle_gettext": "true", "silent": "false"}}
TAG = "Translators:"
"""What a comment for translators begins with."""
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
        template.add(
            message, locations=[(f"search_app/{name}", 0)], auto_comments=comments, context=context
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
            [old] = [each for each in read_po(BytesIO("\n".join(previous).encode())) if each.id]
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
