"""The routes of the advanced form: the form, and a redirect to its search."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from search_app.presentation.advanced_search import compose_query, make_form
from search_app.web.routes import get_catalogue, get_searcher, parse_state

advanced = Blueprint("advanced", __name__)


@advanced.get("/advanced")
def show_form() -> str:
    """Return the form."""
    form = make_form(get_catalogue(), has_texts=get_searcher().has_texts)
    return render_template("advanced.html", form=form, text="", hidden=())


@advanced.get("/advanced/search")
def search() -> Response:
    """Redirect to the results of the form. Raise BadParameter."""
    query = compose_query(request.args, get_searcher().catalogue)
    return redirect(parse_state().with_only_text(query).make_url(), 303)
