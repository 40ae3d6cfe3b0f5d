"""The translations of the interface: complete, and with the same placeholders, tags, and marks."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from gettext import c2py
from pathlib import Path
from shutil import which

import pytest
from babel.messages import Catalog, Message

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.translations import translate
from indexer.mapping.standard_fields import list_standard_fields
from search_app.i18n.translation import (
    LANGUAGES,
    SOURCE,
    format_range,
    join_sentences,
    load_interface,
    use,
)
from search_app.presentation import html
from tools import messages

TRANSLATED = [code for code in LANGUAGES if code != SOURCE]
PLACEHOLDER, TAG = re.compile(r"%\(\w+\)s"), re.compile(r"<[^>]*>")
NUMBERS = {f"%({name})s" for name in ("number", "total", "titles", "range", "pages")}
"""The placeholders whose text follows from the number that chooses a plural form."""
SAMPLES = (0, 1, 2, 3, 11, 100)


def list_forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_is_complete(code: str) -> None:
    template, translation = messages.extract(), messages.read(messages.TRANSLATIONS / f"{code}.po")
    assert {message.id for message in translation} == {message.id for message in template}
    assert list(messages.list_unfinished(translation)) == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_messages_and_standard_labels_name_a_field_alike(code: str) -> None:
    catalog = messages.read(messages.TRANSLATIONS / f"{code}.po")
    standard = Catalogue("Standard", "", list_standard_fields())
    pairs = zip(standard.fields, translate(standard, code).fields, strict=True)
    labels = {own.label: field.label for own, field in pairs if own.label != "Title"}
    found = {label: str(catalog[label].string) for label in labels if label in catalog}
    assert {"Abstract", "Publisher"} <= set(found)
    assert found == {label: labels[label] for label in found}


def test_an_unfinished_message_is_found(tmp_path: Path) -> None:
    file, copy = messages.TRANSLATIONS / "fr.po", tmp_path / "fr.po"
    text = file.read_text("utf-8").replace('msgid "Copied"', 'msgid "Copied it"')
    copy.write_text(re.sub(r'(msgid "Share"\nmsgstr ")[^"]+', r"\1", text), encoding="utf-8")
    unfinished = messages.list_unfinished(messages.update(copy, messages.extract()))
    assert {message.id for message in unfinished} == {"Copied", "Share"}


def test_the_template_has_the_messages_of_the_program() -> None:
    """The template, from which languages are added, has the present messages and their comments."""
    template, stored = messages.extract(), messages.read(messages.TEMPLATE)
    present, found = [
        {(each.id, each.context, " ".join(each.auto_comments)) for each in catalog if each.id}
        for catalog in (template, stored)
    ]
    assert found == present


def test_an_update_keeps_what_translators_need(tmp_path: Path) -> None:
    """An update keeps headers, a removed message, and the old text of a changed one.

    A removed message that comes back has its translation again. A second update changes nothing.
    """
    template, file = messages.extract(), tmp_path / "fr.po"
    text = (messages.TRANSLATIONS / "fr.po").read_text("utf-8")
    text = re.sub(r"(Last-Translator: )[^\\]*", r"\1Camille <camille@example.org>", text)
    text = text.replace('msgid "Copied"', 'msgid "Copied it"')
    file.write_text(f'{text}\nmsgid "Zebras"\nmsgstr "Zèbres"\n', encoding="utf-8")
    messages.update(file, template)
    updated = file.read_text("utf-8")
    assert "Last-Translator: Camille <camille@example.org>" in updated
    assert '#| msgid "Copied it"\n' in updated
    assert '#~ msgid "Zebras"\n#~ msgstr "Zèbres"' in updated
    messages.update(file, template)
    assert file.read_text("utf-8") == updated
    template.add("Zebras")
    assert messages.update(file, template)["Zebras"].string == "Zèbres"


def list_numbers(catalog: Catalog, place: int) -> list[int]:
    """Return the numbers below 1000 that have a plural form."""
    choose = c2py(catalog.plural_expr)
    return [number for number in range(1000) if choose(number) == place]


def find_faults(message: Message, catalog: Catalog) -> Iterator[str]:
    """Yield the forms of a translation that lack a placeholder, or have a tag too many.

    A form for one number only, such as 1 in Spanish and 2 in Arabic, may leave out the number.
    Tags may be left out, because a language may need none in a label of one word.
    """
    english = message.id if isinstance(message.id, str) else message.id[1]
    for place, form in enumerate(list_forms(message)):
        missing = Counter(PLACEHOLDER.findall(english))
        missing.subtract(PLACEHOLDER.findall(form))
        is_of_one = isinstance(message.id, tuple) and len(list_numbers(catalog, place)) == 1
        allowed = NUMBERS if is_of_one else set()
        if any(count and not (count > 0 and name in allowed) for name, count in missing.items()):
            yield form
        tags = Counter(TAG.findall(form))
        if tags - Counter(TAG.findall(english)) or not are_nested(TAG.findall(form)):
            yield form


def are_nested(tags: list[str]) -> bool:
    unclosed: list[str] = []
    for tag in tags:
        name = re.sub(r"\W.*", "", tag.strip("</>"))
        if not tag.startswith("</"):
            unclosed.append(name)
        elif not unclosed or unclosed.pop() != name:
            return False
    return not unclosed


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_has_the_placeholders_and_tags_of_its_message(code: str) -> None:
    catalog = messages.read(messages.TRANSLATIONS / f"{code}.po")
    assert [form for each in catalog if each.id for form in find_faults(each, catalog)] == []


@pytest.mark.parametrize(
    ("code", "forms", "is_right"),
    [
        ("es", ("una publicación", "%(number)s publicaciones"), True),
        ("es", ("una publicación", "publicaciones"), False),
        ("fr", ("une publication", "%(number)s publications"), False),
        ("ru", ("публикация", "%(number)s публикации", "%(number)s публикаций"), False),
        ("ru", ("%(number)s%(number)s", "%(number)s", "%(number)s"), False),
        ("ar", ("لا شيء", "واحد", "اثنان", "%(number)s", "%(number)s", "%(number)s"), True),
        ("ar", ("لا شيء", "واحد", "اثنان", "ثلاثة", "%(number)s", "%(number)s"), False),
        ("zh", ("<b>%(number)s</b>",), False),
        ("fr", ("%(number)s</i><i>", "%(number)s"), False),
    ],
)
def test_a_form_for_several_numbers_needs_the_number(
    code: str, forms: tuple[str, ...], is_right: bool
) -> None:
    """Only a form for one number may lack it. Other tags than the English ones are found."""
    catalog = messages.read(messages.TRANSLATIONS / f"{code}.po")
    message = Message(("%(number)s<i></i>", "%(number)s<i></i>"), forms)
    assert (not list(find_faults(message, catalog))) is is_right


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_tools_of_gettext_accept_a_translation(code: str) -> None:
    """Babel, and `msgfmt` where it is installed, find no error in a translation."""
    file = messages.TRANSLATIONS / f"{code}.po"
    catalog = messages.read(file)
    assert [str(error) for _, errors in catalog.check() for error in errors] == []
    if program := which("msgfmt"):
        command = [program, "--check", "--check-format", "--output-file=/dev/null", str(file)]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (found.returncode, found.stderr) == (0, "")


CHINESE = r"(?:[\u3400-\u9fff\uff00-\uffef\u3001-\u3011“”]|%\(\w+\)s)"
"""A character or a mark in Chinese text, or a placeholder."""
WRONG_MARKS = {
    "ar": r"""[,;?“”]|«%|%\(\w+\)s»|[\u0660-\u0669]""",
    "es": r"""["“”]|« | »|(?:^|[.:>] )[^¿?]*\?|(?:^|[.:>] )[^¡!]*!""",
    "fr": r"""["“”]|\w'\w|(?<![\xa0\u202f])[:;?!»]|«(?!\xa0)|[\xa0 ] """,
    "ru": r"""["“”]|[ёЁ]|\s-\s|(?<!\xa0)—|« | »""",
    "zh": rf"""["'«»]|{CHINESE} ?[,;:?!()]|{CHINESE} | {CHINESE}|[,;:?!] ?{CHINESE}""",
}
"""Marks of punctuation that a language does not have, or that have a wrong space beside them."""


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_has_the_punctuation_of_its_language(code: str) -> None:
    for message in messages.read(messages.TRANSLATIONS / f"{code}.po"):
        for form in list_forms(message) if message.id else ():
            text = TAG.sub("", form)
            assert not re.search(WRONG_MARKS[code], text), form
            assert len(re.findall("[\u2066-\u2068]", text)) == text.count("\u2069"), form


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("ar", "لا, نعم"), ("ar", "«%(text)s»"), ("es", "Buscar?"), ("es", "« x »"),
        ("fr", "l'auteur"), ("fr", "Titre: %(text)s"), ("fr", "« %(text)s »"), ("ru", "ещё"),
        ("ru", "Ищите - найдете"), ("zh", "标题: %(text)s"), ("zh", "共 %(number)s 份"),
        ("zh", "第一句。 第二句。"),
    ],
)  # fmt: skip
def test_wrong_punctuation_is_detected(code: str, text: str) -> None:
    assert re.search(WRONG_MARKS[code], text)


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
        (
            "es",
            "publicaciones Una publicación publicaciones publicaciones publicaciones publicaciones",
        ),
        ("ru", "публикаций публикация публикации публикации публикаций публикаций"),
        ("ar", "منشور منشور واحد منشوران منشورات منشوراً منشور"),
        ("zh", "份出版物 份出版物 份出版物 份出版物 份出版物 份出版物"),
    ],
)
def test_the_form_of_a_noun_follows_its_number(code: str, forms: str) -> None:
    """0, 1, 2, 3, 11, and 100 have the plural forms of the language."""
    ngettext = load_interface(code).ngettext
    message = "%(number)s publication", "%(number)s publications"
    found = [ngettext(*message, number).replace("%(number)s", "").strip() for number in SAMPLES]
    assert " ".join(found) == forms


def test_numbers_and_dates_are_those_of_the_language() -> None:
    numbers = {code: load_interface(code).format_number(1234567) for code in LANGUAGES}
    assert numbers == {
        "ar": "1,234,567", "zh": "1,234,567", "en": "1,234,567", "fr": "1\u202f234\u202f567",
        "ru": "1\xa0234\xa0567", "es": "1.234.567",
    }  # fmt: skip
    spanish = load_interface("es")
    assert [spanish.format_number(number) for number in (999, 9999, 10_000)] == [
        "999", "9999", "10.000"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "time"),
    [
        ("ar", "5 تشرين الثاني/نوفمبر 2026، الساعة 13:04 بالتوقيت العالمي المنسق"),
        ("zh", "2026年11月5日13:04（协调世界时）"), ("en", "5 November 2026, 13:04 UTC"),
        ("fr", "5 novembre 2026 à 13:04 UTC"), ("ru", "5 ноября 2026\u202fг. в 13:04 UTC"),
        ("es", "5 de noviembre de 2026, a las 13:04 (UTC)"),
    ],
)  # fmt: skip
def test_scripts_make_the_times_of_pages(code: str, time: str) -> None:
    interface = load_interface(code)
    assert interface.format_time(datetime(2026, 11, 5, 13, 4, tzinfo=UTC)) == time
    pattern = interface.time_patterns[10]
    assert pattern.format(day=5, year=2026, time="13:04") == time


@pytest.mark.parametrize(
    ("code", "sentences", "title", "years"),
    [
        ("en", "A. B.", "a – b", "2010–2015"), ("zh", "A.B.", "a－b", "2010至2015"),
        ("ru", "A. B.", "a\xa0— b", "2010–2015"), ("ar", "A. B.", "a – b", "من 2010 إلى 2015"),
    ],
)  # fmt: skip
def test_the_marks_between_texts_are_those_of_the_language(
    code: str, sentences: str, title: str, years: str
) -> None:
    use(load_interface(code))
    try:
        assert join_sentences(["A.", "B."]) == html.html_join_sentences(["A.", "B."]) == sentences
        assert html.html_join_title(["a", "b"]) == title
        assert format_range("2010", "2015") == years
    finally:
        use(load_interface(SOURCE))


def test_the_first_of_a_month_is_an_ordinal_number_in_french() -> None:
    """French counts the first day of a month, and no other: `1er mai`, `2 mai`."""
    days = [load_interface("fr").format_date(date(2026, 5, day)) for day in (1, 2, 11, 21)]
    assert days == ["1er mai 2026", "2 mai 2026", "11 mai 2026", "21 mai 2026"]
    assert load_interface("es").format_date(date(2026, 5, 1)) == "1 de mayo de 2026"
