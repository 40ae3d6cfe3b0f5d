"""Count the titles among hits: those of one family of editions count once.

The number is exact: the hits without those that have other editions, and the families of these.
"""

from __future__ import annotations

from indexer.cluster.mapping import Json
from search_app.engine.opensearch.client import Response, Send
from search_app.engine.opensearch.combining import filter_by

MAX_FAMILIES = 60_000
"""Limit on the families of one response, below `search.max_buckets` (65,535)."""


def make_family_count(hits: Json, partition: int = 0, partitions: int = 1) -> Json:
    """Return the body of a search that counts hits with other editions, and their families.

    Of several partitions of the families, it counts one. `hits` is the query of the hits.
    """
    groups: Json = {"field": "group", "size": MAX_FAMILIES}
    if partitions > 1:
        groups["include"] = {"partition": partition, "num_partitions": partitions}
    return {
        "size": 0,
        "track_total_hits": True,
        "query": filter_by([hits, {"exists": {"field": "editions"}}]),
        "aggs": {"families": {"terms": groups}},
    }


def count_titles(total: int, response: Response, hits: Json, send: Send) -> int:
    """Return the number of titles among hits, given the response to `make_family_count`.

    Very many families are counted in partitions, in a further request.
    """
    editions: int = response["hits"]["total"]["value"]
    responses = [response]
    if response["aggregations"]["families"]["sum_other_doc_count"]:
        # There are at most as many families as editions. Half of a response stays free, as
        # partitions differ in size.
        count = 2 * editions // MAX_FAMILIES + 1
        responses = send([make_family_count(hits, number, count) for number in range(count)])
    families = sum(len(each["aggregations"]["families"]["buckets"]) for each in responses)
    return total - editions + families
