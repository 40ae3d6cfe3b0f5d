"""Options of an XML format: the table `[xml]` of its definition."""

from __future__ import annotations

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


class XmlOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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
    children are columns without a prefix; only the first that is present counts. `kind`: in RDF,
    the child with the type of a record. An element without it, or with a type in `not_kinds`, is a
    part of the records that refer to it.

    `distinguish`: by element, the attributes whose values are a part of the column name. `roles`:
    see Roles. `groups`: elements whose descendants form a group; by default, all children of a
    record that have children. `texts`: elements that contain text with markup. `skip`: bulky
    elements whose content is not read. `languages`: attributes with the language of a value, in
    addition to `xml:lang`. `join`: elements whose values are joined within a group, such as the
    given names of a person. `classify`: by element, the labels that its values can get for their
    syntax, as in "identifier[doi]". `mixed`: elements whose whole text is a column, in addition to
    the columns of their children. `hosts`: by element, the sibling that gives it the label "host":
    a monograph is a host if it has an analytic sibling. `element_column`: a column with the name of
    the record element.
    """

    records: tuple[str, ...] = ()
    fallback_records: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ("",)
    content_namespaces: tuple[str, ...] = ()
    any_repeated: bool = False
    not_inside: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset()
    roots: tuple[str, ...] = ()
    score: int = 90
    nested: bool = False
    inherit: tuple[str, ...] = ()
    siblings: frozenset[str] = frozenset()
    inner: tuple[str, ...] = ()
    kind: str = ""
    not_kinds: tuple[str, ...] = ()
    distinguish: dict[str, tuple[str, ...]] = {}
    roles: Roles = Roles()
    groups: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ()
    join: frozenset[str] = frozenset()
    classify: dict[str, tuple[str, ...]] = {}
    mixed: frozenset[str] = frozenset()
    element_column: str = ""
    hosts: dict[str, str] = {}
