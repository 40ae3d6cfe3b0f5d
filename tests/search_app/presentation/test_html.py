"""Text that becomes HTML outside of templates stays text."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from indexer.catalogue.fields import MISSING, Catalogue, Field
from search_app.engine.results import Bucket, Run
from search_app.presentation.facet_panel import _Rows
from search_app.presentation.html import html_gettext, html_ngettext, isolated, marked
from search_app.search_state import SearchState
from tests.conftest import ROOT

NASTY = st.text(st.sampled_from("<>&\"'“”\nam x;#/=") | st.characters(), max_size=30)


class Seen(HTMLParser):
    """What a browser would make of HTML: its tags, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes a tag, with its attributes."""
        self.tags.append(f"{tag}{attrs or ''}")

    def handle_endtag(self, tag: str) -> None:
        """Takes an end."""
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        """Takes text."""
        self.text += data


@given(st.lists(st.builds(Run, NASTY, st.booleans()), max_size=5))
def test_marked_text_is_that_text(runs: list[Run]) -> None:
    """Runs become their text, with a mark around each that is marked, and no other tag."""
    seen = Seen(str(marked(runs)).replace("\r", "\n"))
    assert seen.text == "".join(run.text for run in runs).replace("\r", "\n")
    assert seen.tags == ["mark", "/mark"] * sum(run.marked for run in runs)


def test_quotes_are_escaped() -> None:
    """Quotes are escaped too, so that what is marked may stand in an attribute."""
    html = marked([Run("a\"b'c", marked=False), Run("<i>", marked=True)])
    assert html == "a&#34;b&#39;c<mark>&lt;i&gt;</mark>"


@given(NASTY)
def test_a_sentence_is_that_sentence(sentence: str) -> None:
    """A sentence becomes its text; what it quotes is isolated, and there is no other tag."""
    seen = Seen(str(isolated(sentence)).replace("\r", "\n"))
    assert seen.text == sentence.replace("\r", "\n")
    assert seen.tags == ["bdi", "/bdi"] * (len(seen.tags) // 2)


def test_what_a_sentence_quotes_is_isolated() -> None:
    """Each quotation keeps a direction of its own, over lines too, and its quotes stay outside."""
    html = isolated("“a\nb” and “<c>” and “d “e”")
    assert html == "“<bdi>a\nb</bdi>” and “<bdi>&lt;c&gt;</bdi>” and “d “<bdi>e</bdi>”"


IN_URLS = NASTY.filter(lambda text: text != MISSING and text.isprintable())
"""Texts without surrogates, which no URL has."""


@given(value=IN_URLS, text=IN_URLS, selected=st.booleans())
def test_a_row_of_a_facet_is_escaped(value: str, text: str, *, selected: bool) -> None:
    """Every part of a row that a template prints as it is has no character that HTML reads."""
    catalogue = Catalogue("Generated", "", (Field("topic", "Topic", facet=1),))
    state = SearchState(text=text, filters={"topic": (value,)} if selected else {})
    row = _Rows(state, catalogue).row(Bucket("topic", value, 2, 1, selected))
    assert unescape(row.name) == row.label == value
    assert unescape(row.key) == f"topic={value}"
    assert unescape(row.href) == state.toggled("topic", value).url()
    assert unescape(row.action).startswith(f"{value}, 2 publications; ")
    for each in (row.name, row.key, row.href, row.action):
        assert not set("<>\"'") & set(each)


def test_no_template_switches_autoescaping() -> None:
    """An autoescape block in a macro would switch the escaping of all threads that print it."""
    for file in (ROOT / "search_app/web/templates").iterdir():
        source = file.read_text(encoding="utf-8")
        assert not re.search(r"{%[-+ ]*autoescape", source), file.name


@given(NASTY)
@example("<a>&lt;")
def test_what_a_message_inserts_is_escaped(text: str) -> None:
    """A message keeps its markup, and what it inserts is text."""
    for html in (
        html_gettext("<b>%(value)s</b>", value=text),
        html_ngettext("<i>%(value)s</i>", "<b>%(value)s</b>", 2, value=text),
    ):
        seen = Seen(str(html).replace("\r", "\n"))
        assert seen.text == text.replace("\r", "\n")
        assert seen.tags == ["b", "/b"]


def test_markup_stays_markup_in_a_message() -> None:
    """Markup that is inserted into a message is not escaped again."""
    html = html_gettext("%(link)s & %(text)s", link=Markup("<a>x</a>"), text="<")
    assert html == Markup("<a>x</a> & &lt;")
