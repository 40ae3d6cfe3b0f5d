"""The texts that a user may type, and the query trees that they become."""

import tempfile
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import stemming
from indexer.catalogue.records import Publication, SourceLocation, Value
from search_app.engine import Engine
from search_app.engine.interpretation.interpreter import Interpreter
from search_app.engine.query import nodes
from search_app.engine.query.clause_builder import APART_WEIGHT, MAX_COMPOUND_PIECES
from search_app.engine.query.grammar import MAX_DEPTH, MOST_WORDS
from search_app.engine.query.parser import Parsed, UnknownValue, parse
from tests.search_app.engine.catalogues import index

FIELDS = frozenset({"title", "summary", "region"})
PLACES: dict[str, tuple[Value, ...]] = {
    "region": ("North", "South"), "country": ("AA",), "section": ("Tools",), "year": (2010,),
}  # fmt: skip


@cache
def open_interpreter(*titles: str, languages: tuple[str, ...] = ("en",)) -> Interpreter:
    made = [
        Publication(
            id=f"p{number}", title=title, source=SourceLocation("made", 1), lang=language,
            values=PLACES,
        )
        for number, (title, language) in enumerate(product(titles, languages))
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        return Engine.open(index(Path(folder), made)).get_searcher().interpreter


def parse_text(
    text: str, joined: type[nodes.And | nodes.Or] = nodes.And, known: Interpreter | None = None
) -> Parsed:
    """Parse a text in the generated catalogue, by default in an index without its words."""
    known = known or open_interpreter("zebra")
    return parse(text, known.vocabulary, known.entity_linker, joined)


def word(stem: str, *fields: str) -> nodes.Clause:
    return nodes.Clause([nodes.Term(stem, frozenset(fields or FIELDS))])


def phrase(*stems: str) -> nodes.Clause:
    return nodes.Clause([nodes.Phrase(stems, FIELDS)])


def beginning(text: str) -> nodes.Clause:
    return nodes.Clause([nodes.Prefix(text, FIELDS)])


def wildcard(shape: str) -> nodes.Clause:
    return nodes.Clause([nodes.Wildcard(shape, FIELDS)])


def piece(*stems: str) -> nodes.Clause:
    return nodes.Clause(
        [*phrase(*stems).parts, nodes.Together(tuple(map(word, stems)), APART_WEIGHT)]
    )


def alike(text: str, edits: int, *fields: str) -> nodes.Clause:
    return nodes.Clause([nodes.Fuzzy(text, frozenset(fields or FIELDS), edits)])


def nest(text: str, depth: int = MAX_DEPTH) -> str:
    """Return a text in parentheses, by default as many as are allowed."""
    return "(" * depth + text + ")" * depth


A, B, C = word("alpha"), word("beta"), word("gamma")
TITLED = nodes.Clause([nodes.Phrase(("alpha", "beta"), frozenset({"title"}))])
NESTED = nodes.And([
    word("alpha", "title"), word("beta", "title"), word("gamma", "summary"), word("beta", "title"),
])  # fmt: skip
COUNTED = phrase("alpha", "the", "beta")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", None),
        ("  ", None),
        ("?!", None),
        ("alpha", A),
        ("ALPHA", A),
        ("alpha beta", nodes.And([A, B])),
        ("alpha AND beta", nodes.And([A, B])),
        ("alpha OR beta", nodes.Or([A, B])),
        ("alpha beta OR gamma", nodes.And([A, nodes.Or([B, C])])),
        ("(alpha beta) OR gamma", nodes.Or([nodes.And([A, B]), C])),
        ("alpha -beta", nodes.And([A, nodes.Not(B)])),
        ("alpha NOT beta", nodes.And([A, nodes.Not(B)])),
        ("NOT NOT alpha", A),
        ("-alpha", nodes.And([nodes.Every(), nodes.Not(A)])),
        ('"alpha beta"', phrase("alpha", "beta")),
        ("“alpha beta”", phrase("alpha", "beta")),
        ("«alpha beta»", phrase("alpha", "beta")),
        ("«\u00a0alpha beta\u00a0»", phrase("alpha", "beta")),
        ('"alpha"', A),
        ('"alpha beta', nodes.And([A, B])),
        ('-"alpha beta"', nodes.And([nodes.Every(), nodes.Not(phrase("alpha", "beta"))])),
        ("alph*", beginning("alph")),
        ("alpha-beta", piece("alpha", "beta")),
        ("A/RES/55/25", piece("a", "res", "55", "25")),
        ("IT alpha", nodes.And([word("it"), A])),
        ("THE alpha", nodes.And([word("the"), A])),
        ("THE ALPHA", A),
        ("title:alpha", word("alpha", "title")),
        ('title:"alpha beta"', TITLED),
        ("colour:alpha", nodes.And([word("color"), A])),
        ('colour:"alpha beta"', nodes.And([word("color"), phrase("alpha", "beta")])),
        ("colour:alpha-beta", nodes.And([word("color"), piece("alpha", "beta")])),
        ("the:alpha", A),
        ("colour:(alpha -beta)", nodes.And([A, nodes.Not(B)])),
        ('colour:("alpha beta")', phrase("alpha", "beta")),
        ('-title:"alpha beta"', nodes.And([nodes.Every(), nodes.Not(TITLED)])),
        ("-(alpha beta) gamma", nodes.And([C, nodes.Not(nodes.And([A, B]))])),
        ("alpha -bet*", nodes.And([A, nodes.Not(beginning("bet"))])),
        ("alpha -c", nodes.And([A, nodes.Not(word("c"))])),
        ("alpha -the", nodes.And([A, nodes.Not(word("the"))])),
        ("alpha OR the", nodes.Or([A, word("the")])),
        ("the AND alpha", nodes.And([word("the"), A])),
        ("alpha of OR beta", nodes.Or([A, B])),
        ("the (alpha)", A),
        ("(the) (alpha)", nodes.And([word("the"), A])),
        (
            '"alpha beta" in "beta gamma"',
            nodes.And([phrase("alpha", "beta"), phrase("beta", "gamma")]),
        ),
        ("the -beta", nodes.And([word("the"), nodes.Not(B)])),
        ("the region:South", word("the")),
        ("title:the alpha", A),
        ("title:(the) alpha", nodes.And([word("the", "title"), A])),
        ("NOT -alpha", A),
        ("alpha OR OR beta", nodes.And([A, B])),
        ("alpha OR () beta", nodes.And([A, B])),
        ("alpha OR NOT beta", nodes.Or([A, nodes.Not(B)])),
        ("alpha-beta OR gamma", nodes.Or([piece("alpha", "beta"), C])),
        ("alpha - beta", nodes.And([A, B])),
        ("alpha -OR beta", nodes.And([nodes.And([A, B]), nodes.Not(word("or"))])),
        ("alpha title:OR beta", nodes.And([A, B])),
        ("alpha:", A),
        ("alpha) beta", nodes.And([A, B])),
        ("(alpha beta", nodes.And([A, B])),
        ("()", None),
        ("OR", word("or")),
        ("alpha OR", A),
        ("OR alpha", A),
        ('-"alpha beta', nodes.And([B, nodes.Not(A)])),
        ('title:"alpha beta', nodes.And([word("alpha", "title"), B])),
        ("title:(alpha OR beta)", nodes.Or([word("alpha", "title"), word("beta", "title")])),
        ("alpha,bet*a", nodes.And([A, wildcard("bet*a")])),
        ("the alpha of beta", nodes.And([A, B])),
        ("the", word("the")),
        ("*ing", wildcard("*ing")),
        ("al*a", wildcard("al*a")),
        ("al***a*", wildcard("al*a*")),
        ("(*ing)", wildcard("*ing")),
        ("the,bet*a alpha", nodes.And([wildcard("bet*a"), A])),
        ("title:the,bet*", nodes.Clause([nodes.Prefix("bet", frozenset({"title"}))])),
        ("alpha~", alike("alpha", 1)),
        ("Alphä~1", alike("alpha", 1)),
        ("alpha~2", alike("alpha", 2)),
        ("title:alpha~2", alike("alpha", 2, "title")),
        ("alpha~3", piece("alpha", "3")),
        ("~", None),
        # Only the last word of a compound is fuzzy. The others are plain, also stop words.
        ("the-beta-alpha~", nodes.And([word("the"), B, alike("alpha", 1)])),
        ("title:b-alpha~", nodes.And([word("b", "title"), alike("alpha", 1, "title")])),
        # Parentheses have a maximum depth. Empty ones are parsed once each.
        (nest("the") + " alpha", nodes.And([word("the"), A])),
        (nest("alpha beta") + " OR gamma", nodes.Or([nodes.And([A, B]), C])),
        (nest(""), None),
        # A name after `region:` that is no region is searched in the words of this field.
        ("region:asia", word("asia", "region")),
        (
            'region:"alpha beta"',
            nodes.Clause([nodes.Phrase(("alpha", "beta"), frozenset({"region"}))]),
        ),
        ("region:alph*", nodes.Clause([nodes.Prefix("alph", frozenset({"region"}))])),
        # After parentheses, the field before them applies again.
        ("title:(alpha (beta) summary:(gamma) beta) alpha", nodes.And([NESTED, A])),
    ],
)
def test_a_text_is_parsed_into_a_tree(text: str, tree: nodes.Tree | None) -> None:
    assert parse_text(text).tree == tree


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("AND region:South AND", nodes.Filter("region", ("South",))),
        ('region:"South"', nodes.Filter("region", ("South",))),
        ("region:south", nodes.Filter("region", ("South",))),
        ("region:aa", nodes.Filter("country", ("AA",))),
        ("year:2010", nodes.Filter("year", ("2010",))),
        ("year:2010..2015", nodes.Filter("year", low="2010", high="2015")),
        ("year:2010..2010", nodes.Filter("year", low="2010", high="2010")),
        ("year:2010..", nodes.Filter("year", low="2010")),
        ("year:..2015", nodes.Filter("year", high="2015")),
        ("-year:2010", nodes.Not(nodes.Filter("year", ("2010",)))),
        (
            "region:(south OR north)",
            nodes.Or([nodes.Filter("region", ("South",)), nodes.Filter("region", ("North",))]),
        ),
        ("section:Nowhere", nodes.Filter("section", ("Nowhere",))),
    ],
)
def test_values_become_filters(text: str, node: nodes.Tree) -> None:
    parsed = parse_text(f"{text} alpha")
    assert parsed.filters == (node,)
    assert parsed.tree == A


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("alpha beta -gamma", nodes.And([nodes.Or([A, B]), nodes.Not(C)])),
        ("alpha AND beta gamma", nodes.Or([nodes.And([A, B]), C])),
        ("alpha/beta", nodes.Or([A, B])),
        ("alpha/beta gamma", nodes.Or([A, B, C])),
        ("alpha/beta AND gamma", nodes.And([nodes.Or([A, B]), C])),
        ("beta-alpha~", nodes.Or([B, alike("alpha", 1)])),
        # A phrase weighs as much as its words, without stop words.
        ('"alpha the beta" gamma', nodes.Or([COUNTED, COUNTED, C])),
    ],
)
def test_a_text_is_relaxed(text: str, tree: nodes.Tree) -> None:
    assert parse_text(text, nodes.Or).tree == tree


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("year", "2015..2010"), ("year", "20.."), ("year", "abc"), ("year", "201*"),
        ("section", "2010..2015"), ("section", "Maps"),
    ],
)  # fmt: skip
def test_an_unknown_value_is_reported(field: str, value: str) -> None:
    assert parse_text(f"{field}:{value} alpha").unknown == (UnknownValue(field, value),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Alph*", "alph*"), ("title:alph*", "alph*"), ("*ing", "*ing"), ("al***a", "al***a"),
        ("alpha~", "alpha~"), ("Alphä~1", "alpha~"), ("title:alpha~2", "alpha~2"),
    ],
)  # fmt: skip
def test_a_prefix_a_wildcard_and_a_fuzzy_term_keep_the_typed_text(text: str, said: str) -> None:
    assert [leaf.text for leaf in nodes.clauses(parse_text(text).tree)] == [said]


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 5000])
def test_only_parentheses_that_are_too_deep_are_left_out(depth: int) -> None:
    """Parentheses of any depth are parsed without an error, and the words next to them too."""
    assert parse_text(f"{nest('alpha', depth)} beta").tree in (B, nodes.And([A, B]))


@pytest.mark.parametrize(
    ("text", "has_operators"),
    [
        ("alpha beta", False), ('"alpha beta" gam*', False), ("title:alpha region:South", False),
        ("alpha OR", False), ("alpha - beta", False), ("alpha OR beta", True), ("-alpha", True),
        ("NOT alpha", True), ("(alpha)", True), ("title:(alpha)", True), ("alpha AND beta", True),
    ],
)  # fmt: skip
def test_operators_are_reported(text: str, has_operators: bool) -> None:
    assert parse_text(text).has_operators is has_operators


def test_a_sentence_in_capitals_has_no_operators() -> None:
    sentence = parse_text("THE ALPHA AND THE BETA OF GAMMA ALPHA", nodes.Or)
    assert sentence.tree == nodes.Or([A, B, C, A])
    assert not sentence.has_operators
    assert parse_text("ALPHA AND BETA GAMMA ALPHA BETA", nodes.Or).has_operators
    assert parse_text("the ALPHA AND BETA GAMMA ALPHA BETA BETA", nodes.Or).has_operators


def test_words_are_split_only_among_few_words() -> None:
    """A rare word may be split in two only among few words, whatever joins them."""
    counted = open_interpreter(*["cyber"] * 20, *["crime"] * 20)

    def is_parted(text: str) -> bool:
        tree = parse_text(text, known=counted).tree
        words = (part for clause in nodes.clauses(tree) for part in nodes.list_words(clause.parts))
        return any(isinstance(part, nodes.Phrase) for part in words)

    rest = [f"w{number}" for number in range(MAX_COMPOUND_PIECES)]
    assert is_parted("cybercrime OR alpha")
    assert not is_parted(" ".join(["cybercrime", *rest]))
    assert not is_parted(" OR ".join(["cybercrime", *rest]))
    assert is_parted(f"(cybercrime) OR ({' '.join(rest)} beta)")


def test_a_name_of_several_values_matches_any_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"region": ["N", "S"]}
    known = open_interpreter("zebra").entity_linker
    monkeypatch.setattr(known, "values_named", lambda field, _: values.get(field.name, []))
    assert parse_text("region:side alpha").filters == (nodes.Filter("region", ("N", "S")),)


def test_a_relaxed_query_keeps_its_filters() -> None:
    parsed = parse_text("alpha AND region:South beta", nodes.Or)
    assert parsed.tree == nodes.Or([A, B])
    assert parsed.filters == (nodes.Filter("region", ("South",)),)


def test_the_limit_counts_words_of_phrases_and_compounds() -> None:
    assert parse_text("-".join(["alpha"] * (MOST_WORDS + 5))).ignored_word_count == 5
    assert parse_text('"' + "alpha " * (MOST_WORDS + 3) + '"').ignored_word_count == 3
    pairs = parse_text('"alpha beta" ' * (MOST_WORDS // 2 + 2) + "title:gamma")
    assert pairs.ignored_word_count == 5
    assert pairs.tree == nodes.And([phrase("alpha", "beta")] * (MOST_WORDS // 2))


def test_the_commonest_words_over_the_limit_are_left_out() -> None:
    rare = [f"w{number}" for number in range(MOST_WORDS - 2)]
    counted = open_interpreter(" ".join(rare), *["alpha"] * 9, *["beta"] * 5, *["gamma"] * 7)
    text = " ".join(["alpha-gamma", *rare, "beta", "alpha", "gamma", "-delta"])
    parsed = parse_text(text, known=counted)
    assert parsed.ignored_word_count == 4
    assert [clause.text for clause in nodes.clauses(parsed.tree)] == [*rare, "beta"]


PIECES = st.sampled_from(
    ["alpha", "beta*", "the", "AND", "OR", "NOT", "ANDNOT", "(", ")", '"', "-", "title:", "year:",
     "2010..2015", "region:", "South", "*", "x^0", "~", "[* TO 2005]", "a:b:c", "\x00", "é", "中文",
     "\ud800", "”", "'", "\\", "+", "||", "&&", "year:2010..", "..", ":", "::", "-(", 'title:"']
)  # fmt: skip


@given(st.text() | st.lists(PIECES, max_size=30).map(" ".join) | st.lists(PIECES).map("".join))
def test_any_text_is_a_query(text: str) -> None:
    for joined in (nodes.And, nodes.Or):
        parsed = parse_text(text, joined)
        assert parsed.tree is None or isinstance(parsed.tree, nodes.Tree)


@given(
    words=st.lists(st.sampled_from(("Alpha", "beta", "the", "OF", "and", "2009", "x1", "who")),
                   max_size=6),
    space=st.sampled_from((" ", "  ", "\t", " \n")),
    joined=st.sampled_from((nodes.And, nodes.Or)),
)  # fmt: skip
def test_the_shortcut_for_plain_words_matches_the_grammar(
    words: list[str], space: str, joined: type[nodes.And | nodes.Or]
) -> None:
    plain = parse_text(space.join(words), joined)
    full = parse_text(space.join([*words, "."]), joined)
    assert repr(plain) == repr(full)
    assert [leaf.text for leaf in nodes.clauses(plain.tree)] == [
        leaf.text for leaf in nodes.clauses(full.tree)
    ]


def test_a_phrase_has_the_stems_of_one_language() -> None:
    spoken = ("en", "es", "fr")
    text = "nuestras explotaciones"
    tree = parse_text(f'"{text}"', known=open_interpreter(text, languages=spoken)).tree
    assert isinstance(tree, nodes.Clause)
    said = {part.stems for part in tree.parts if isinstance(part, nodes.Phrase)}
    assert said == {tuple(stemming.stem(raw, each) for raw in text.split()) for each in spoken}
