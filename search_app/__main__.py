"""The command `python -m search_app`, which runs `pubsearch serve`."""

from search_app.cli.main import main

main("serve")
