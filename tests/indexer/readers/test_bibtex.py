"""BibTeX and BibLaTeX are read with macros, parents, LaTeX, and mistakes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.limits import Limits
from indexer.readers.formats import bibtex
from indexer.readers.formats.bibtex.latex import decode_latex
from indexer.values.publication_types import group_by_csl_type
from tests.indexer.readers.reading import choose, list_pairs, map_fields, read_records

ENTRY = """@article{moss99,
  author = {Moss, Ada and Lind, Bo},
  title = {Rivers},
  year = 1999
}
"""
COLUMNS = [
    ("entry type", "article"), ("key", "moss99"), ("author", "Moss, Ada"), ("author", "Lind, Bo"),
    ("title", "Rivers"), ("year", "1999"),
]  # fmt: skip
PARENTS = """@string{pub = "Fjord Press"}
@inproceedings{child, title = {Salt}, crossref = {Parent}, year = 2000}
@article{other, title = {Alone}, xdata = {shared}}
@proceedings{parent, title = {Proceedings}, year = 1999, publisher = pub, doi = {10.1000/p}}
@xdata{shared, journal = {Water}}
"""


NOTATIONS = [
    ENTRY,
    ENTRY.replace("\n", " "),
    ENTRY.replace("{Rivers}", '"Rivers"').replace("1999\n", "{1999},\n"),
    ENTRY.replace("@article{", "@Article ( ").replace("1999\n}", "1999\n)"),
    ENTRY.replace("@article{", "@article\n{"),
    ENTRY.replace("title", "TITLE").replace("},\n", "} ,\n,"),
    ENTRY.replace("and", "and\n   ").replace(" = ", "="),
    ENTRY.replace("},\n  title", "}\n  title"),
    ENTRY.replace("Bo}", "Bo and others}"),
    "\ufeff" + ENTRY,
    "% Encoding: UTF-8\n\n" + ENTRY,
    "This file was written by a program.\n\n" + ENTRY,
    '@string{a = "b"}\n@preamble{"x"}\n' + ENTRY,
    ENTRY.replace("},\n  title", "}, % two\n  % note = {a},\n  title"),
    "@comment{@book{hidden, title = {X}}}\n" + ENTRY + "% @book{hidden,\n",
    "@comment{\n@book{hidden,\n title = {X}\n}\n}\n" + ENTRY,
]


@pytest.mark.parametrize("text", NOTATIONS)
def test_notations_give_the_same_columns(text: str) -> None:
    assert list_pairs(text, "bibtex") == [COLUMNS]


@pytest.mark.parametrize("filename", ["refs.bib", "refs.txt", "refs", "refs.csv", "refs.ris"])
def test_bibtex_is_recognized_by_its_first_entry(filename: str) -> None:
    for text in (*NOTATIONS, ENTRY.replace("moss99", ""), ENTRY.replace("\n", "\r")):
        assert choose(text, filename) is bibtex


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (ENTRY, 90),
        ("Notes\n" + ENTRY, 80),
        ("# Title\n\n```bibtex\n" + ENTRY, 30),
        ("<html><pre>\n" + ENTRY, 30),
        ("@media print { a { color: red } }", None),
        ("person@example.org {", None),
    ],
)
def test_a_quoted_entry_is_weak_evidence(text: str, score: int | None) -> None:
    evidence = bibtex.detect("a", text.encode())
    assert (evidence and evidence.score) == score


def test_keys_may_repeat_or_be_missing() -> None:
    text = (
        "@misc{a, title={1}}\n@misc{a, title={2}} @misc{title={3}}\n@misc{,title={4}}\n"
        "@misc{b c, title={5}}"
    )
    keys = [dict(entry).get("key") for entry in list_pairs(text, "bibtex")]
    assert keys == ["a", "a", None, None, "b c"]
    assert [record.line for record in read_records(text, "bibtex").records] == [1, 2, 2, 3, 4]


def test_an_open_comment_is_reported() -> None:
    records, [problem] = read_records(f"{ENTRY}@comment{{ {{\n{ENTRY}", "bibtex")
    assert (len(records), problem.line, problem.what) == (1, 6, "the comment has no closing brace")


@pytest.mark.parametrize(
    ("subtype", "expected"),
    [
        ("magazine", [("entry type", "article magazine")]),
        ("review", [("entry type", "review")]),
        ("classical", [("entry type", "article"), ("entrysubtype", "classical")]),
    ],
)
def test_a_known_subtype_is_the_type(subtype: str, expected: list[tuple[str, str]]) -> None:
    text = f"@article{{,\n entrysubtype = {{{subtype}}}\n}}\n"
    assert list_pairs(text, "bibtex") == [expected]


@pytest.mark.parametrize(("kinds", "expected"), [
    ("book collection mvbook mvcollection reference mvreference manual proceedings mvproceedings",
     "book"),
    ("inbook incollection bookinbook suppbook suppcollection", "chapter"),
    ("inproceedings conference", "paper-conference"), ("inreference", "entry-encyclopedia"),
    ("article suppperiodical", "article-journal"), ("online electronic www", "webpage"),
    ("report techreport", "report"), ("thesis phdthesis mastersthesis", "thesis"),
    ("letter", "personal_communication"), ("audio music", "song"), ("unpublished", "manuscript"),
])  # fmt: skip
def test_every_kind_of_entry_has_its_type(kinds: str, expected: str) -> None:
    types = {name: csl for csl, names in group_by_csl_type().items() for name in names}
    for kind in kinds.split():
        values = map_fields(f"@{kind}{{a, title = {{Salt}}, number = 7}}", "bibtex")
        assert [types[name] for name in values["type"]] == [expected], kind
        if expected in ("book", "chapter") and kind != "manual":
            assert values["series_number"] == ["7"], kind


def test_macros_are_expanded_and_parts_joined() -> None:
    text = (
        '@STRING{Pub = {Fjord }}\n@string{all = pub # "Press"}\n'
        '@book{b, publisher = ALL, month = mar # "~" # 5, note = unknown, edition = 2}'
    )
    assert list_pairs(text, "bibtex") == [
        [
            ("entry type", "book"), ("key", "b"), ("publisher", "Fjord Press"),
            ("month", "March 5"), ("note", "unknown"), ("edition", "2"),
        ]
    ]  # fmt: skip


def test_children_inherit_from_parents_after_them() -> None:
    """A child inherits missing fields from its parents. `@xdata` is not a record."""
    child, other, parent = list_pairs(PARENTS, "bibtex")
    assert child == [
        ("entry type", "inproceedings"), ("key", "child"), ("title", "Salt"),
        ("crossref", "Parent"), ("year", "2000"), ("booktitle", "Proceedings"),
        ("publisher", "Fjord Press"),
    ]  # fmt: skip
    assert other[-1] == ("journal", "Water")
    assert parent[1] == ("key", "parent")


def test_circular_and_missing_parents_are_harmless() -> None:
    """Entries may be parents of each other. A missing parent is reported."""
    text = "@book{a, crossref = {b}, title={A}}\n@book{b, crossref = {a}, year = 1, note={x}}\n"
    assert len(list_pairs(text, "bibtex")) == 2
    found = read_records("\n@book{a, crossref = {gone}, title={A}}", "bibtex")
    [problem] = found.problems
    assert (problem.line, "'gone'" in problem.what) == (2, True)
    assert found.columns()["title"] == ["A"]


@pytest.mark.parametrize(
    ("text", "fields", "line", "what"),
    [
        ("title = {A},\n  year = {1,\n note = {n}\n}\n", ["title", "year"], 1, "no closing brace"),
        ("title = {A},\n  year = {1\n", ["title"], 1, "'year' has no closing brace"),
        ('title = {A},\n  year = "1,\n note = {n}\n}\n', ["title"], 4, "'year' has a mistake"),
        ("title = {A},\n  year = {1}\n", ["title", "year"], 1, "the entry has no closing"),
        ("title = {A}},\n  year = {1}\n}\n", ["title"], 1, "before the field 'year'"),
        ("title = {A},\n  nonsense\n year = {1}\n}\n", ["title"], 3, "'nonsense' has a mistake"),
        ("title = {A},\n  year = ,\n note = {n}\n}\n", ["title"], 2, "'year' has a mistake"),
    ],
)
def test_a_mistake_costs_the_rest_of_an_entry_only(
    text: str, fields: list[str], line: int, what: str
) -> None:
    found = read_records(f"@misc{{a, {text}{ENTRY}", "bibtex")
    [problem] = found.problems
    assert (problem.line, problem.entry, what in problem.what) == (line, "a", True)
    assert [*found.columns(0)] == ["entry type", "key", *fields]
    assert found.columns(1) == read_records(ENTRY, "bibtex").columns()


def test_the_default_mapping_fills_the_fields() -> None:
    film = "@video{k, title={A}, director={Moss, Ada}}"
    assert map_fields(film, "bibtex")["contributors"] == ["Moss, Ada"]
    classic = "year=1999, month=mar, address={Oslo}, langid={ngerman}"
    modern = "date={1999-03}, location={Oslo}, langid={langgerman}"
    for fields in (classic, modern):
        text = f"@book{{k, title={{A}}, author={{Moss, Ada}}, {fields}}}"
        assert map_fields(text, "bibtex") == {
            "id": ["k"], "title": ["A"], "authors": ["Moss, Ada"], "year": ["1999"],
            "date": ["1999-03"], "place": ["Oslo"], "type": ["Book"], "language": ["de"],
        }  # fmt: skip


@pytest.mark.parametrize("abstract", ["x" * 400, "x\n" * 200])
def test_a_large_entry_is_reported_and_the_others_are_read(abstract: str) -> None:
    text = f"{ENTRY}{ENTRY}@misc{{big, abstract = {{{abstract}}}}}\n{ENTRY}"
    found = read_records(text, "bibtex", Limits(largest_line=300))
    [problem] = found.problems
    assert (problem.line, "more than 300 bytes" in problem.what) == (11, True)
    assert [found.columns(number)["title"] for number in range(3)] == [["Rivers"]] * 3


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("author", "Moss, Ada AND Bo Lind", ["Moss, Ada", "Bo Lind"]),
        ("author", "{United and Friends} and Moss, A.", ["{United and Friends}", "Moss, A."]),
        ("author", "{{WHO}}", ["{WHO}"]),
        ("author", "{Barnes and Noble} Inc.", ["Barnes and Noble Inc."]),
        ("author", '{\\"O}zt{\\"u}rk, {\\c{C}}a\\u{g}lar', ["Öztürk, Çağlar"]),
        ("author", "{Moss-Lind}, Ada", ["Moss-Lind, Ada"]),
        ("author", "Ada {Moss Lind}", ["Moss Lind, Ada"]),
        ("author", "Moss, Ada and others", ["Moss, Ada"]),
        ("author", "family=Ruiz, given=Ana, prefix=de la and X, Y", ["de la Ruiz, Ana", "X, Y"]),
        ("author", "and Moss, Ada and", ["Moss, Ada"]),
        ("keywords", "a, b c", ["a", "b c"]),
        ("keywords", "a, b; c", ["a, b", "c"]),
        ("keywords", "{a, b}, c", ["a, b", "c"]),
        ("keywords", "{a, b}", ["a", "b"]),
        ("keywords", "{{a; b}}, c", ["a; b", "c"]),
        # A URL keeps its tildes, underscores, and hyphens, without the escapes of LaTeX.
        ("url", r"http://x.org/~b{\_}c\_d--e\%20", ["http://x.org/~b_c_d--e%20"]),
        ("doi", r"10.1/a\_b", ["10.1/a_b"]),
        # A blank line in an abstract separates paragraphs.
        ("abstract", "One\n  two.\n\n  Three.", ["One two.\n\nThree."]),
        ("title", "A\n  b", ["A b"]),
        # The names of the package babel and of BibLaTeX.
        ("langid", "ngerman", ["German"]), ("langid", "american", ["English"]),
        ("langid", "langfrench", ["french"]), ("langid", "es", ["es"]),
    ],
)  # fmt: skip
def test_values_become_plain_text(field: str, text: str, expected: list[str]) -> None:
    [columns] = list_pairs(f"@misc{{a, {field} = {{{text}}}}}", "bibtex")
    assert [value for name, value in columns if name == field] == expected


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        ("plain", "plain"),
        (r"{\"u}ber \"Uber", "über Über"),
        (r"\'{\i} \'\i{} {\'e}t\'e \c{c} \v Sk \^{\i}le \~n \H{o} \k{a}", "í í été ç Šk île ñ ő ą"),
        (r"\ss{} {\ae} \O re \L{}ód\'z \aa", "ß æ Øre Łódź å"),
        (r"The {{DNA}} of {\LaTeX} \emph{and} \textsc{more}", "The DNA of LaTeX and more"),
        (r"50\% \& \$5 \# \_x \{y\}", "50% & $5 # _x {y}"),
        (r"Fe$_2$O$_3$ and $x^{2}$, $\alpha$-ray, 50$^\circ$C", "Fe₂O₃ and x², α-ray, 50°C"),
        (r"H\textsubscript{2}O 10\textsuperscript{3}", "H₂O 10³"),
        ("from $5 to $6 a day", "from $5 to $6 a day"),
        ("pages 3--7 --- ``quoted''~text", "pages 3–7 — “quoted” text"),
        (r"\url{https://x.org/~a_b--c} \href{https://x.org}{here}", "https://x.org/~a_b--c here"),
        (r"$<$i$>$Salmo$<$/i$>$ \textless{}b\textgreater{}", "<i>Salmo</i> <b>"),
        (r"\unknown{kept} \textendash\ and \dots", "kept – and …"),
        (r"{\noopsort{b}}1973 \enquote{quoted} \textcommabelow{s} \'{ω}", "1973 “quoted” ș ώ"),
        ("\\", "\\"),
        ("{\\", "\\"),
    ],
)  # fmt: skip
def test_latex_becomes_text(latex: str, plain: str) -> None:
    assert decode_latex(latex) == plain


@given(st.text(st.sampled_from("\\{}$^_\"'`~-%a1 cu\n"), max_size=40))
def test_any_latex_becomes_text(latex: str) -> None:
    assert isinstance(decode_latex(latex), str)
