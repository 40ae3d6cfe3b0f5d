"""`python -m search_app` is `pubsearch serve`."""

from search_app.cli.main import main

main("serve")
