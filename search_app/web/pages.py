"""The pages of the site.

A route parses the URL, calls the engine, and renders a template. `presentation` makes what the
template prints.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from hashlib import sha256

from flask import Blueprint, Response, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as WsgiResponse

from indexer.catalogue.records import Publication
from indexer.fulltext import pdf
from search_app import search_state
from search_app.engine import SearchRequest
from search_app.engine.query.rewriting import choose_names, replace_names
from search_app.engine.results import Results
from search_app.export import embedded
from search_app.export.citations import STYLES, cite
from search_app.export.csl import Item, make_item
from search_app.i18n.translation import gettext, join
from search_app.presentation import facets, search_page
from search_app.presentation.advanced_search import compose_query, make_form
from search_app.presentation.country_map import make_country_map
from search_app.presentation.labels import list_filters, make_export_url, make_hit_url
from search_app.presentation.publication_page import (
    find_neighbors,
    make_publication_page,
    make_window,
)
from search_app.presentation.reading_list_page import make_reading_list_page
from search_app.presentation.search_record import SearchRecord, make_search_record
from search_app.search_state import LIST_PATH, ReadingList, SearchState
from search_app.web.context import (
    find_in_files,
    get_catalogue,
    get_page_urls,
    get_publication,
    get_searcher,
    log_zero_result,
    make_absolute,
    parse_state,
    run_search,
)
from search_app.web.errors import NotFound
from search_app.web.exports import get_slots, look_up_list, scan_hits
from search_app.web.headers import add_links, list_links

pages = Blueprint("pages", __name__)


@pages.get("/")
def search() -> str:
    """Return the search page: hits, facets, and counts."""
    state = parse_state()
    with run_search(state, facets.MAX_SHOWN_VALUES) as results:
        log_zero_result(state, results)
        has_texts = get_searcher().has_texts
        return render_template(
            "search.html",
            **search_page.make_search_page(results, state, get_catalogue(), has_texts=has_texts),
            results=results,
            state=state,
        )


@pages.get("/facet/<name>")
def show_facet(name: str) -> str:
    """Return the page with all values of a facet for the current search. Raise NotFound.

    With `find`, it has only the values that contain this text.
    """
    state, catalogue = parse_state(), get_catalogue()
    field = next((each for each in catalogue.facets if each.name == name), None)
    if field is None:
        names = join(each.name for each in catalogue.facets)
        raise NotFound(
            gettext("There is no filter “%(name)s”.") % {"name": name[:100]},
            gettext("The filters are: %(names)s.") % {"names": names},
        )
    with run_search(state) as results:
        find = request.args.get("find", "").strip()
        group = facets.make_whole_group(field, results, state, catalogue, find)
        return render_template(
            "facet.html",
            group=group,
            chips=list(search_page.make_chips(results, state, catalogue)),
            map=make_country_map([group], catalogue, has_all=True),
            find=find,
            state=state,
        )


@pages.get("/about")
def about() -> str:
    """Return the page about the index: its content, its date, and how to search it."""
    catalogue, state = get_catalogue(), SearchState(prefix=request.script_root)
    results = get_searcher().search(SearchRequest(values=facets.MAX_SHOWN_VALUES))
    groups = facets.make_facet_groups(results, state, catalogue)
    names = choose_names(catalogue)
    queries = [(replace_names(query, names), meaning) for query, meaning in catalogue.examples]
    return render_template(
        "about.html",
        groups=groups,
        fields=[(names[field.name], field.label) for field in catalogue.searchable],
        has_texts=get_searcher().has_texts,
        examples=[(text, line, state.with_text(text).make_url()) for text, line in queries],
    )


@pages.get("/advanced")
def show_form() -> str:
    form = make_form(get_catalogue(), has_texts=get_searcher().has_texts)
    return render_template("advanced.html", **form)


@pages.get("/advanced/search")
def search_form() -> WsgiResponse:
    """Redirect to the results of the advanced form. Raise BadParameter."""
    query = compose_query(request.args, get_catalogue())
    return redirect(parse_state().change(text=query).make_url(), 303)


@pages.get("/publication/<path:identity>")
def show_publication(identity: str) -> Response:
    """Return the page of a publication: all fields, other editions, and similar publications.

    If its URL has a search and the number of a hit, the page leads back to the list. `cite` is the
    style of a citation on it, and `find` a text to find in its files, by default the query of that
    list. The header `Link` contains its formats for programs.
    """
    searcher = get_searcher()
    requested, catalogue = get_publication(identity), searcher.catalogue
    item = make_item(requested, catalogue, get_page_urls()(identity))
    state, position = parse_state(), search_state.read_hit(request.args)
    style = search_state.read_choice(request.args, "cite", tuple(STYLES))
    query, neighbors, total = "", dict[int, Publication](), 0
    if position is not None:
        window = make_window(state, position)
        with run_search(window, 0) as results:
            query, total = results.corrected or state.text, results.listed
            neighbors = find_neighbors(identity, position, window, results)
    files = searcher.list_files(identity)
    text, matches = find_in_files(identity, query) if files else ("", ())
    prefix = request.script_root
    page = make_publication_page(
        requested,
        item,
        searcher.find_related(identity),
        get_catalogue(),
        prefix,
        dead_links=searcher.find_dead_links(requested),
        files=files,
    )
    links = list_links(requested, item, files)
    pdfs = [each["href"] for each in links.get("item", ()) if each["type"] == pdf.MEDIA_TYPE]
    body = render_template(
        "publication.html",
        **page,
        export_url=lambda name: make_export_url(name, identity, prefix),
        position=position,
        neighbors=neighbors,
        total=total,
        state=state,
        find=text if matches or "find" in request.args else "",
        matches=matches,
        kept=state.list_pairs_without() + ((("hit", str(position)),) if position else ()),
        tags=embedded.list_tags(item, pdfs[0] if len(pdfs) == 1 else ""),
        json_ld=Markup(embedded.write_json_ld(item)),  # nosec B704  # noqa: S704 - it is escaped
        coins=embedded.write_coins(item),
        has_unapi=embedded.has_unapi(item),
        **_cite([item], style, make_hit_url(state, identity, position)),
    )
    return add_links(make_response(body), identity, links)


@pages.get(LIST_PATH)
def show_list() -> str:
    """Return the page of a reading list. `q` searches for a publication to add.

    Raise BadParameter, or TooManyExports if it has citations, which take long.
    """
    catalogue, stored = get_searcher().catalogue, look_up_list()
    style = search_state.read_choice(request.args, "cite", tuple(STYLES))
    state = SearchState(text=parse_state().text, prefix=request.script_root)
    reading_list = ReadingList(prefix=request.script_root).with_ids(stored)
    make_page_url = get_page_urls()
    items = [
        make_item(entry, catalogue, make_page_url(entry.id))
        for entry in stored.values()
        if isinstance(entry, Publication)
    ]
    with run_search(state, 0) if state.text else nullcontext() as results:
        page = make_reading_list_page(reading_list, stored, items, get_catalogue())
    with get_slots().occupy() if style else nullcontext():
        page |= _cite(items, style, reading_list.make_url())
    return render_template("reading_list.html", **page, results=results, wanted=state)


def _cite(items: Sequence[Item], style: str | None, page_url: str) -> dict[str, object]:
    """Return the citation styles on offer, and citations in one of them.

    `page_url` is the page without it. Without a style there are none, because a citation takes up
    to 10 ms. A citation is empty if the style has none for the type of a publication.
    """
    return {
        "styles": STYLES,
        "style": style,
        "cite_url": f"{page_url}{'&' if '?' in page_url else '?'}cite=",
        "citations": [cite(item, style) for item in items] if style else (),
    }


@pages.get("/search-record")
def show_record() -> Response:
    """Return the record of a search as a page. Raise BadParameter or TooManyExports.

    It reads all hits, so it counts as an export. No cache keeps it, because it states the time.
    """
    state, catalogue = parse_state(), get_catalogue()
    results, record = make_record(state)
    content = sha256()
    with scan_hits(state) as publications:
        for publication in publications:
            content.update(publication.digest)
    body = render_template(
        "search_record.html",
        record=record,
        state=state,
        filters=list_filters(state, catalogue),
        names=[*search_page.describe_names(results.entities, catalogue)],
        sort_label=search_page.label_sorts()[results.sort],
        time=gettext("%(time)s UTC") % {"time": f"{record.time:%Y-%m-%d %H:%M:%S}"},
        digest=content.hexdigest(),
    )
    return make_response(body, {"Cache-Control": "no-store"})


def make_record(state: SearchState) -> tuple[Results, SearchRecord]:
    """Return the results of a search, and its record without the hits."""
    time = datetime.now(UTC).replace(microsecond=0)
    with run_search(state, 0) as results:
        origin = make_absolute("")
        record = make_search_record(
            results, state, get_catalogue(), get_searcher(), origin=origin, time=time
        )
    return results, record
