"""All visible text is marked for translation, each sentence as one message."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser

import pytest
from babel.messages.extract import extract_from_dir
from jinja2 import Environment, nodes

from tests.conftest import ROOT
from tools.messages import KEYWORDS, METHODS, OPTIONS

pytestmark = pytest.mark.slow

SEARCH_APP = ROOT / "search_app"
TEMPLATES = sorted((SEARCH_APP / "web" / "templates").iterdir())
VIEW_MODELS = sorted((SEARCH_APP / "presentation").glob("*.py"))
MARKS = {
    "gettext": 1, "ngettext": 2, "pgettext": 2,
    "html_gettext": 1, "html_ngettext": 2, "html_pgettext": 2,
}  # fmt: skip
"""Functions that translate messages, with the number of their messages and contexts."""
LETTER = re.compile(r"[^\W\d_]")
VISIBLE = {"alt", "aria-label", "data-label", "placeholder", "title"}
"""Attributes whose values users see or hear. A script prints `data-label`."""
VALUE = "\0"
"""Placeholder for an expression in a template or an f-string."""
CODE = re.compile(r'[\w-]+="[^"]*"|\S*[/.]\w\S*|<[^<>]*>')
"""Letters that are code in HTML: attributes, paths, and tags."""
PLACEHOLDER = re.compile(r"%\(\w+\)s")


@cache
def messages() -> frozenset[tuple[str, ...]]:
    """Return the messages of the package: one text, or a singular and a plural."""
    return frozenset(
        (message,) if isinstance(message, str) else tuple(message)
        for _, _, message, _, _ in extract_from_dir(SEARCH_APP, METHODS, OPTIONS, KEYWORDS)
    )


class VisibleText(HTMLParser):
    """The texts and the visible attributes of HTML that contain letters."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kinds = dict(attrs)
        is_button = tag == "button" or (tag == "input" and kinds.get("type") in ("submit", "reset"))
        for name, value in attrs:
            if name in VISIBLE or (name == "value" and is_button):
                self.handle_data(value or "")

    def handle_data(self, data: str) -> None:
        if LETTER.search(CODE.sub("", data)):
            self.texts.append(data.strip())


def printed(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.TemplateData):
        yield node.data
    elif isinstance(node, nodes.Output):
        for part in node.nodes:
            yield from printed(part) if isinstance(part, nodes.TemplateData) else constants(part)
    else:
        for child in node.iter_child_nodes():
            yield from printed(child)


def constants(node: nodes.Expr) -> Iterator[str]:
    """Yield the strings that an expression may print, without the arguments of calls."""
    if isinstance(node, nodes.Call) and getattr(node.node, "name", "") == "lang_of":
        return  # it prints an attribute or nothing
    yield VALUE
    if isinstance(node, nodes.Const):
        yield str(node.value)
    elif isinstance(node, nodes.CondExpr):
        yield from constants(node.expr1)
        yield from constants(node.expr2) if node.expr2 else ()
    elif isinstance(node, nodes.Concat):
        for part in node.nodes:
            yield from constants(part)
    elif isinstance(node, nodes.BinExpr):
        yield from constants(node.left)
        yield from constants(node.right)


def phrases(tree: nodes.Template) -> Iterator[str]:
    marked = {
        id(text)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in MARKS
        for text in call.args
    }
    for text in tree.find_all(nodes.Const):
        if id(text) not in marked and isinstance(text.value, str) and is_phrase(text.value):
            yield text.value


def is_phrase(text: str) -> bool:
    text = CODE.sub("", text).strip()
    return bool(LETTER.search(text)) and " " in text


def unmarked_in_template(source: str) -> list[str]:
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(source)
    return [*VisibleText("".join(printed(tree))).texts, *phrases(tree)]


class UnmarkedText(ast.NodeVisitor):
    """The literals of a module that look like a label or a sentence and are not messages.

    A single word counts if it is capitalized. Docstrings do not count.
    """

    def __init__(self, source: str) -> None:
        self.texts: list[str] = []
        self.visit(ast.parse(source))

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if not (isinstance(node.func, ast.Name) and node.func.id in (*MARKS, "NewType")):
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        parts = [
            str(part.value) if isinstance(part, ast.Constant) else VALUE for part in node.values
        ]
        self._take("".join(parts))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._take(node.value)

    def _take(self, text: str) -> None:
        if is_phrase(text) or re.fullmatch(r"[A-Z][a-z]+", text):
            self.texts.append(text)


def test_a_template_has_no_unmarked_text() -> None:
    assert [
        (path.name, text)
        for path in TEMPLATES
        for text in unmarked_in_template(path.read_text("utf-8"))
    ] == []


def test_a_view_model_has_no_unmarked_text() -> None:
    assert [
        (path.name, text)
        for path in VIEW_MODELS
        for text in UnmarkedText(path.read_text("utf-8")).texts
    ] == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Nothing found</p>", '<a aria-label="Close">x</a>', '<input type="submit" value="Go">',
        "{{ count }} hits", '<p>{{ ", with filters" if chips }}</p>', "{{ 'Page ' ~ number }}",
        "{% set label = 'A whole label' %}{{ label }}", "{% if a %}{% else %}<b>No</b>{% endif %}",
        "<p>{% trans %}One{% endtrans %} and two</p>",
    ],
)  # fmt: skip
def test_unmarked_text_of_a_template_is_detected(source: str) -> None:
    assert unmarked_in_template(source)


@pytest.mark.parametrize(
    "source",
    [
        "text = 'Nothing found'", "text = f'{count} hits'", "text = 'Browse'",
        "text = f'{\", for all\" if several else \"\"}'", "print('No hits for', gettext('x'))",
    ],
)  # fmt: skip
def test_unmarked_text_of_a_module_is_detected(source: str) -> None:
    assert UnmarkedText(source).texts


def test_markup_and_messages_are_not_reported() -> None:
    source = '"""A docstring."""\nx = f\'<mark>{a}</mark> y="{b} c" {d}\' + gettext("A message")'
    assert not UnmarkedText(source).texts
    assert not unmarked_in_template('<p class="a b">{{ gettext("A message") }} · {{ x }}</p>')


def test_messages_have_named_placeholders_only() -> None:
    assert len(messages()) > 150
    for message in messages():
        for text in message:
            rest = PLACEHOLDER.sub("", text).replace("%%", "")
            assert not set("%{}\n") & set(rest), text
        assert len({frozenset(PLACEHOLDER.findall(text)) for text in message}) == 1, message


def test_every_message_can_be_extracted() -> None:
    calls = [
        (path, node.lineno, node.args[: MARKS[node.func.id]])
        for path in SEARCH_APP.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS
    ]
    assert calls
    assert [
        (path, line)
        for path, line, texts in calls
        if not all(isinstance(text, ast.Constant) for text in texts)
    ] == []
