"""Publications in other formats: one of them, a reading list, all hits of a search, and the feed.

Larger exports of searches are streamed. Each occupies a thread of the server for as long as its
client reads, or for as long as citations are made, so few run at the same time, and each for a
limited time. A client that reads too slowly is cut off by the server, or by one that waits.
"""

import logging
import re
import socket
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain
from math import inf
from threading import Condition
from time import monotonic
from typing import Literal, cast
from urllib.parse import quote

import msgspec
from flask import Blueprint, Response, current_app, request
from werkzeug.http import dump_options_header

from indexer.catalogue.records import Publication
from indexer.catalogue.retired import Retired
from search_app import search_state
from search_app.engine.results import Results
from search_app.export import atom
from search_app.export.csl import make_item
from search_app.export.embedded import link_back
from search_app.export.registry import FORMATS, Format
from search_app.i18n.translation import current, gettext, join, pgettext
from search_app.presentation.labels import describe_search, make_publication_url
from search_app.search_state import LIST_PATH, SIZE, SearchState
from search_app.web.context import (
    get_catalogue,
    get_engine,
    get_page_urls,
    get_publication,
    get_searcher,
    look_up,
    make_absolute,
    parse_state,
    run_search,
)
from search_app.web.errors import NotFound, TooManyExports
from search_app.web.headers import add_links
from search_app.web.incoming import get_client

log = logging.getLogger(__name__)

SMALL_BYTES = 1 << 19
"""Bytes of an export that are made before it needs a slot. A smaller one costs about a page."""
MAX_EXPORTS = 2
"""Maximum number of exports that run in a process at the same time."""
MAX_WAITING = 4
"""Maximum number of requests that wait for an export to end. Each occupies a thread."""
SILENT_SECONDS = 5.0
"""Seconds after which a client that takes no block of its export loses it to one that waits, and
half of them if two wait. The seconds that it takes beyond BLOCK_SECONDS for each block add up."""
BLOCK_SECONDS = 2.0
"""Seconds for a block of a client that does not lose its export: 32 KiB per second."""
PATIENCE = SILENT_SECONDS + 2
"""Seconds to wait for another export to end."""
LOOK_SECONDS = 0.1
"""Seconds between two looks of one that waits at the exports that run."""
MAX_SECONDS = 600
"""Maximum time of an export in seconds. The rest is not sent, and the client sees an error."""
BLOCK_BYTES = 1 << 16
"""Bytes that are sent at once. Sending each record alone takes several times longer."""
MAX_REMEMBERED = 10_000
"""Maximum number of clients whose unfinished exports are remembered."""
PAGE_ENTRIES = 50
"""Number of entries of one part of a feed."""
MAX_NAME_CHARS = 80
"""Maximum characters of a file name without its extension."""
_NOT_IN_FILE_NAMES = re.compile(r'[\\/:*?"<>|\s]+')

exports = Blueprint("exports", __name__)


@exports.get("/export/<name>/<path:identity>")
def export_publication(name: str, identity: str) -> Response:
    """Return a publication in a format. Raise NotFound or PublicationRemoved."""
    export_format, publication = _find_format(name), get_publication(identity)
    parts = export_format.write([publication], get_searcher().catalogue, get_page_urls())
    response = _make_file(Response(b"".join(parts)), export_format, publication.title)
    page_url = make_absolute(make_publication_url(identity, request.script_root))
    return add_links(response, identity, link_back("describes", page_url))


@exports.get("/export/<name>")
def export_search(name: str) -> Response:
    """Return all hits of a search in a format. Raise NotFound, BadParameter or TooManyExports.

    Its errors have a status: see `stream_hits`.
    """
    export_format, state, catalogue = _find_format(name), parse_state(), get_searcher().catalogue
    make_page_url = get_page_urls()
    response = stream_hits(
        state, lambda publications: export_format.write(publications, catalogue, make_page_url)
    )
    file_name = describe_search(state, get_catalogue()) or get_catalogue().title
    return _make_file(response, export_format, file_name)


@exports.get(f"{LIST_PATH}/export/<name>")
def export_list(name: str) -> Response:
    """Return the publications of a list in a format, in its order.

    Those that the catalogue does not have are left out. Raise NotFound or BadParameter.
    """
    export_format, catalogue = _find_format(name), get_searcher().catalogue
    publications = [each for each in look_up_list().values() if isinstance(each, Publication)]
    parts = export_format.write(publications, catalogue, get_page_urls())
    return _make_file(Response(b"".join(parts)), export_format, gettext("My list"))


def look_up_list() -> dict[str, Publication | Retired | None]:
    """Return what the catalogue knows of each id of the list, by the id that it has now."""
    ids, searcher = search_state.read_list(request.args).ids, get_searcher()
    entries = {identity: look_up(identity, searcher) for identity in ids}
    return {
        entry.id if isinstance(entry, Publication) else identity: entry
        for identity, entry in entries.items()
    }


def _find_format(name: str) -> Format:
    """Return the format with this name. Raise NotFound, which names all formats."""
    if name not in FORMATS:
        raise NotFound(
            gettext("There is no export format “%(name)s”.") % {"name": name[:100]},
            gettext("The formats are: %(names)s.") % {"names": join(FORMATS)},
        )
    return FORMATS[name]


def _make_file(response: Response, export_format: Format, name: str) -> Response:
    """Return a response, which a browser then saves as a file."""
    response.mimetype = export_format.media_type
    disposition = make_disposition(name, export_format.extension, "attachment")
    response.headers["Content-Disposition"] = disposition
    return response


def make_disposition(
    name: str, extension: str, disposition: Literal["inline", "attachment"]
) -> str:
    """Return a Content-Disposition (RFC 6266) with a name in ASCII, and the name as it is.

    A browser displays a response that is `inline`, and saves an `attachment` as a file.
    """
    name = "".join(filter(str.isprintable, _NOT_IN_FILE_NAMES.sub(" ", name)))
    name = name[:MAX_NAME_CHARS].strip(" .") or "publications"
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    names = {
        "filename": f"{ascii_name.strip(' .,') or 'publications'}.{extension}",
        "filename*": f"UTF-8''{quote(f'{name}.{extension}', safe='')}",
    }
    return dump_options_header(disposition, names)


# The feed


@exports.get("/feed.atom")
def feed() -> Response:
    """Return the hits of a search as a feed, the last added first. Ignore its `sort` and `size`."""
    state, catalogue = parse_state(), get_searcher().catalogue
    latest = msgspec.structs.replace(state, sort="added", size=PAGE_ENTRIES, explain=False)
    with run_search(latest, 0) as results:
        make_page_url = get_page_urls()
        items = [
            make_item(hit.publication, catalogue, make_page_url(hit.publication.id))
            for hit in results.hits
        ]
        body = atom.write(_describe_feed(state, results), items)
    return Response(body, content_type=f"{atom.MEDIA_TYPE}; charset=utf-8")


def _describe_feed(state: SearchState, results: Results) -> atom.Feed:
    """Return the title of a feed, and the URLs of its other parts and of the list as a page."""
    catalogue = get_catalogue()
    description = describe_search(state, catalogue)
    total = results.title_count if results.is_folded else results.total
    last = max(-(-total // PAGE_ENTRIES), 1)
    pages = {"self": state.page, "first": 1, "last": last}
    if state.page > 1:
        pages["previous"] = min(state.page - 1, last)
    if state.page < last:
        pages["next"] = state.page + 1
    plain = msgspec.structs.replace(state, sort=None, size=SIZE, explain=False)
    links = {relation: plain.make_url("/feed.atom", page) for relation, page in pages.items()}
    links["alternate"] = plain.change(sort="added").make_url()
    return atom.Feed(
        pgettext("between parts of the title of a page", " – ").join(
            filter(None, [description, catalogue.title])
        ),
        current().code,
        catalogue.publisher or catalogue.title,
        get_searcher().generation.manifest.built,
        {relation: make_absolute(url) for relation, url in links.items()},
        total,
        (state.page - 1) * PAGE_ENTRIES + 1,
        PAGE_ENTRIES,
    )


# Limits


class Export:
    """An export that runs or waits. `client` is None if nobody reads it while it is made.

    `offered` is the time (monotonic) at which its client was offered the last block, less its delay
    with earlier ones, or `inf` while the next one is made. `connection` is that of the client, if
    the server names it.
    """

    def __init__(self, client: str | None = None, connection: socket.socket | None = None) -> None:
        self.client, self.offered, self.has_slot = client, inf, False
        self._connection = connection

    def cut_off(self) -> None:
        """Close the connection, which ends the thread that waits for the client."""
        log_fields = {"address": self.client}
        log.info("cut off: others wait for an export", extra={"log_fields": log_fields})
        if self._connection:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)


class ExportSlots:
    """The exports that run in a process: MAX_EXPORTS together, and one that each client reads.

    A client that takes no block for SILENT_SECONDS loses its slot if another one waits, and earlier
    if more wait, so that silent clients of many addresses pass quickly. Of those
    that wait, clients that have left no export unfinished come first, and then those that did so
    longest ago. So clients that take slots again and again without reading delay each other.
    """

    def __init__(self) -> None:
        self._running: list[Export] = []
        self._waiting: list[Export] = []
        self._unfinished: dict[str | None, float] = {}
        self._changed = Condition()

    @contextmanager
    def occupy(
        self, client: str | None = None, connection: socket.socket | None = None
    ) -> Iterator[Export]:
        """Occupy a slot until the context ends, and the only one of its client.

        Raise TooManyExports if there is none within PATIENCE seconds, or if too many requests, or
        one of the same client, wait.
        """
        export = Export(client, connection)
        with self._changed:
            self._wait(export)
            self._running.append(export)
            export.has_slot = True
        try:
            yield export
        finally:
            with self._changed:
                self._end(export)

    def has_unread(self, client: str) -> bool:
        """Return whether a client has an export, or left one lately. Any then needs a slot."""
        is_recent = monotonic() - self._unfinished.get(client, -inf) < MAX_SECONDS
        return is_recent or client in [each.client for each in self._running]

    def _wait(self, export: Export) -> None:
        if export.client and export.client in [each.client for each in self._waiting]:
            raise TooManyExports
        end = monotonic() + PATIENCE
        self._waiting.append(export)
        try:
            while (rank := self._rank(export)) or len(self._running) >= MAX_EXPORTS:
                if rank >= MAX_WAITING or monotonic() > end:
                    raise TooManyExports
                for silent in self._running.copy():
                    if monotonic() - silent.offered > SILENT_SECONDS / len(self._waiting):
                        self._end(silent)
                        silent.cut_off()
                self._changed.wait(LOOK_SECONDS)
        finally:
            self._waiting.remove(export)
            self._changed.notify_all()

    def _rank(self, export: Export) -> int:
        """Return how many are before one that waits, an export that its client reads included."""
        readers = {each.client for each in self._running if each.client is not None}
        self._waiting.sort(
            key=lambda each: (each.client in readers, self._unfinished.get(each.client, 0.0))
        )
        return self._waiting.index(export) + (export.client in readers)

    def _end(self, export: Export) -> None:
        if not export.has_slot:
            return
        self._running.remove(export)
        export.has_slot = False
        if export.offered < inf:
            self._unfinished.pop(export.client, None)
            self._unfinished[export.client] = monotonic()
            if len(self._unfinished) > MAX_REMEMBERED:
                del self._unfinished[next(iter(self._unfinished))]
        self._changed.notify_all()


def get_slots() -> ExportSlots:
    return cast(ExportSlots, current_app.extensions["pubsearch.exports"])


@contextmanager
def scan_hits(state: SearchState) -> Iterator[Iterator[Publication]]:
    """Yield all hits of a search, as an export to the current client.

    Raise TooManyExports, BudgetExceeded or TooBusy.
    """
    with get_slots().occupy(get_client()):
        yield get_engine().scan(state, get_searcher())


def stream_hits(
    state: SearchState, write: Callable[[Iterator[Publication]], Iterable[bytes]]
) -> Response:
    """Return a response with all hits of a search, as `write` makes them.

    The search is complete before the response begins, so that its errors have a status. An export
    of SMALL_BYTES or more ends after its last block, or when the client goes away or is cut off.
    Raise the errors of `scan_hits`.
    """
    slots, client = get_slots(), get_client()
    occupied = slots.occupy(client, request.environ.get("gunicorn.socket"))
    with ExitStack() as stack:
        export = stack.enter_context(occupied) if slots.has_unread(client) else None
        parts, head, size = iter(write(get_engine().scan(state, get_searcher()))), [], 0
        for part in parts:
            head.append(part)
            size += len(part)
            if size >= SMALL_BYTES:
                break
        else:
            return Response(b"".join(head))
        export = export or stack.enter_context(occupied)
        slot = stack.pop_all()
    response = Response(_join_blocks(chain(head, parts), export, slot))
    response.call_on_close(slot.close)
    return response


def _join_blocks(parts: Iterable[bytes], export: Export, slot: ExitStack) -> Iterator[bytes]:
    """Yield parts as blocks of BLOCK_BYTES. Raise TimeoutError after MAX_SECONDS."""
    end = monotonic() + MAX_SECONDS
    block, delay = bytearray(), 0.0
    with slot:
        for part in parts:
            block += part
            if len(block) >= BLOCK_BYTES:
                export.offered = monotonic() - delay
                yield bytes(block)
                delay = max(0.0, monotonic() - export.offered - BLOCK_SECONDS)
                if monotonic() > end or not export.has_slot:
                    raise TimeoutError(f"an export took more than {MAX_SECONDS} s, or was cut off")
                export.offered = inf
                block.clear()
    yield bytes(block)
