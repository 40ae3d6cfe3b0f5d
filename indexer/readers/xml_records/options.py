"""The table `[xml]` of a format definition: the records of the format and the names of columns."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import msgspec


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the role of a person becomes a part of the column names.

    `of`: for the name of an element, the paths that hold its role: elements such as
    "role/roleTerm", or attributes such as "@role". `names`: for each class of roles, the roles in
    lowercase; "" is an absent role. `other`: the class of all other roles.
    """

    of: dict[str, tuple[str, ...]] = {}
    names: dict[str, tuple[str, ...]] = {}
    other: str = "contributor"

    def classify(self, role: str) -> str:
        """Return the class of a role; "" for the class of authors."""
        folded = role.strip().rstrip(".").lower()
        return next((name for name, roles in self.names.items() if folded in roles), self.other)


class TagOptions(NamedTuple):
    """The options of elements with one name.

    `name`: the name without its namespace. `labels`: attributes that are a part of the column name.
    `roles`: paths of the role. `kinds`: labels by the form of the value. `host`: the part beside it
    that makes it a host; see `hosts`.
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
    """How to find the records in XML of a format, and how to name their columns.

    All names of elements and attributes are without a namespace.

    `records`: the elements that are records, as "name" or "parent/name". `otherwise`: those of
    files that start without one of `records`. `namespaces`: the starts
    of their possible namespaces; "" allows any. `around`: namespaces; the parent of the first two
    elements in one of them is a record too. `any`: an element that repeats is a record. `outside`:
    elements whose parts are no records. `requires`: of these names, one is in the first record.
    `roots`: names of the root that are evidence enough. `score`: the score of a file with a record.

    `nested`: records in a record are records of their own. `inherit`: paths of columns that they
    take from the records around them. `beside`: elements beside records, with columns that belong
    to each of these. `inner`: the part of a record whose own parts have no prefix; the first of
    these that a record has. `parts`: elements that are no records but that records refer to.
    `reference`, `target`: the attributes that refer to an element, and name it. `member`: the
    element by which a part refers to its records. `kind`: the part of a record that says what it
    is; without it, or with one of `not_kinds`, an element is no record.

    `distinguish`: attributes that are a part of the column name, as "attribute" or
    "element@attribute". `roles`: see Roles. `groups`: elements whose parts form a group; by
    default, all parts of a record that have parts. `texts`: elements that hold text with markup.
    `skip`: bulky elements, of which only the start is kept. `languages`: attributes that name the
    language of a value, besides `xml:lang`. `join`: elements whose values in one group become one,
    such as the given names of a person. `classify`: elements whose values get a label by their
    form, such as "identifier[doi]", with the possible labels. `mixed`: records whose whole text is
    a column, besides their parts. `hosts`: elements that get the label "host" if there is another
    one beside them, as the book beside the title of a chapter. `element_column`: a column for the
    name of the record.
    """

    records: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ("",)
    around: tuple[str, ...] = ()
    any: bool = False
    outside: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    score: int = 90
    nested: bool = False
    inherit: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
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
    def _tags(self) -> dict[str, TagOptions]:
        return {}

    def of(self, tag: str) -> TagOptions:
        """Return the options of elements with a tag."""
        found = self._tags.get(tag)
        if found is None:
            found = self._make(tag.rpartition("}")[2])
            # A hostile file has any number of names.
            if len(self._tags) < _MAX_TAGS:
                self._tags[tag] = found
        return found

    def _make(self, name: str) -> TagOptions:
        labels = [
            label.rpartition("@")[2]
            for label in self.distinguish
            if label.partition("@")[0] == name or "@" not in label
        ]
        return TagOptions(
            name, tuple(labels), self.roles.of.get(name, ()),
            name in self.groups, name in self.texts, name in self.skip, name in self.join,
            self.classify.get(name, ()), name in self.mixed, self.hosts.get(name, ""),
        )  # fmt: skip


_MAX_TAGS = 10_000
"""Tags whose options are cached."""
