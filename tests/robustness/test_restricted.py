"""No URL gives out the files of a restricted publication, or a word of them."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import product
from urllib.parse import quote, unquote

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from search_app.export.registry import FORMATS
from search_app.web.oai import FORMATS as PREFIXES
from search_app.web.oai import VERBS
from tests.search_app.web.reading import fetch, open_corpus

CATALOGUE = """\
title = "Reports"
description = "Reports on the sea."
files = "serve"
field = [
    { name = "title", label = "Title", kind = "text", role = "title", weight = 2.5 },
    { name = "access", label = "Access", facet = 1, restricted = ["on request"] },
    { name = "file", label = "Files", kind = "file", several = true },
    { name = "fulltext", label = "Full text", kind = "fulltext", weight = 0.3 },
]
"""
RECORDS = """\
{"id": "open", "title": "A harbor", "access": "open", "file": ["lagoonplan.txt"]}
{"id": "closed", "title": "A port", "access": "On request.", "file": ["zyzzyva.txt"]}
{"id": "named", "title": "A pier", "access": "on request"}
"""
TEXTS = {
    "lagoonplan": "The vault keeps a lighthouse.",
    "zyzzyva": "The vault keeps a quokkafarm.",
    "named": "The vault keeps a wombatnest.",
}
IDS = ("open", "closed", "named")
NAMES = {"exports": (*FORMATS,), "pages": ("access", "file", "fulltext")}
"""The values of the argument `name` of routes, by blueprint."""
PARAMETERS = (
    "", "q=vault&explain=1", "q=fulltext:keeps&find=vault", "q=harbor+port+pier", "q=quokafarm",
    "q=lighthous*", "q=quokkafar*", "q=zyzz", "&".join(f"id={each}" for each in IDS),
    "id=closed&format=jsonl", "id=closed&format=mods",
)  # fmt: skip
"""Query strings. None contains a word of a file as a whole."""
REQUESTS_OF_OAI = (
    *(f"verb={verb}" for verb in VERBS),
    *(f"verb=ListRecords&metadataPrefix={prefix}" for prefix in PREFIXES),
    *(
        f"verb=GetRecord&metadataPrefix={prefix}&identifier={quote(f'oai:localhost:{identity}')}"
        for prefix, identity in product(PREFIXES, IDS)
    ),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    corpus = tmp_path_factory.mktemp("restricted") / "corpus"
    corpus.mkdir()
    (corpus / "catalogue.toml").write_text(CATALOGUE, "utf-8")
    (corpus / "records.jsonl").write_text(RECORDS, "utf-8")
    for name, text in TEXTS.items():
        (corpus / f"{name}.txt").write_text(text, "utf-8")
    return open_corpus(corpus, metrics=True)


def list_addresses(rule: Rule) -> Iterator[str]:
    values = {
        "identity": IDS, "number": ("1",), "path": ("style.css",),
        "name": NAMES.get(rule.endpoint.partition(".")[0], ("report.txt",)),
        "digest": [sha256(text.encode()).hexdigest() for text in TEXTS.values()],
    }  # fmt: skip
    names = [*rule.arguments]
    for chosen in product(*(values[name] for name in names)):
        path = rule.rule
        for name, value in zip(names, chosen, strict=True):
            path = path.replace(f"<path:{name}>", value).replace(f"<{name}>", value)
            path = path.replace(f"<int:{name}>", value)
        for query in REQUESTS_OF_OAI if rule.endpoint == "oai.serve" else PARAMETERS:
            yield f"{path}?{query}"


def find_given_out(client: FlaskClient, rule: Rule) -> set[str]:
    secrets = {
        part
        for name, text in TEXTS.items()
        for part in (f"{name}.txt", text.split()[-1][:-1], sha256(text.encode()).hexdigest())
    }
    found = set()
    for address in list_addresses(rule):
        response = client.get(address, buffered=True)
        assert response.status_code < 500, address
        answer = f"{response.headers}{response.text}"
        found |= {part for part in secrets if part in unquote(answer) and part not in address}
    return found


@pytest.mark.slow
def test_no_url_gives_out_a_restricted_file(client: FlaskClient) -> None:
    rules = [*client.application.url_map.iter_rules()]
    given_out = {rule.endpoint: find_given_out(client, rule) for rule in rules}
    text = TEXTS["lagoonplan"]
    expected = {"lagoonplan.txt", "lighthouse", sha256(text.encode()).hexdigest()}
    assert {name: found - expected for name, found in given_out.items() if found - expected} == {}
    assert set().union(*given_out.values()) == expected


@pytest.mark.parametrize(
    ("query", "ids"),
    [("vault", {"open"}), ("fulltext:keeps", {"open"}), ("harbor OR port OR pier", {*IDS})],
)
def test_restricted_files_count_nowhere(client: FlaskClient, query: str, ids: set[str]) -> None:
    found = fetch(client, f"/api/search?q={quote(query)}")
    assert {hit["id"] for hit in found["hits"]} == ids
    counts = {bucket["value"]: bucket["count"] for bucket in found["facets"]["access"]}
    assert counts.get("on request", 0) == len(ids - {"open"})
