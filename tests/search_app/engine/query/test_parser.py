"""The texts that a user may type, and the query trees that they become."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh import query

from indexer.analysis import stemming
from indexer.catalogue.fields import Field
from search_app.engine.query.clause_builder import APART_WEIGHT, MAX_COMPOUND_PIECES
from search_app.engine.query.grammar import MAX_DEPTH, MOST_WORDS
from search_app.engine.query.nodes import (
    Clause,
    Filter,
    Fuzzy,
    Pattern,
    Phrase,
    Prefix,
    Term,
    Together,
    clauses,
    list_words,
)
from search_app.engine.query.parser import Parsed, UnknownValue, parse
from tests.search_app.engine.catalogues import CATALOGUE
from tests.search_app.engine.words import Names, WordList

FIELDS = frozenset({"title", "summary", "region"})
KNOWN = {"region": {"south": "South", "north": "North"}, "country": {"aa": "AA"}}


def named(field: Field, text: str) -> list[str]:
    """Return the values of the generated catalogue with a name, in any case."""
    value = KNOWN.get(field.name, {}).get(text.lower())
    return [value] if value else []


VOCABULARY, NAMES = WordList(CATALOGUE), Names(named)


def read(text: str, joined: type[query.CompoundQuery] = query.And) -> Parsed:
    """Parse a text in the generated catalogue."""
    return parse(text, VOCABULARY, NAMES, joined)


def word(stem: str, *fields: str) -> Clause:
    """Return the leaf of one word."""
    return Clause([Term(stem, frozenset(fields or FIELDS))])


def phrase(*stems: str) -> Clause:
    """Return the leaf of a phrase."""
    return Clause([Phrase(stems, FIELDS)])


def beginning(text: str) -> Clause:
    """Return the leaf of a prefix."""
    return Clause([Prefix(text, FIELDS)])


def pattern(shape: str) -> Clause:
    """Return the leaf of a wildcard."""
    return Clause([Pattern(shape, FIELDS)])


def piece(*stems: str) -> Clause:
    """Return the leaf of a compound, whose words are typed without spaces."""
    return Clause([*phrase(*stems).parts, Together(tuple(map(word, stems)), APART_WEIGHT)])


A, B, C = word("alpha"), word("beta"), word("gamma")
TITLED = Clause([Phrase(("alpha", "beta"), frozenset({"title"}))])
NESTED = query.And([
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
        ("alpha beta", query.And([A, B])),
        ("alpha AND beta", query.And([A, B])),
        ("alpha OR beta", query.Or([A, B])),
        ("alpha beta OR gamma", query.And([A, query.Or([B, C])])),
        ("(alpha beta) OR gamma", query.Or([query.And([A, B]), C])),
        ("alpha -beta", query.And([A, query.Not(B)])),
        ("alpha NOT beta", query.And([A, query.Not(B)])),
        ("NOT NOT alpha", A),
        ("-alpha", query.And([query.Every(), query.Not(A)])),
        ('"alpha beta"', phrase("alpha", "beta")),
        ("“alpha beta”", phrase("alpha", "beta")),
        ("«alpha beta»", phrase("alpha", "beta")),
        ("«\u00a0alpha beta\u00a0»", phrase("alpha", "beta")),
        ('"alpha"', A),
        ('"alpha beta', query.And([A, B])),
        ('-"alpha beta"', query.And([query.Every(), query.Not(phrase("alpha", "beta"))])),
        ("alph*", beginning("alph")),
        ("alpha-beta", piece("alpha", "beta")),
        ("A/RES/55/25", piece("a", "res", "55", "25")),
        ("IT alpha", query.And([word("it"), A])),
        ("THE alpha", query.And([word("the"), A])),
        ("THE ALPHA", A),
        ("title:alpha", word("alpha", "title")),
        ('title:"alpha beta"', TITLED),
        ("colour:alpha", query.And([word("color"), A])),
        ('colour:"alpha beta"', query.And([word("color"), phrase("alpha", "beta")])),
        ("colour:alpha-beta", query.And([word("color"), piece("alpha", "beta")])),
        ("the:alpha", A),
        ("colour:(alpha -beta)", query.And([A, query.Not(B)])),
        ('colour:("alpha beta")', phrase("alpha", "beta")),
        ('-title:"alpha beta"', query.And([query.Every(), query.Not(TITLED)])),
        ("-(alpha beta) gamma", query.And([C, query.Not(query.And([A, B]))])),
        ("alpha -bet*", query.And([A, query.Not(beginning("bet"))])),
        ("alpha -c", query.And([A, query.Not(word("c"))])),
        ("alpha -the", query.And([A, query.Not(word("the"))])),
        ("alpha OR the", query.Or([A, word("the")])),
        ("the AND alpha", query.And([word("the"), A])),
        ("alpha of OR beta", query.Or([A, B])),
        ("the (alpha)", A),
        ("(the) (alpha)", query.And([word("the"), A])),
        (
            '"alpha beta" in "beta gamma"',
            query.And([phrase("alpha", "beta"), phrase("beta", "gamma")]),
        ),
        ("the -beta", query.And([word("the"), query.Not(B)])),
        ("the region:South", word("the")),
        ("title:the alpha", A),
        ("title:(the) alpha", query.And([word("the", "title"), A])),
        ("NOT -alpha", A),
        ("alpha OR OR beta", query.And([A, B])),
        ("alpha OR () beta", query.And([A, B])),
        ("alpha OR NOT beta", query.Or([A, query.Not(B)])),
        ("alpha-beta OR gamma", query.Or([piece("alpha", "beta"), C])),
        ("alpha - beta", query.And([A, B])),
        ("alpha -OR beta", query.And([query.And([A, B]), query.Not(word("or"))])),
        ("alpha title:OR beta", query.And([A, B])),
        ("alpha:", A),
        ("alpha) beta", query.And([A, B])),
        ("(alpha beta", query.And([A, B])),
        ("()", None),
        ("OR", word("or")),
        ("alpha OR", A),
        ("OR alpha", A),
        ('-"alpha beta', query.And([B, query.Not(A)])),
        ('title:"alpha beta', query.And([word("alpha", "title"), B])),
        ("title:(alpha OR beta)", query.Or([word("alpha", "title"), word("beta", "title")])),
        ("alpha,bet*a", query.And([A, pattern("bet*a")])),
        ("the alpha of beta", query.And([A, B])),
        ("the", word("the")),
        ("*ing", pattern("*ing")),
        ("al*a", pattern("al*a")),
        ("al***a*", pattern("al*a*")),
        ("(*ing)", pattern("*ing")),
        ("the,bet*a alpha", query.And([pattern("bet*a"), A])),
        ("title:the,bet*", Clause([Prefix("bet", frozenset({"title"}))])),
        # A name after `region:` that is no region is searched in the words of this field.
        ("region:asia", word("asia", "region")),
        ('region:"alpha beta"', Clause([Phrase(("alpha", "beta"), frozenset({"region"}))])),
        ("region:alph*", Clause([Prefix("alph", frozenset({"region"}))])),
        # After parentheses, the field before them applies again.
        ("title:(alpha (beta) summary:(gamma) beta) alpha", query.And([NESTED, A])),
    ],
)
def test_a_text_is_parsed_into_a_tree(text: str, tree: query.Query | None) -> None:
    """A text is parsed into the tree of its words, quotes, and operators."""
    assert read(text).words == tree


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("AND region:South AND", Filter("region", ["South"])),
        ('region:"South"', Filter("region", ["South"])),
        ("region:south", Filter("region", ["South"])),
        ("region:aa", Filter("country", ["AA"])),
        ("year:2010", Filter("year", ["2010"])),
        ("year:2010..2015", Filter("year", low="2010", high="2015")),
        ("year:2010..", Filter("year", low="2010")),
        ("year:..2015", Filter("year", high="2015")),
        ("-year:2010", query.Not(Filter("year", ["2010"]))),
        (
            "region:(south OR north)",
            query.Or([Filter("region", ["South"]), Filter("region", ["North"])]),
        ),
        ("section:Nowhere", Filter("section", ["Nowhere"])),
    ],
)
def test_values_become_filters(text: str, node: query.Query) -> None:
    """A facet value that is typed next to words is a filter, and not a word."""
    parsed = read(f"{text} alpha")
    assert parsed.filters == (node,)
    assert parsed.words == A


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("alpha beta -gamma", query.And([query.Or([A, B]), query.Not(C)])),
        ("alpha AND beta gamma", query.Or([query.And([A, B]), C])),
        ("alpha/beta", query.Or([A, B])),
        ("alpha/beta gamma", query.Or([A, B, C])),
        ("alpha/beta AND gamma", query.And([query.Or([A, B]), C])),
        # A phrase weighs as much as its words, without stop words.
        ('"alpha the beta" gamma', query.Or([COUNTED, COUNTED, C])),
    ],
)
def test_a_text_is_relaxed(text: str, tree: query.Query) -> None:
    """Words and those of compounds match singly. Operators apply to their whole operands."""
    assert read(text, query.Or).words == tree


@pytest.mark.parametrize("text", ["year:2015..2010", "year:20..", "year:abc", "year:201*"])
def test_an_impossible_year_is_reported(text: str) -> None:
    """A year or a range that no publication can have is reported with its field."""
    assert read(text).unknown == (UnknownValue("year", text.removeprefix("year:")),)


@pytest.mark.parametrize(
    ("text", "has_operators"),
    [
        ("alpha beta", False), ('"alpha beta" gam*', False), ("title:alpha region:South", False),
        ("alpha OR", False), ("alpha - beta", False), ("alpha OR beta", True), ("-alpha", True),
        ("NOT alpha", True), ("(alpha)", True), ("title:(alpha)", True), ("alpha AND beta", True),
    ],
)  # fmt: skip
def test_operators_are_reported(text: str, has_operators: bool) -> None:
    """A parsed query reports whether it has operators, exclusions, or parentheses."""
    assert read(text).has_operators is has_operators


def test_a_sentence_in_capitals_has_no_operators() -> None:
    """AND is a word of a long sentence in capitals, and an operator among few words in capitals."""
    sentence = read("THE ALPHA AND THE BETA OF GAMMA ALPHA", query.Or)
    assert sentence.words == query.Or([A, B, C, A])
    assert not sentence.has_operators
    assert read("ALPHA AND BETA GAMMA ALPHA BETA", query.Or).has_operators
    assert read("the ALPHA AND BETA GAMMA ALPHA BETA BETA", query.Or).has_operators


def test_words_are_split_only_among_few_words() -> None:
    """A rare word may be split in two only among few words, whatever joins them."""
    counted = WordList(CATALOGUE, {"cyber": 20, "crime": 20})

    def is_parted(text: str) -> bool:
        tree = parse(text, counted, NAMES, query.And).words
        words = (part for clause in clauses(tree) for part in list_words(clause.parts))
        return any(isinstance(part, Phrase) for part in words)

    rest = [f"w{number}" for number in range(MAX_COMPOUND_PIECES)]
    assert is_parted("cybercrime OR alpha")
    assert not is_parted(" ".join(["cybercrime", *rest]))
    assert not is_parted(" OR ".join(["cybercrime", *rest]))
    assert is_parted(f"(cybercrime) OR ({' '.join(rest)} beta)")


def test_empty_parentheses_are_parsed_in_linear_time() -> None:
    """Nested parentheses without words are parsed once each."""
    nested = "(" * MAX_DEPTH + "the" + ")" * MAX_DEPTH
    assert read(f"{nested} alpha").words == query.And([word("the"), A])
    assert read("(" * MAX_DEPTH + ")" * MAX_DEPTH).words is None


@pytest.mark.parametrize(
    ("text", "likeness", "edits", "said"),
    [
        ("alpha~", "alpha", 1, "alpha~"),
        ("Alphä~1", "alpha", 1, "alpha~"),
        ("alpha~2", "alpha", 2, "alpha~2"),
        ("title:alpha~2", "alpha", 2, "alpha~2"),
    ],
)
def test_a_tilde_makes_a_fuzzy_match(text: str, likeness: str, edits: int, said: str) -> None:
    """A tilde after a word allows one or two other letters, but not in the first place."""
    leaf = read(text).words
    assert isinstance(leaf, Clause)
    assert leaf.text == said
    fields = frozenset({"title"}) if text.startswith("title") else FIELDS
    assert leaf.parts == (Fuzzy(likeness, fields, edits),)


def test_only_the_last_word_of_a_compound_is_fuzzy() -> None:
    """The words before the last one of a compound with a tilde are plain, also stop words."""
    tree = read("the-beta-alpha~").words
    assert isinstance(tree, query.And)
    the, beta, alike = tree.subqueries
    assert (the, beta) == (word("the"), B)
    assert alike.text == "alpha~"
    titled = read("title:beta-alpha~").words
    assert isinstance(titled, query.And)
    assert titled.subqueries[0] == word("beta", "title")
    assert isinstance(read("beta-alpha~", query.Or).words, query.Or)
    assert read("~").words is None
    assert read("alpha~3").words == piece("alpha", "3")


@pytest.mark.parametrize(
    ("text", "said"),
    [("Alph*", "alph*"), ("*ing", "*ing"), ("al***a", "al***a"), ("title:alph*", "alph*")],
)
def test_a_prefix_and_a_wildcard_keep_the_typed_text(text: str, said: str) -> None:
    """A prefix and a wildcard keep the typed text, folded."""
    leaf = read(text).words
    assert isinstance(leaf, Clause)
    assert leaf.text == said


def test_a_name_of_several_values_matches_any_of_them() -> None:
    """A name that several values share is a filter for any of them."""
    both = Names(lambda field, _: ["N", "S"] if field.name == "region" else [])
    (filtered,) = parse("region:side alpha", VOCABULARY, both, query.And).filters
    assert filtered == Filter("region", ["N", "S"])


def test_a_range_may_cover_one_year() -> None:
    """A range may start and end with the same year. After another field it is text."""
    parsed = read("year:2010..2010 alpha")
    assert parsed.filters == (Filter("year", low="2010", high="2010"),)
    assert read("section:2010..2015 alpha").unknown == (UnknownValue("section", "2010..2015"),)


def test_only_parentheses_that_are_too_deep_are_left_out() -> None:
    """Parentheses are parsed up to a depth, and the words next to them are parsed too."""
    deep = "(" * (MAX_DEPTH + 1) + "alpha" + ")" * (MAX_DEPTH + 1)
    assert read(f"{deep} beta").words in (B, query.And([A, B]))
    assert read("(" * MAX_DEPTH + "alpha" + ")" * MAX_DEPTH + " beta").words == query.And([A, B])


def test_a_relaxed_query_keeps_its_filters() -> None:
    """A filter joined to a word by AND remains a filter if the query is relaxed."""
    parsed = read("alpha AND region:South beta", query.Or)
    assert parsed.words == query.Or([A, B])
    assert parsed.filters == (Filter("region", ["South"]),)


def test_an_unknown_value_is_reported() -> None:
    """An unknown value after the name of a facet is reported with the facet."""
    assert read("section:Maps alpha").unknown == (UnknownValue("section", "Maps"),)


def test_the_limit_counts_words_of_phrases_and_compounds() -> None:
    """The limit counts words, also those within quotes or joined by hyphens."""
    assert read("-".join(["alpha"] * (MOST_WORDS + 5))).ignored == 5
    assert read('"' + "alpha " * (MOST_WORDS + 3) + '"').ignored == 3
    pairs = read('"alpha beta" ' * (MOST_WORDS // 2 + 2) + "title:gamma")
    assert pairs.ignored == 5
    assert pairs.words == query.And([phrase("alpha", "beta")] * (MOST_WORDS // 2))


def test_the_commonest_words_over_the_limit_are_left_out() -> None:
    """A query over the limit loses its commonest words, as whole tokens, and no others."""
    counted = WordList(CATALOGUE, {"alpha": 9, "beta": 5, "gamma": 7}, other=1)
    rare = [f"w{number}" for number in range(MOST_WORDS - 2)]
    text = " ".join(["alpha-gamma", *rare, "beta", "alpha", "gamma", "-delta"])
    parsed = parse(text, counted, NAMES, query.And)
    assert parsed.ignored == 4
    assert [clause.text for clause in clauses(parsed.words)] == [*rare, "beta"]


def test_words_over_the_limit_are_counted() -> None:
    """A query over the limit reports the number of words that were left out."""
    parsed = read("alpha " * (MOST_WORDS + 7))
    assert len(list(clauses(parsed.words))) == MOST_WORDS
    assert parsed.ignored == 7


def test_parentheses_have_a_maximum_depth() -> None:
    """Parentheses of any depth are parsed without an error."""
    assert read("(" * 5000 + "alpha" + ")" * 5000).words in (None, A)
    assert read("(" * MAX_DEPTH + "alpha" + ")" * MAX_DEPTH).words == A


PIECES = st.sampled_from(
    ["alpha", "beta*", "the", "AND", "OR", "NOT", "ANDNOT", "(", ")", '"', "-", "title:", "year:",
     "2010..2015", "region:", "South", "*", "x^0", "~", "[* TO 2005]", "a:b:c", "\x00", "é", "中文",
     "\ud800", "”", "'", "\\", "+", "||", "&&", "year:2010..", "..", ":", "::", "-(", 'title:"']
)  # fmt: skip


@given(st.text() | st.lists(PIECES, max_size=30).map(" ".join) | st.lists(PIECES).map("".join))
def test_any_text_is_a_query(text: str) -> None:
    """Any text becomes a tree, joined by And or Or, without an error."""
    for joined in (query.And, query.Or):
        parsed = read(text, joined)
        assert parsed.words is None or isinstance(parsed.words, query.Query)


@given(
    words=st.lists(st.sampled_from(("Alpha", "beta", "the", "OF", "and", "2009", "x1", "who")),
                   max_size=6),
    space=st.sampled_from((" ", "  ", "\t", " \n")),
    joined=st.sampled_from((query.And, query.Or)),
)  # fmt: skip
def test_the_shortcut_for_plain_words_matches_the_grammar(
    words: list[str], space: str, joined: type[query.CompoundQuery]
) -> None:
    """Plain words skip the grammar, and give the same tree as with a full stop after them."""
    plain = read(space.join(words), joined)
    full = read(space.join([*words, "."]), joined)
    assert repr(plain) == repr(full)
    assert [leaf.text for leaf in clauses(plain.words)] == [
        leaf.text for leaf in clauses(full.words)
    ]


def test_a_phrase_has_the_stems_of_one_language() -> None:
    """The words of a phrase have the stems of one language at a time, never mixed."""
    spoken = ("en", "es", "fr")
    many = WordList(CATALOGUE, other=1, languages=spoken)
    tree = parse('"nuestras explotaciones"', many, NAMES, query.And).words
    assert isinstance(tree, Clause)
    said = {part.stems for part in tree.parts if isinstance(part, Phrase)}
    assert said == {
        tuple(stemming.stem(raw, each) for raw in ("nuestras", "explotaciones")) for each in spoken
    }
