"""Translation of the text that readers of the site see.

Each English sentence or label is one whole message with named placeholders, and is an argument of
`gettext` or `ngettext` where it is used, so that `make messages` finds it. Any package of
`search_app` may import this one. It imports no other.
"""
