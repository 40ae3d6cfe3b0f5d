"""The JSON API.

`responses` has the types of the responses, and makes them of results. `files` and `suggestions` do
both for a part of them. `openapi` describes them as an OpenAPI document, and `parameters` the
parameters of a search. The package imports `presentation` for labels and URLs.
Only `web` imports it.
"""
