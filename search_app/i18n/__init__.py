"""Translation of the text that readers of the site see.

`translation` has `gettext` and `ngettext`. Each English sentence or label is one whole message with
named placeholders. It is an argument of one of these two functions where it is used, so that
`make messages` finds it. `interface` has the languages, whose messages are in `translations`. Any
package of `search_app` may import this one. It imports no other.
"""
