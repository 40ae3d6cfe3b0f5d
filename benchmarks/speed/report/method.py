"""How each part was measured: the paragraphs above the tables."""

SEARCHING = """\
A query is timed from the typed text to ten hits with their titles and the 20 largest values of
four facets (venue, year, type, place). The queries are words that stand side by side in titles,
drawn at random with a fixed seed: at least three letters each and no stop words (in a phrase,
one may be), the same text for every engine. Ten go to one engine, the same ten to the next, in an
order drawn anew each time; then the next ten; and all of them again in every round. So all get
their share of what else the machine does, and each answers as it does when it serves. In turns of
one query, which are measured too, each finds the processor's caches as the other left them: this
costs an engine in Python more. Medians and 95th percentiles are those of the median round; worst
is the slowest query of all rounds. Every file is in the page cache.

- **Tantivy**: one segment, `en_stem` for title and summary, raw fast fields for the facets, one
  search for the hits without counting them, one `aggregate` for all four facets; as there is one
  segment, `segment_size` 20 is exact, and faster than its default. Its parser reads words and
  phrases; a prefix is a `fuzzy_term_query(distance=0, prefix=True)` a field, against stems, all
  hits alike. A ticked facet is counted without its own tick, in an aggregation of its own, as the
  other engines do.
- **SQLite FTS5**: porter stemmer; what matches goes into a temporary table in memory once, with
  its rank and its four values; a `GROUP BY` a facet there; titles from a content table.
- **stock Whoosh**: this project's schema and words, Whoosh's own writer, matchers and scoring. Its
  parser is passed by, `Or.TOO_MANY_CLAUSES` is 16, facets are counted over values in memory.
- **pubsearch**: the query as it is typed on the page, `match` set to all words or any.
"""

BUILDING = """\
Each build is a fresh process that reads the plain JSON Lines file; the engines take turns, and the
median of the runs is shown. Seconds count from the first line that Python runs, imports included.
Ours writes durably (fsync), hashes every file and reads it back; Tantivy commits, which syncs its
files, with one thread and a heap of 256 MB, or more in proportion where one segment needs it; its
row *all stored* keeps what our index can give back (id, title, summary, facets), the other row
titles only. The bar of bytes is held against the first, the bars of time against the second.
SQLite writes one transaction and merges its index. Memory is the most anonymous and shared memory
that all processes of a build held at one moment, looked at every 20 ms; mapped files do not count.
One paper changed: a word more in the title of the paper in the middle, then the same command.
"""

GROWTH = """\
Random samples, each part of the next, as papers stand in the order of their years; the largest
holds every paper four times, with ids of their own. All get the same queries, drawn from the titles
of the smallest; in each round one size of one engine answers them all, then another, in an order
drawn anew, so that each has the processor's caches to itself.
"""

WORST = """\
What people type by mistake or malice, on this engine alone: several texts of each kind (their
number in brackets), each asked in every round, with all four facets counted. The worst is the
slowest run of any text, first runs included. *Told* is what the engine says of a bound it kept.
"""

SERVING = """\
The whole search page with ten hits, marked passages and all filters, from gunicorn with workers
that were forked once the index was open, so that they share its arrays. wrk asks on the same
machine, with one thread, for addresses that are all different (one to three words of a title, half
of them with a tick) and begins anew when it has had all. No answer is kept, only the words of the
texts that were shown lately. *Inside* is the sum of a page's `Server-Timing`, one page after the
other.
"""

PAGES = """\
A new process opens the index as a server does. It then requests the page of distinct searches, one
to three words of a title, each once. The time is the wall time of the WSGI call, log and counters
included. Nothing that a former request left in a cache can help but the words that searches share.
The papers have all six facets of `benchmarks/papers/catalogue.toml`.

`make bench ARGS="--only pages"` measures this part alone.
"""

TREES = """\
The publications are generated, with a tree of 10 regions and 240 countries. Each query is requested
three times in one process: with nothing selected, with a region and three countries, and with 4
regions and 96 countries. The order and the values are drawn again for each query. A ratio divides
the wall time of the WSGI call by that of the page without a selection.

`make bench ARGS="--only trees"` measures this part alone.
"""

PUBLISHING = """\
A server answers four readers, each of whom waits 50 ms between two requests and opens a new
connection for each. Meanwhile a paper changes and the index is built again, with the priority that
deploy/ gives to a build (`nice -n 10`), on the same processors. The next paper changes when all
workers answer from the new index. *Alone* are five seconds of the same readers without a publish.

Memory is what Linux reports in `/proc/PID/smaps_rollup`, each time after the same pages were
requested. Private memory is that of the process with most. *Together* is the sum of the
proportional shares of all processes. What exceeds the same server with an index of ten papers is
the index with its derived objects and caches; the last column divides it by the size on the disk.
Before the first publish all processes share one index. The bar divides by that memory.

`make bench ARGS="--only publishing"` measures this part alone.
"""
