"""The translations of the interface: complete, and with the same placeholders and tags."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from babel.messages import Message

from search_app.i18n.translation import LANGUAGES, SOURCE, load_interface
from tools import messages

TRANSLATED = [code for code in LANGUAGES if code != SOURCE]
CODE = re.compile(r"%\(\w+\)s|<[^>]*>")
"""The placeholders and tags of a message."""
SAMPLES = (0, 1, 2, 3, 11, 100)


def list_forms(message: Message) -> list[str]:
    """Return the translations of a message, one for each plural form."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_is_complete(code: str) -> None:
    """A translation has the messages of the program only, and none needs a review."""
    template, translation = messages.extract(), messages.read(messages.TRANSLATIONS / f"{code}.po")
    assert {message.id for message in translation} == {message.id for message in template}
    assert list(messages.list_unfinished(translation)) == []


def test_an_unfinished_message_is_found(tmp_path: Path) -> None:
    """A message without a translation, or with an old one, is unfinished."""
    file, copy = messages.TRANSLATIONS / "fr.po", tmp_path / "fr.po"
    text = file.read_text("utf-8").replace('msgid "Copied"', 'msgid "Copied it"')
    copy.write_text(re.sub(r'(msgid "Share"\nmsgstr ")[^"]+', r"\1", text), encoding="utf-8")
    unfinished = messages.list_unfinished(messages.update(copy, messages.extract()))
    assert {message.id for message in unfinished} == {"Copied", "Share"}


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_has_the_placeholders_and_tags_of_its_message(code: str) -> None:
    """Each plural form has the same placeholders and HTML tags as the English message."""
    for message in messages.read(messages.TRANSLATIONS / f"{code}.po"):
        if message.id:
            english = message.id if isinstance(message.id, str) else message.id[1]
            for form in list_forms(message):
                assert sorted(CODE.findall(form)) == sorted(CODE.findall(english)), message.id


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_plural_forms_are_those_of_unicode(code: str) -> None:
    """Numbers that Unicode (CLDR) puts into one plural category have the same form."""
    interface = load_interface(code)
    catalog = messages.read(messages.TRANSLATIONS / f"{code}.po")
    [(one, many)] = [
        each.id for each in catalog
        if not isinstance(each.id, str) and each.id[1] == "%(number)s publications found"
    ]  # fmt: skip
    forms = {number: interface.ngettext(one, many, number) for number in range(1000)}
    categories = {number: interface.locale.plural_form(number) for number in forms}
    pairs = {(forms[number], categories[number]) for number in forms}
    assert len(pairs) == len({category for _, category in pairs})


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("en", "publications publication publications publications publications publications"),
        ("fr", "publication publication publications publications publications publications"),
        ("es", "publicaciones publicación publicaciones publicaciones publicaciones publicaciones"),
        ("ru", "публикаций публикация публикации публикации публикаций публикаций"),
        ("ar", "منشور منشور منشوران منشورات منشوراً منشور"),
        ("zh", "份出版物 份出版物 份出版物 份出版物 份出版物 份出版物"),
    ],
)
def test_the_form_of_a_noun_follows_its_number(code: str, forms: str) -> None:
    """0, 1, 2, 3, 11, and 100 have the plural forms of the language."""
    ngettext = load_interface(code).ngettext
    message = "%(count)s publication", "%(count)s publications"
    found = [ngettext(*message, number).replace("%(count)s", "").strip() for number in SAMPLES]
    assert " ".join(found) == forms


def test_numbers_and_dates_are_those_of_the_language() -> None:
    """Numbers have the separators, and dates the order, of the language, in Latin digits."""
    numbers = {code: load_interface(code).format_number(1234567) for code in LANGUAGES}
    assert numbers == {
        "ar": "1,234,567", "zh": "1,234,567", "en": "1,234,567", "fr": "1\u202f234\u202f567",
        "ru": "1\xa0234\xa0567", "es": "1.234.567",
    }  # fmt: skip


def test_the_first_of_a_month_is_an_ordinal_number_in_french() -> None:
    """French counts the first day of a month, and no other: `1er mai`, `2 mai`."""
    days = [load_interface("fr").format_date(date(2026, 5, day)) for day in (1, 2, 11, 21)]
    assert days == ["1er mai 2026", "2 mai 2026", "11 mai 2026", "21 mai 2026"]
    assert load_interface("es").format_date(date(2026, 5, 1)) == "1 de mayo de 2026"
