"""Options of an XML format: the table `[xml]` of its definition."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import msgspec


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The roles of persons, which become a part of the column name.

    `paths`: by the name of the person's element, the paths of its role: elements such as
    "role/roleTerm", or attributes such as "@role". `names`: by class, the roles in lowercase; ""
    is an absent role. `other`: the class of all other roles.
    """

    paths: dict[str, tuple[str, ...]] = {}
    names: dict[str, tuple[str, ...]] = {}
    other: str = "contributor"

    def classify(self, role: str) -> str:
        """Return the class of a role; "" for the class of authors."""
        folded = role.strip().rstrip(".").lower()
        return next((name for name, roles in self.names.items() if folded in roles), self.other)


class TagOptions(NamedTuple):
    """The options of elements with one name.

    `name`: without the namespace. `labels`: attributes whose values are a part of the column name.
    `roles`: paths of the role. `kinds`: possible labels by the syntax of the value. `host`: the
    sibling that makes the element a host; see `XmlOptions.hosts`.
    """

    name: str
    labels: tuple[str, ...]
    roles: tuple[str, ...]
    is_group: bool
    is_text: bool
    is_skipped: bool
    is_joined: bool
    kinds: tuple[str, ...]
    is_mixed: bool
    host: str


class XmlOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The record elements of an XML format, and the rules for its column names.

    All names of elements and attributes are without a namespace.

    `records`: the record elements, as "name" or "parent/name". `fallback_records`: the record
    elements of a file whose start has none of `records`. `namespaces`: prefixes of the record
    elements' namespaces; "" allows any. `content_namespaces`: an element with two children in one
    of these namespaces is a record too. `any_repeated`: the first element that repeats is a record.
    `not_inside`: elements whose descendants are never records. `requires`: descendants of which the
    first record has at least one. `roots`: root elements that are sufficient evidence. `score`: the
    evidence score of a file with a record.

    `nested`: a record inside a record is a separate record. `inherit`: paths of columns that a
    record copies from the records that contain it. `siblings`: elements before the records whose
    columns are added to every record with the same parent. `inner`: children of a record whose own
    children are columns without a prefix; only the first that is present counts.
    `parts`: elements that are not records, but that records refer to. `reference`, `target`: the
    attributes with the id of the referenced element, and with an element's own id. `member`: the
    element by which a part refers to its records. `kind`: the child with the type of a record. An
    element without it, or with a type in `not_kinds`, is not a record.

    `distinguish`: attributes whose values are a part of the column name, as "attribute" or
    "element@attribute". `roles`: see Roles. `groups`: elements whose descendants form a group; by
    default, all children of a record that have children. `texts`: elements that contain text with
    markup. `skip`: bulky elements whose content is not read. `languages`: attributes with
    the language of a value, in addition to `xml:lang`. `join`: elements whose values are joined
    within a group, such as the given names of a person. `classify`: by element, the labels that its
    values can get for their syntax, as in "identifier[doi]". `mixed`: elements whose whole text is
    a column, in addition to the columns of their children. `hosts`: by element, the sibling that
    gives it the label "host": a monograph is a host if it has an analytic sibling.
    `element_column`: a column with the name of the record element.
    """

    records: tuple[str, ...] = ()
    fallback_records: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ("",)
    content_namespaces: tuple[str, ...] = ()
    any_repeated: bool = False
    not_inside: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    score: int = 90
    nested: bool = False
    inherit: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    reference: str = ""
    target: str = ""
    member: str = ""
    kind: str = ""
    not_kinds: tuple[str, ...] = ()
    distinguish: tuple[str, ...] = ()
    roles: Roles = Roles()
    groups: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    join: tuple[str, ...] = ()
    classify: dict[str, tuple[str, ...]] = {}
    mixed: tuple[str, ...] = ()
    element_column: str = ""
    hosts: dict[str, str] = {}

    @cached_property
    def tags(self) -> Mapping[str, TagOptions]:
        """The options of each element, by its tag with the namespace."""
        return _Tags(self)


class _Tags(dict[str, TagOptions]):
    """Options by tag. They are made when a tag is first met, because any tag is possible."""

    def __init__(self, options: XmlOptions) -> None:
        super().__init__()
        self._options = options

    def __missing__(self, tag: str) -> TagOptions:
        name = tag.rpartition("}")[2]
        options = self._options
        labels = [
            label.rpartition("@")[2]
            for label in options.distinguish
            if label.partition("@")[0] == name or "@" not in label
        ]
        made = TagOptions(
            name, tuple(labels), options.roles.paths.get(name, ()),
            name in options.groups, name in options.texts, name in options.skip,
            name in options.join, options.classify.get(name, ()), name in options.mixed,
            options.hosts.get(name, ""),
        )  # fmt: skip
        # A hostile file can have any number of tags.
        if len(self) < _MAX_TAGS:
            self[tag] = made
        return made


_MAX_TAGS = 10_000
"""Limit on the tags whose options are cached."""
