"""Text that becomes HTML outside of templates is escaped."""

import re
from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from indexer.catalogue.fields import MISSING, Catalogue, Field
from search_app.engine.results import Bucket, TextRun
from search_app.presentation.facets import FacetValues
from search_app.presentation.html import html_gettext, html_ngettext, isolate, mark
from search_app.search_state import SearchState
from tests.conftest import ROOT

NASTY = st.text(st.sampled_from("<>&\"'“”\nam x;#/=") | st.characters(), max_size=30)


class Seen(HTMLParser):
    """The tags and the text of HTML, as a browser reads it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[dict[str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(f"{tag}{attrs or ''}")
        self.attributes.append({name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.lists(st.builds(TextRun, NASTY, st.booleans()), max_size=5))
def test_highlighting_adds_only_marks(runs: list[TextRun]) -> None:
    seen = Seen(str(mark(runs)).replace("\r", "\n"))
    assert seen.text == "".join(run.text for run in runs).replace("\r", "\n")
    assert seen.tags == ["mark", "/mark"] * sum(run.marked for run in runs)


def test_quotes_are_escaped() -> None:
    """Quotes are escaped too, so marked text is safe in an attribute."""
    html = mark([TextRun("a\"b'c", marked=False), TextRun("<i>", marked=True)])
    assert html == "a&#34;b&#39;c<mark>&lt;i&gt;</mark>"


@given(NASTY)
def test_a_sentence_keeps_its_text(sentence: str) -> None:
    seen = Seen(str(isolate(sentence)).replace("\r", "\n"))
    assert seen.text == sentence.replace("\r", "\n")
    assert seen.tags == ["bdi", "/bdi"] * (len(seen.tags) // 2)


def test_quotations_are_isolated() -> None:
    """Each quotation has its own text direction, over several lines too. Its quotes are outside."""
    html = isolate("“a\nb” and “<c>” and “d “e”")
    assert html == "“<bdi>a\nb</bdi>” and “<bdi>&lt;c&gt;</bdi>” and “d “<bdi>e</bdi>”"


IN_URLS = NASTY.filter(lambda text: text != MISSING and text.isprintable())
"""Texts without surrogates, which a URL cannot contain."""


@given(value=IN_URLS, text=IN_URLS, selected=st.booleans())
def test_a_row_of_a_facet_is_escaped(value: str, text: str, *, selected: bool) -> None:
    catalogue = Catalogue("Generated", "", (Field("topic", "Topic", facet=1),))
    state = SearchState(text=text, filters={"topic": (value,)} if selected else {})
    values = FacetValues(state, catalogue)
    seen, plain = (
        Seen(values.render(Bucket("topic", each, 2, 1 if selected else None, selected)))
        for each in (value, "x")
    )
    toggled = state.without_filters() if selected else state.with_filter("topic", value)
    (link,) = [each for each in seen.attributes if each.get("data-key") == f"topic={value}"]
    assert link["href"] == toggled.make_url()
    without = "; selected, without it: 1 publication" if selected else ""
    assert link["aria-label"] == f"{value}, 2 publications{without}"
    assert [tag.partition("[")[0] for tag in seen.tags] == [
        tag.partition("[")[0] for tag in plain.tags
    ]


def test_no_template_switches_autoescaping() -> None:
    """An autoescape block in a macro would switch the escaping for all threads that print it."""
    for file in (ROOT / "search_app/web/templates").iterdir():
        source = file.read_text(encoding="utf-8")
        assert not re.search(r"{%[-+ ]*autoescape", source), file.name


@given(NASTY)
@example("<a>&lt;")
def test_values_in_a_message_are_escaped(text: str) -> None:
    for html in (
        html_gettext("<b>%(value)s</b>", value=text),
        html_ngettext("<i>%(value)s</i>", "<b>%(value)s</b>", 2, value=text),
    ):
        seen = Seen(str(html).replace("\r", "\n"))
        assert seen.text == text.replace("\r", "\n")
        assert seen.tags == ["b", "/b"]


def test_markup_in_a_message_is_not_escaped_twice() -> None:
    html = html_gettext("%(link)s & %(text)s", link=Markup("<a>x</a>"), text="<")
    assert html == Markup("<a>x</a> & &lt;")
