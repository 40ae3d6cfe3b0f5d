"""Hostile queries, values, and ids: a cluster responds as a local index, and runs nothing of them.

Every text is data of a term, never a part of a query in text form, of a script, or of the name of
an index.
"""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from indexer.ingest.corpus import NO_PROGRESS
from indexer.jobs import build
from search_app import config, create_app
from search_app.cli import serving
from search_app.engine import Engine, SearchRequest
from search_app.web.app import make_engine
from tests.opensearch.cluster import Cluster
from tests.opensearch.generations import delete_all
from tests.opensearch.serving import BUDGET, compare, write_corpus
from tests.tiers import examples

pytestmark = pytest.mark.thorough

NAME = "hostile"
TEXTS = (
    '"', '"border', "border|people", '"border|people"', "|", "||", "a|", "_exists_:record",
    "_exists_:title", "_id:1", "_index:*", "_source:border", "*:*", "record:border",
    "stems.title:border", "title:/bor.*/", "/.*/", "border~99", "[* TO *]", "title:[a TO z]",
    '{"match_all": {}}', '"}},{"query":{"match_all":{}}}', 'border"}}\n{}\n{"query":{}}',
    "border\n{}", "params.x", "${border}", "'; System.exit(0); '", "doc['year'].value", "\\\\",
    'border\\"', "border\\", "bor\x00der", "\x00", "\x01\x02\x1f", "\x7f\x85\u2028\u2029",
    "\ufeffborder", "\u202eredrob", "border\U0010ffff", "\ue000border\ue000", "border\u200bpeople",
    "x" * 8000, "x" * 7999 + "*", "é" * 4000, "ﬃ" * 3000, '"' + "border " * 300 + '"', "(" * 300,
    "../_all/_search", "hostile-*", "<border>", "%00", "border AND", "NOT border", "-border",
    "AND", "()", "bor?er", "?", "*", "**", "b*r*d*e*r", "border^99", "+border -border",
)  # fmt: skip
"""Queries. Some are those of the cluster itself, in its languages and for its fields."""
VALUES = (
    "Tools|Papers",
    "none",
    "_exists_",
    '"Tools"',
    "Tools\x00",
    "x" * 8001,
    "*",
    "",
    "é\ud800",
)
"""Values of facets and ids of publications, with one lone surrogate."""
SURROGATES = ("\ud800", "bor\udfffder", '"border \ud800"', "\udc80*", "title:\ud800", "\ud83d")


class Stores(NamedTuple):
    """The same publications in a folder and in a cluster."""

    engines: tuple[Engine, Engine]
    clients: tuple[FlaskClient, FlaskClient]


@pytest.fixture(scope="module")
def stores(single_node: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    folder = tmp_path_factory.mktemp("hostile")
    write_corpus(folder / "corpus", 40, "first")
    build.build(folder / "corpus", folder / "local")
    url = f"opensearch+{single_node.nodes[0].url}/{NAME}"
    both = [
        config.load({}, corpus=folder / "corpus", index=index, work=folder / "work", shards=2,
                    budget=BUDGET)
        for index in (folder / "local", url)
    ]  # fmt: skip
    serving.build(both[1], NO_PROGRESS)
    local, cluster = map(make_engine, both)
    clients = (create_app(both[0], local).test_client(), create_app(both[1], cluster).test_client())
    yield Stores((local, cluster), clients)
    delete_all(single_node.client, NAME)


def compare_responses(stores: Stores, target: str) -> None:
    local, cluster = (client.get(target) for client in stores.clients)
    assert local.status_code < 500
    assert (local.status_code, compare(local.text)) == (cluster.status_code, compare(cluster.text))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_hostile_query_has_the_hits_of_a_local_index(stores: Stores, text: str) -> None:
    for parameters in ("&explain=1", "&exact=1&sort=newest", "&match=any&section=Tools"):
        compare_responses(stores, f"/api/search?q={quote(text)}&size=100{parameters}")
    compare_responses(stores, f"/api/suggest?q={quote(text)}")


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_a_hostile_value_selects_what_it_selects_locally(stores: Stores, value: str) -> None:
    quoted = quote(value, errors="surrogatepass")
    for target in ("section=", "q=border&size=100&region=", "year="):
        compare_responses(stores, f"/api/search?{target}{quoted}")
    compare_responses(stores, f"/api/publication/{quoted}")


@pytest.mark.parametrize("text", SURROGATES, ids=range(len(SURROGATES)))
def test_a_lone_surrogate_is_a_character_without_hits(stores: Stores, text: str) -> None:
    """A text that is not valid Unicode, which no URL has, gives the same results."""
    found = [engine.search(SearchRequest(text, size=100)) for engine in stores.engines]
    assert found[0].total == found[1].total
    ids = [{hit.publication.id for hit in results.hits} for results in found]
    assert ids[0] == ids[1]
    assert found[0].facets == found[1].facets


@examples(60)
@given(st.lists(st.sampled_from([text for text in TEXTS if len(text) < 100]), max_size=4))
def test_combined_hostile_texts_have_the_hits_of_a_local_index(
    stores: Stores, texts: list[str]
) -> None:
    compare_responses(stores, f"/api/search?q={quote(' '.join(texts))}&size=100")
