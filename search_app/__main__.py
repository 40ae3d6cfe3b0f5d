"""`python -m search_app` is `pubsearch serve`."""

from search_app.cli import main

main("serve")
