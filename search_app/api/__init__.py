"""The JSON API.

`schemas` has the types of the responses, `serializers` builds them from results, and `openapi`
describes them as an OpenAPI document. The package imports `presentation` for labels and URLs. Only
`web` imports it.
"""
