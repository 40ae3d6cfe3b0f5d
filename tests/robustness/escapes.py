"""A site with a hostile catalogue whose escapes are known one by one, and can be dropped."""

import functools
import inspect
import linecache
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest
from flask import Flask
from jinja2 import nodes
from markupsafe import Markup

from search_app.presentation import facets, hits, html
from search_app.web import context

MARK = "<xss>"
"""An element that no page has."""
HOSTILE = f"\"'>{MARK}"
"""A text that leaves an attribute or becomes an element, unless it is escaped."""
MODULES = (html, hits, facets)
"""The modules that make HTML outside templates, each with its own names of the escapes."""
_NAMES = ("escape", "escape_html")


class Site(NamedTuple):
    """The place of an escape: a template and an expression, or a module and a call in it."""

    place: str
    expression: str


class Escapes:
    """The escapes of an application: which have had a hostile text, and at which URL first.

    `seen` has all that a page needed, with the URL of the first hostile text, or "". `dropped` is
    not escaped. The templates must not be compiled yet.
    """

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app = app
        self.seen: dict[Site, str] = {}
        self.address = ""
        self.dropped: Site | None = None
        environment = app.jinja_env
        environment.bytecode_cache = None  # other applications read it
        environment.filters["watched"] = lambda value, place, text: self.pass_on(
            value, Site(place, text)
        )
        parse = environment._parse

        def parse_and_watch(source: str, name: str | None, filename: str | None) -> nodes.Template:
            template = parse(source, name, filename)
            for output in template.find_all(nodes.Output):
                output.nodes = [self._wrap(node, str(name)) for node in output.nodes]
            return template

        monkeypatch.setattr(environment, "_parse", parse_and_watch)
        for module in MODULES:
            for name in _NAMES:
                if original := getattr(module, name, None):
                    monkeypatch.setattr(module, name, self._watch_function(original))

    def pass_on(self, value: Any, site: Site) -> Any:
        """Note a value that is printed at a site, and return it, as markup if that is dropped."""
        if not isinstance(value, str) or hasattr(value, "__html__"):
            return value
        if not self.seen.get(site):
            self.seen[site] = self.address if MARK in value else ""
        return Markup(value) if site == self.dropped else value

    def drop(self, site: Site | None) -> None:
        """Escape nothing at a site, also if a cache has an escaped text of it. None: escape all."""
        self.dropped = site
        self.app.extensions["pubsearch.parts"] = context.cache_parts()
        inspect.unwrap(html.escape_html, stop=lambda f: hasattr(f, "cache_clear")).cache_clear()

    def _wrap(self, node: nodes.Expr, template: str) -> nodes.Expr:
        if isinstance(node, nodes.TemplateData):
            return node
        site = Site(template, show(node))
        arguments: list[nodes.Expr] = [nodes.Const(site.place), nodes.Const(site.expression)]
        return nodes.Filter(node, "watched", arguments, [], None, None, lineno=node.lineno)

    def _watch_function(self, original: Callable[[object], str]) -> Callable[[object], str]:
        @functools.wraps(original)
        def escape(value: object) -> str:
            frame = sys._getframe(1)
            return original(self.pass_on(value, Site(*_locate(frame))))

        return escape


def _locate(frame: FrameType) -> tuple[str, str]:
    """Return the name of the module that escapes, and the expression that does it."""
    code = frame.f_code
    line, _, start, end = list(code.co_positions())[frame.f_lasti // 2]
    text = linecache.getline(code.co_filename, line or 0).encode()[start:end].decode()
    return Path(code.co_filename).name, f"{line}: {text.strip()}"


def show(node: nodes.Node) -> str:
    """Return an expression about as a template has it."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Const():
            return repr(node.value)
        case nodes.Getattr():
            return f"{show(node.node)}.{node.attr}"
        case nodes.Getitem():
            return f"{show(node.node)}[{show(node.arg)}]"
        case nodes.Call():
            return f"{show(node.node)}({', '.join(map(show, node.args))})"
        case nodes.Filter():
            return f"{show(node.node) if node.node else ''}|{node.name}"
    return f"{type(node).__name__}({', '.join(map(show, node.iter_child_nodes()))})"
