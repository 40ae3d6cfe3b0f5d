"""OAI-PMH 2.0: harvesters copy all records, and later those that changed or were removed.

The protocol is described in https://www.openarchives.org/OAI/openarchivesprotocol.html. A set is a
value of the first facet. Records are listed in the order in which they changed. A resumption token
names the request, and the last change that was listed. So it stays valid when a new index is
published: changes during a harvest are at the end of its list.
"""

from __future__ import annotations

import gzip
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from calendar import timegm
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from time import strptime, time
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit
from weakref import WeakKeyDictionary

import msgspec
from flask import Blueprint, Response, request
from lxml import etree

from indexer.analysis.cleaning import clean
from indexer.catalogue.fields import MISSING, Field
from indexer.catalogue.records import Publication
from indexer.catalogue.retired import Retired
from search_app.engine import Searcher, SearchRequest
from search_app.engine.store import MAX_SECONDS, ChangePeriod
from search_app.export import dublin_core, marcxml, mods, xml_document
from search_app.export.csl import Item, format_time, make_item
from search_app.export.xml_document import add
from search_app.web.context import get_engine, get_page_urls, get_searcher, make_absolute
from search_app.web.incoming import get_root

PART_RECORDS = 250
"""Maximum number of records of one response."""
MAX_STATED_CHARS = 1000
"""Maximum characters of an argument or an error that a response has. No valid one is longer."""
PATH = "/oai"
_OAI = "http://www.openarchives.org/OAI/2.0/"
_SCHEMA = f"{_OAI} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
_DAY, _SECOND = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"
_FORMS = {
    _DAY: re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
    _SECOND: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\dZ", re.ASCII),
}
"""The forms of dates in requests, as formats of `strptime`, which takes leap seconds too."""
_CHARACTERS = r"[\w.!~*'()-]+"
_SYNTAX = {
    "metadataPrefix": re.compile(_CHARACTERS, re.ASCII),
    "set": re.compile(f"{_CHARACTERS}(:{_CHARACTERS})*", re.ASCII),
}
"""The forms of names in requests. Responses repeat them, and their schema allows no others."""


Arguments = Mapping[str, str]


class Format(NamedTuple):
    """A metadata format: its XML Schema, its namespace, and the function that makes a record."""

    schema: str
    namespace: str
    make_record: Callable[[Item], str]


FORMATS: Mapping[str, Format] = {
    "oai_dc": Format(
        dublin_core.SCHEMA, dublin_core.OAI_DC, dublin_core.make_record,
    ),
    "marcxml": Format(
        "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd", marcxml.NAMESPACE,
        marcxml.make_record,
    ),
    "mods": Format(
        "http://www.loc.gov/standards/mods/v3/mods-3-7.xsd", mods.NAMESPACE, mods.make_record
    ),
}  # fmt: skip
"""The metadata formats by their prefixes."""


class Verb(NamedTuple):
    """The arguments of a verb. One that `resumes` may have a resumption token in their place."""

    answer: Callable[[etree._Element, Arguments], object]
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    resumes: bool = False


class ProtocolError(Exception):
    """An error that the protocol defines. `code` is its code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


_NO_SETS = "This catalogue has no sets."


class Token(msgspec.Struct, frozen=True, array_like=True):
    """A resumption token: a metadata prefix, and the period whose changes were not yet listed."""

    prefix: str
    period: ChangePeriod

    def encode(self) -> str:
        """Return it as a text without characters that a URL has to escape."""
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Token:
        """Return a token of `encode`. Raise ProtocolError if it is not one of this catalogue."""
        field = _get_set_field()
        with suppress(ValueError, msgspec.MsgspecError):
            token = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=cls)
            if token.prefix in FORMATS and token.period.field in ("", field and field.name):
                return token
        raise ProtocolError("badResumptionToken", "This site did not make this token.")


oai = Blueprint("oai", __name__)


@oai.route(PATH, methods=["GET", "POST"])
def serve() -> Response:
    """Return the response to a request. The errors of the protocol have status 200 too."""
    given = request.form if request.method == "POST" else request.args
    root = etree.Element(f"{{{_OAI}}}OAI-PMH", nsmap={None: _OAI, "xsi": xml_document.XSI})
    root.set(xml_document.SCHEMA_LOCATION, _SCHEMA)
    add(root, "responseDate", format_time(int(time())))
    stated = add(root, "request", make_absolute(f"{get_root()}{PATH}"))
    try:
        arguments = {name: values[0] for name, values in given.lists() if len(values) == 1}
        name = arguments.pop("verb", "")
        if name not in VERBS:
            names = ", ".join(VERBS)
            raise ProtocolError("badVerb", f"Give the argument verb once, as one of: {names}.")
        _check_arguments(VERBS[name], arguments, given.keys())
        stated.set("verb", name)
        for key, value in arguments.items():
            stated.set(key, clean(value[:MAX_STATED_CHARS]))
        VERBS[name].answer(add(root, name), arguments)
    except ProtocolError as error:
        if error.code in ("badVerb", "badArgument"):
            stated.attrib.clear()
        del root[2:]
        add(root, "error", str(error)[:MAX_STATED_CHARS], code=error.code)
    return _compress(etree.tostring(root, encoding="utf-8", xml_declaration=True))


def _check_arguments(verb: Verb, arguments: Arguments, given: Iterable[str]) -> None:
    """Raise ProtocolError if an argument is missing, unknown, or stated twice."""
    if repeated := set(given) - arguments.keys() - {"verb"}:
        raise ProtocolError("badArgument", f"Use once: {', '.join(sorted(repeated))}.")
    if verb.resumes and "resumptionToken" in arguments:
        if len(arguments) > 1:
            raise ProtocolError("badArgument", "A resumptionToken must be the only argument.")
        return
    if missing := verb.required - arguments.keys():
        raise ProtocolError("badArgument", f"The verb needs: {', '.join(sorted(missing))}.")
    if unknown := arguments.keys() - verb.required - verb.optional:
        raise ProtocolError("badArgument", f"The verb does not take: {', '.join(sorted(unknown))}.")
    for name, syntax in _SYNTAX.items():
        if name in arguments and not syntax.fullmatch(arguments[name]):
            raise ProtocolError("badArgument", f"The argument {name} has an invalid form.")


def _compress(body: bytes) -> Response:
    response = Response(body, content_type="text/xml; charset=utf-8")
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(body, 1))
        response.content_encoding = "gzip"
    return response


# Identifiers: `oai:`, the host, and the id below the sub-path of the site.


def _get_namespace() -> str:
    site = urlsplit(make_absolute(get_root()))
    return f"oai:{site.hostname}:{site.path[1:]}{'/' if site.path else ''}"


def _find(arguments: Arguments) -> Publication | Retired:
    """Return what the identifier of a request names. Raise ProtocolError."""
    identifier, namespace = arguments["identifier"], _get_namespace()
    if identifier.startswith(namespace):
        identity = unquote(identifier.removeprefix(namespace))
        searcher = get_searcher()
        found = searcher.get_publication(identity) or searcher.find_retired(identity)
        if isinstance(found, Publication) or (found and found.time):
            return found
    raise ProtocolError("idDoesNotExist", f"No record has this identifier: {identifier}.")


def _find_format(prefix: str) -> Format:
    if prefix not in FORMATS:
        names = ", ".join(FORMATS)
        raise ProtocolError("cannotDisseminateFormat", f"The metadata prefixes are: {names}.")
    return FORMATS[prefix]


# Sets


def _get_set_field() -> Field | None:
    return next(iter(get_searcher().catalogue.facets), None)


def _make_set_spec(value: str) -> str:
    """Return the name of the set of a value. `~` takes the place of `%`, which is not allowed."""
    return quote(value, safe="").replace("~", "%7E").replace("%", "~")


def _list_sets(answer: etree._Element, arguments: Arguments) -> None:
    field, catalogue = _get_set_field(), get_searcher().catalogue
    values = _list_values(field) if field else []
    if field is None or not values:  # a list must have one
        raise ProtocolError("noSetHierarchy", _NO_SETS)
    if "resumptionToken" in arguments:
        raise ProtocolError("badResumptionToken", "The list of sets is not split into parts.")
    for value in values:
        element = add(answer, "set")
        add(element, "setSpec", _make_set_spec(value))
        add(element, "setName", field.display(value, catalogue.language))


_VALUES = WeakKeyDictionary[Searcher, Sequence[str]]()
"""The values of the first facet in each generation that is open."""


def _list_values(field: Field) -> Sequence[str]:
    """Return the values of the first facet that publications have. Count them once."""
    searcher = get_searcher()
    if searcher not in _VALUES:
        with get_engine().answer(SearchRequest(size=0), searcher) as results:
            buckets = results.facets[field.name]
        _VALUES[searcher] = [bucket.value for bucket in buckets if bucket.value != MISSING]
    return _VALUES[searcher]


# Records


def _identify(answer: etree._Element, _: Arguments) -> None:
    catalogue, url = get_searcher().catalogue, make_absolute(f"{get_root()}{PATH}")
    first = get_searcher().list_changes(ChangePeriod(), 1)
    contact = catalogue.contact if "://" not in catalogue.contact else ""
    add(answer, "repositoryName", catalogue.title)
    add(answer, "baseURL", url)
    add(answer, "protocolVersion", "2.0")
    add(answer, "adminEmail", contact or f"postmaster@{urlsplit(url).hostname}")
    add(answer, "earliestDatestamp", format_time(_get_time(first[0]) if first else 0))
    add(answer, "deletedRecord", "transient")
    add(answer, "granularity", "YYYY-MM-DDThh:mm:ssZ")
    add(answer, "compression", "gzip")


def _list_formats(answer: etree._Element, arguments: Arguments) -> None:
    if "identifier" in arguments:
        _find(arguments)
    for prefix, each in FORMATS.items():
        element = add(answer, "metadataFormat")
        add(element, "metadataPrefix", prefix)
        add(element, "schema", each.schema)
        add(element, "metadataNamespace", each.namespace)


def _get_record(answer: etree._Element, arguments: Arguments) -> None:
    _add_record(answer, _find(arguments), _find_format(arguments["metadataPrefix"]))


def _list_changes(
    answer: etree._Element,
    arguments: Arguments,
    *,
    add_change: Callable[[etree._Element, Publication | Retired, Format], None],
) -> None:
    """Add a part of a list, and the token of the next part. Raise ProtocolError.

    The last part has an empty token, unless it is the only one.
    """
    text = arguments.get("resumptionToken")
    token = _begin(arguments) if text is None else Token.decode(text)
    metadata_format = _find_format(token.prefix)
    changes = get_searcher().list_changes(token.period, PART_RECORDS + 1)
    if not changes:
        raise ProtocolError("noRecordsMatch", "Nothing was changed or removed in this period.")
    listed = changes[:PART_RECORDS]
    for change in listed:
        add_change(answer, change, metadata_format)
    following = ""
    if len(changes) > len(listed):
        rest = token.period._replace(since=_get_time(listed[-1]), after=listed[-1].id)
        following = Token(token.prefix, rest).encode()
    if following or text is not None:
        add(answer, "resumptionToken", following)


def _begin(arguments: Arguments) -> Token:
    """Return the token for the first part of a list. Raise ProtocolError."""
    dates = {name: arguments[name] for name in ("from", "until") if name in arguments}
    forms = {
        form for date in dates.values() for form, each in _FORMS.items() if each.fullmatch(date)
    }
    try:
        times = {name: timegm(strptime(date, *forms)) for name, date in dates.items()}
    except (TypeError, ValueError):
        raise ProtocolError(
            "badArgument", "Dates are written 2026-12-31 or 2026-12-31T23:59:59Z, both in one form."
        ) from None
    since, until = times.get("from", -MAX_SECONDS), times.get("until", MAX_SECONDS)
    if "until" in times and _DAY in forms:
        until += 86_399
    if since > until:
        raise ProtocolError("badArgument", "The date `from` is later than the date `until`.")
    period = ChangePeriod(since, until)
    if "set" in arguments:
        field, value = _get_set_field(), unquote(arguments["set"].replace("~", "%"))
        if field is None:
            raise ProtocolError("noSetHierarchy", _NO_SETS)
        if value not in _list_values(field):
            raise ProtocolError("noRecordsMatch", f"There is no set {arguments['set']}.")
        period = period._replace(field=field.name, value=value)
    return Token(arguments["metadataPrefix"], period)


def _get_time(change: Publication | Retired) -> int:
    """Return when a record changed or was removed, in seconds since 1970."""
    if isinstance(change, Publication):
        return change.changed
    assert change.time is not None  # others are not listed
    return int(change.time.timestamp())


def _add_header(
    parent: etree._Element, change: Publication | Retired, _: Format | None = None
) -> None:
    header = add(parent, "header")
    add(header, "identifier", f"{_get_namespace()}{quote(change.id)}")
    add(header, "datestamp", format_time(_get_time(change)))
    if isinstance(change, Retired):
        header.set("status", "deleted")
    elif field := _get_set_field():
        for value in change.values.get(field.name, ()):
            add(header, "setSpec", _make_set_spec(field.make_key(value)))


def _add_record(
    parent: etree._Element, change: Publication | Retired, metadata_format: Format
) -> None:
    record = add(parent, "record")
    _add_header(record, change)
    if isinstance(change, Publication):
        item = make_item(change, get_searcher().catalogue, get_page_urls()(change.id))
        metadata = etree.fromstring(metadata_format.make_record(item))
        location = f"{metadata_format.namespace} {metadata_format.schema}"
        metadata.set(xml_document.SCHEMA_LOCATION, location)
        add(record, "metadata").append(metadata)


_OF_LISTS = (frozenset({"metadataPrefix"}), frozenset({"from", "until", "set"}), True)
VERBS: Mapping[str, Verb] = {
    "Identify": Verb(_identify),
    "ListMetadataFormats": Verb(_list_formats, optional=frozenset({"identifier"})),
    "ListSets": Verb(_list_sets, resumes=True),
    "GetRecord": Verb(_get_record, frozenset({"identifier", "metadataPrefix"})),
    "ListIdentifiers": Verb(partial(_list_changes, add_change=_add_header), *_OF_LISTS),
    "ListRecords": Verb(partial(_list_changes, add_change=_add_record), *_OF_LISTS),
}
"""The verbs of the protocol."""
