"""Indexes, aliases and data streams of others in a cluster never change, whatever their names."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensearchpy import OpenSearch

from indexer.cluster import load
from indexer.cluster.connection import ClusterError
from indexer.cluster.generations import ClusterGenerations, State
from indexer.cluster.marker import mark_build
from indexer.generations.manifest import Generation, IndexUnusable
from tests.opensearch.cluster import Cluster
from tests.opensearch.generations import build_generation, delete_all, make_titles
from tests.tiers import examples

pytestmark = pytest.mark.thorough

NAME = "shop"
TIME = "20261130t160102123456z"
TAKEN = (NAME, f"{NAME}-builds")
"""Names that nobody else may use."""
FREE = (
    f"{NAME}-202611-prod", f"{NAME}-000001-prod", f"{NAME}-000001-{TIME}",
    f"{NAME}-000001-{TIME}-files", f"{NAME}-000001-{TIME}-copy", f"{NAME}-files", f"{NAME}-lock",
    f"{NAME}-published", f"{NAME}-2-000001-{TIME}", f"{NAME}s", f"{NAME}.{NAME}", "products-1",
)  # fmt: skip
"""Other names that look like those of a catalogue, or lead to its alias."""
MARKS: tuple[dict[str, Any], ...] = (
    {}, {"generation": f"000001-{TIME.upper()}", "format": 1},
    {"pubsearch": {"catalogue": f"{NAME}s"}}, {"pubsearch": NAME},
)  # fmt: skip
"""The `_meta` of indexes of others. One is of another catalogue."""
ALIASES: tuple[dict[str, Any], ...] = (
    {}, {"filter": {"term": {"colour": "red"}}}, {"is_write_index": True}, {"is_hidden": True},
    {"routing": "1"},
)  # fmt: skip


@pytest.fixture(scope="module")
def local_ones(tmp_path_factory: pytest.TempPathFactory) -> list[Generation]:
    """Return six local generations, of which each has a later name than the one before."""
    folder = tmp_path_factory.mktemp("foreign")
    return [
        build_generation(folder / "corpus", folder / str(number), make_titles(3 + number))
        for number in range(6)
    ]


@pytest.fixture
def cluster(single_node: Cluster) -> Iterator[OpenSearch]:
    """Yield a client of a node with nothing but what a test creates."""
    yield single_node.client
    clear(single_node.client)


def clear(client: OpenSearch) -> None:
    client.indices.delete_data_stream(name="*", ignore=404)
    client.indices.delete(index="*", expand_wildcards="all")
    for name in client.indices.get_index_template()["index_templates"]:
        client.indices.delete_index_template(name=name["name"])
    client.indices.delete_template(name="*", ignore=404)


def publish_all(client: OpenSearch, local_ones: list[Generation]) -> None:
    """Publish all generations but the last, with pruning. Roll back, and fail with the last one."""
    generations = ClusterGenerations(client, NAME)

    def fail() -> None:
        raise ClusterError("the build failed", "Build again")

    with TemporaryDirectory() as name:
        folder = Path(name)
        for local in local_ones[:-1]:
            with mark_build(generations, folder) as check_marker:
                load.publish(generations, local, check_marker=check_marker)
        generations.rollback()
        with suppress(ClusterError), mark_build(generations, folder):
            load.publish(generations, local_ones[-1], check_marker=fail)


def is_own(description: Mapping[str, Any]) -> bool:
    mark = description["mappings"].get("_meta", {}).get("pubsearch")
    return isinstance(mark, dict) and mark.get("catalogue") == NAME


def photograph(client: OpenSearch) -> dict[str, Any]:
    indexes = client.indices.get(index="*", expand_wildcards="all")
    found = {name: each for name, each in indexes.items() if not is_own(each)}
    opened = [name for name in found if "verified_before_close" not in str(found[name])]
    counts = {name: client.count(index=name)["count"] for name in opened}
    aliases = sorted({alias for each in found.values() for alias in each["aliases"]})
    leads = {alias: sorted(client.indices.get_alias(name=alias)) for alias in aliases}
    return {
        "indexes": found, "counts": counts, "aliases": leads,
        "streams": client.indices.get_data_stream()["data_streams"],
        "templates": client.indices.get_index_template(), "old": client.indices.get_template(),
    }  # fmt: skip


def list_own(client: OpenSearch) -> list[str]:
    indexes = client.indices.get(index="*", expand_wildcards="all")
    return [name for name, each in indexes.items() if is_own(each)]


def create(client: OpenSearch, index: str, **body: Any) -> None:
    """Create an index of somebody else, with a document."""
    client.indices.create(index=index, body=body)
    client.index(index=index, body={"colour": "red"}, refresh="true")


@pytest.mark.parametrize("meta", MARKS)
def test_indexes_that_look_like_generations_stay(
    cluster: OpenSearch, local_ones: list[Generation], meta: dict[str, Any]
) -> None:
    for index in FREE:
        create(cluster, index, mappings={"_meta": meta})
    before = photograph(cluster)
    publish_all(cluster, local_ones[:3])
    assert photograph(cluster) == before


def take(client: OpenSearch, kind: str, name: str) -> None:
    """Use a name for an index, an alias of several indexes, or a data stream of somebody else."""
    match kind:
        case "index":
            create(client, name)
        case "closed index":
            create(client, name)
            client.indices.close(index=name)
        case "hidden index":
            create(client, name, settings={"index.hidden": True})
        case "alias":
            create(client, "products-1", aliases={name: {}})
        case "alias of a closed index":
            create(client, "products-1", aliases={name: {}})
            client.indices.close(index="products-1")
        case "alias of two indexes":
            create(client, "products-1", aliases={name: {"is_write_index": True}})
            create(client, "products-2", aliases={name: ALIASES[1]})
        case "hidden alias":
            create(client, f"{NAME}-202611-prod", aliases={name: {"is_hidden": True}})
        case "data stream":
            body = {"index_patterns": [f"{name}*"], "data_stream": {}, "priority": 1}
            client.indices.put_index_template(name=name, body=body)
            client.indices.create_data_stream(name=name)


KINDS = (
    "index", "closed index", "hidden index", "alias", "alias of a closed index",
    "alias of two indexes", "hidden alias", "data stream",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TAKEN)
def test_a_name_of_somebody_else_is_refused(
    cluster: OpenSearch, local_ones: list[Generation], kind: str, name: str
) -> None:
    take(cluster, kind, name)
    before = photograph(cluster)
    with pytest.raises(ClusterError, match=f"did not make the .*{name}.*another name"):
        publish_all(cluster, local_ones[:2])
    with pytest.raises(ClusterError, match=f"did not make the .*{name}"):
        ClusterGenerations(cluster, NAME).rollback()
    assert photograph(cluster) == before
    assert list_own(cluster) == []


@pytest.mark.parametrize("kind", ["index", "alias", "alias of two indexes"])
def test_a_name_that_is_taken_during_the_load_is_refused(
    cluster: OpenSearch, local_ones: list[Generation], kind: str
) -> None:
    with pytest.raises(ClusterError, match=f"did not make the .*{NAME}"):
        load.publish(
            ClusterGenerations(cluster, NAME), local_ones[0],
            check_marker=lambda: take(cluster, kind, NAME),
        )  # fmt: skip
    reference = photograph(cluster)["aliases"]
    assert all(not set(indexes) & set(list_own(cluster)) for indexes in reference.values())


def test_a_name_that_is_taken_at_the_last_moment_is_refused(
    cluster: OpenSearch, local_ones: list[Generation], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even after the last check, the alias of somebody else gets no index of a catalogue."""
    generations, claim = ClusterGenerations(cluster, NAME), ClusterGenerations.claim
    claimed: list[State] = []

    def claim_first(of_name: ClusterGenerations) -> State:
        claimed.append(claim(of_name))
        if len(claimed) == 2:  # the one before the alias is set
            take(cluster, "alias", NAME)
        return claimed[-1]

    monkeypatch.setattr(ClusterGenerations, "claim", claim_first)
    with pytest.raises(ClusterError, match="already exists as alias"):
        load.publish(generations, local_ones[0])
    assert list(cluster.indices.get_alias(name=NAME)) == ["products-1"]


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize("pattern", [f"{NAME}-b*", f"{NAME}-0*", f"{NAME}-*files", NAME])
def test_a_template_adds_no_index_to_an_alias(
    cluster: OpenSearch, local_ones: list[Generation], pattern: str, is_old: bool
) -> None:
    """If a template of somebody else would add an index to their alias, the build fails."""
    part: dict[str, Any] = {"aliases": {"all-shops": {}}}
    create(cluster, "products-1", **part)
    if is_old:
        body = {"index_patterns": [pattern], **part}
        cluster.indices.put_template(name="theirs", body=body)
    else:
        body = {"index_patterns": [pattern], "template": part}
        cluster.indices.put_index_template(name="theirs", body=body)
    before = photograph(cluster)
    with pytest.raises(ClusterError, match="a template of the cluster adds"):
        publish_all(cluster, local_ones[:2])
    assert photograph(cluster) == before
    with pytest.raises(IndexUnusable):
        ClusterGenerations(cluster, NAME).read_live_name()


def test_an_index_that_is_added_to_the_alias_later_is_kept(
    cluster: OpenSearch, local_ones: list[Generation]
) -> None:
    publish_all(cluster, local_ones[:3])
    create(cluster, f"{NAME}-202611-prod", aliases={NAME: {}})
    before, own = photograph(cluster)["indexes"], list_own(cluster)
    with pytest.raises(ClusterError, match=f"the alias {NAME} of the index {NAME}-202611-prod"):
        publish_all(cluster, local_ones[3:])
    assert photograph(cluster)["indexes"] == before
    assert list_own(cluster) == own


@given(
    indexes=st.dictionaries(
        st.sampled_from((*FREE, *TAKEN)),
        st.tuples(
            st.sampled_from(MARKS),
            st.dictionaries(
                st.sampled_from((*TAKEN, "all", f"{NAME}-all", f"{NAME}-000009-{TIME}")),
                st.sampled_from(ALIASES), max_size=2,
            ),
            st.sampled_from(["open", "closed", "hidden"]),
        ),
        max_size=4,
    ),
)  # fmt: skip
@examples(25)
def test_everything_of_others_stays(
    single_node: Cluster, local_ones: list[Generation], indexes: Mapping[str, Any]
) -> None:
    """Builds, a rollback, pruning, and a failed build change nothing of any other index or alias.

    They succeed if no name is taken, and otherwise create nothing.
    """
    client = single_node.client
    taken = False
    try:
        for index, (meta, aliases, kind) in indexes.items():
            with suppress(Exception):  # not every combination of aliases is allowed
                create(
                    client, index, aliases=aliases, mappings={"_meta": meta},
                    settings={"index.hidden": kind == "hidden"},
                )  # fmt: skip
                taken |= index in TAKEN or bool(set(aliases) & set(TAKEN))
                if kind == "closed":
                    client.indices.close(index=index)
        before = photograph(client)
        if taken:
            with pytest.raises(ClusterError, match="did not make"):
                publish_all(client, local_ones)
            assert list_own(client) == []
        else:
            publish_all(client, local_ones)
            assert ClusterGenerations(client, NAME).read_live_name() == local_ones[-3].name
        assert photograph(client) == before
    finally:
        clear(client)


def test_an_index_of_the_catalogue_has_a_mark(
    cluster: OpenSearch, local_ones: list[Generation]
) -> None:
    publish_all(cluster, local_ones)
    assert photograph(cluster)["indexes"] == {}
    assert len(list_own(cluster)) == 2 * 3 + 1 + 2
    delete_all(cluster, NAME)
