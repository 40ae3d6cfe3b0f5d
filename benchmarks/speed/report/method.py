"""Descriptions of how each part was measured, for the sections of the page."""

SEARCHING = """\
The time of a query runs from its text to ten hits with titles and the 20 most frequent values of
four facets (venue, year, type, place). The words of the queries are adjacent in titles and are
drawn at random with a fixed seed. Each word has at least three letters and is not a stop word. A
phrase may contain one stop word. Every engine gets the same text.

The engines take turns after ten queries, in a random order, until all queries are done. This
repeats in every round. All engines thus share other load on the machine equally, and run as they do
on a server. The engines also alternate after each query. Each then finds the processor caches
filled by the other, which costs an engine in Python more. Medians and 95th percentiles are those of
the median round. The worst time is that of the slowest query of all rounds. Every file is in the
page cache.

- **Tantivy**: The index has one segment. Title and summary use `en_stem`, and the facets are raw
  fast fields. One search gets the hits without counting them, and one `aggregate` counts all four
  facets. With one segment, `segment_size` 20 is exact and faster than its default. Its parser reads
  words and phrases. A prefix is a `fuzzy_term_query(distance=0, prefix=True)` per field, against
  stems, with the same score for all hits. The values of a filtered facet are counted without its
  own filter, in a separate aggregation, as in the other engines.
- **SQLite FTS5**: It uses the porter stemmer. The matches go into a temporary table in memory once,
  with their rank and their four values. A `GROUP BY` per facet counts them there. The titles come
  from a content table.
- **stock Whoosh**: It uses this project's schema and words, and Whoosh's own writer, matchers, and
  scoring. Queries are built without its parser, and `Or.TOO_MANY_CLAUSES` is 16. Facets are counted
  over values in memory.
- **pubsearch**: It gets the query as typed on the page, with `match` set to all words or to any.
"""

BUILDING = """\
Each build is a new process that reads the plain JSON Lines file. The engines take turns, and the
table shows the median of the runs. The time starts with the first executed line of Python and
includes imports. This engine writes durably (fsync), hashes every file, and reads it back. Tantivy
commits, which syncs its files, with one thread and a heap of 256 MB. The heap is larger where one
segment needs more. The row *all stored* contains the same fields as this engine's index (id, title,
summary, facets), and the other row only titles. The target for the size refers to the row *all
stored*, and the targets for time to the other. SQLite writes one transaction and merges its index.

Memory is the maximum of anonymous and shared memory of all processes of a build, sampled every
20 ms. Mapped files do not count. The rebuild adds one word to the title of the middle paper and
runs the same command.
"""

GROWTH = """\
The samples are random, and each is part of the next, because the papers are ordered by year. The
largest file contains every paper four times, each copy with an id of its own. All sizes get the
same queries, drawn from the titles of the smallest sample. In each round one size of one engine
answers all queries, then the next, in a random order. Each thus has the processor caches to itself.
"""

WORST = """\
These queries are mistakes, or attempts to slow the engine down. Only this engine runs them. Each
kind has several queries (their number is in parentheses), which run once per round with all four
facets counted. The worst time is the slowest run of any query, including first runs. *Limits
applied* is what the engine reports about parts of the slowest query that it omitted.
"""

DEFAULT_MODE = """\
A whole search in the default mode, which runs from the text to ten hits with passages and all facet
counts. The queries are adjacent words of a title and its abstract. *Without feedback* is the time
of the same searches less that of the stage `feedback`, which only searches of four words and more
have. With `exact=1`, all words of the query are required as typed, so that longer queries have
fewer hits.

`make bench ARGS="--only default_mode"` measures only this part.
"""

SERVING = """\
The benchmark requests the whole search page with ten hits, highlighted passages, and all filters.
gunicorn forks its workers after the index is open, so that they share its arrays. wrk runs on the
same machine with one thread. It requests distinct URLs (one to three words of a title, half of them
with a filter) and starts over at the end of the list. No response is cached, only the words of
recently shown texts. *Inside* is the sum of a page's `Server-Timing`, measured one page after the
other.
"""

PAGES = """\
A new process opens the index as a server does. It then requests the pages of distinct searches, one
to three words of a title, each once. The time is the wall time of the WSGI call, including logging
and metrics. No cache of earlier requests can help, except for words that searches share. The papers
have all six facets of `benchmarks/papers/catalogue.toml`.

`make bench ARGS="--only pages"` measures only this part.
"""

TREES = """\
The publications are generated, with a tree of 10 regions and 240 countries. Each query is requested
three times in one process: with nothing selected, with a region and three countries, and with 4
regions and 96 countries. The order and the values are drawn again for each query. A ratio divides
the wall time of the WSGI call by that of the page without a selection.

`make bench ARGS="--only trees"` measures only this part.
"""

PUBLISHING = """\
A server answers four readers. Each waits 50 ms between two requests and opens a new connection for
each. Meanwhile a paper changes, and the index is rebuilt with the priority that deploy/ gives to a
build (`nice -n 10`), on the same processors. The next paper changes when all workers answer from
the new index. *Alone* are the same readers for five seconds without a rebuild.

Memory is what Linux reports in `/proc/PID/smaps_rollup` after the same pages were requested.
*Largest private* is the private memory of the process with the most. *Sum of shares* adds the
proportional shares of all processes. The memory of the index, with its derived objects and caches,
is what exceeds that of the same server with an index of ten papers. The last column divides it by
the size on disk. Before the first rebuild all processes share one index. The target divides by that
memory.

`make bench ARGS="--only publishing"` measures only this part.
"""

OPENSEARCH = """\
The papers with all six facets, once in a folder and once in a cluster of one node on the same
machine. Every search runs on the local index and then on the cluster, with passages and all facets,
as the page makes it. The pages, the numbers of hits, and the facets must be equal. *Of it
OpenSearch* is the time that the node reports for its requests, in whole milliseconds. *Of it this
engine* is the rest: the engine, HTTP, and JSON. *Requests* counts the requests of a search, each
with several searches of OpenSearch. The node does not cache responses.

A build runs as `pubsearch build`, in a new process. The seconds that a cluster adds include
encoding, sending, and checking. A change is one word in the title of a paper. CPU time is that of
all threads and processes, so other load of the machine changes it little. The smaller indexes are
random samples.

The plain search has the same words, ten hits with passages of OpenSearch's own highlighter, and 20
values of each facet. It has none of the readings, title matches, nearness, and feedback of ours.

`make bench ARGS="--only opensearch"` measures only this part. It needs Java and Maven.
"""
