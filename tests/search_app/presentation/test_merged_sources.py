"""A publication that was merged from several sources names all of them."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.jobs.importer import import_files
from search_app.cli.commands import commands
from tests.search_app.web.reading import fetch, open_corpus, read_page

RIS = """TY  - JOUR
TI  - River shells
PY  - 2014
DO  - 10.1234/5
ER  -
TY  - JOUR
TI  - Annual report
PY  - 2014
ER  -
"""
BIBTEX = """@article{k, title = {River Shells}, doi = {10.1234/5}, pmid = {77}}
@report{l, title = {Annual report}, year = 2014}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.ris").write_text(RIS, "utf-8")
    (tmp_path / "b.bib").write_text(BIBTEX, "utf-8")
    import_files([tmp_path / "a.ris", tmp_path / "b.bib"], tmp_path / "corpus")
    return tmp_path


def test_the_api_names_all_sources(folder: Path) -> None:
    client = open_corpus(folder / "corpus")
    identity = "river-shells-2014"
    page = read_page(client, f"/publication/{identity}")
    assert "a.ris" not in page.text
    body = fetch(client, f"/api/publication/{identity}")
    assert body["source"] == {"file": "a.ris", "line": 1}
    assert body["other_sources"] == [{"file": "b.bib", "line": 1}]
    assert page.find("a", href="https://pubmed.ncbi.nlm.nih.gov/77/") is not None


def test_no_response_has_a_path_of_the_server(tmp_path: Path) -> None:
    for name, text in (("a.ris", RIS), ("b.bib", BIBTEX)):
        (tmp_path / name).write_text(text, "utf-8")
    names = [tmp_path / "a.ris", tmp_path / "b.bib"]
    import_files(names, tmp_path / "corpus", title="Shells", in_place=True)
    client = open_corpus(tmp_path / "corpus")
    body = fetch(client, "/api/publication/river-shells-2014")
    assert body["source"] == {"file": "a.ris", "line": 1}
    assert body["other_sources"] == [{"file": "b.bib", "line": 1}]
    for rule in client.application.url_map.iter_rules():
        template = re.sub("<path:.*?>", "river-shells-2014", rule.rule)
        for name in ("csv", "jsonl", "ris") if "GET" in (rule.methods or ()) else ():
            response = client.get(re.sub("<.*?>", name, template), query_string={"q": "river"})
            assert str(tmp_path) not in response.text, response.request.url


def test_a_build_says_what_was_merged_and_what_was_not(folder: Path) -> None:
    """The command names the number of merged records, and titles that only look like duplicates."""
    arguments = ["build", "--corpus", str(folder / "corpus"), "--index", str(folder / "index")]
    output = CliRunner().invoke(commands, arguments).output
    assert "1 record was merged with another of the same title and DOI, PMID, or ISBN." in output
    assert (
        "2 publications share title and year, but no key: “Annual report” (2014, 2 times)" in output
    )
