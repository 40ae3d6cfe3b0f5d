"""The Flask application: serve pages and JSON over HTTP.

`app` creates the application. `routes` has the routes of searches and of the site itself. Each of
the other modules named `_routes`, `discovery`, `opensearch`, `sitemap`, and `robots` has the routes
of one purpose. `middleware` acts on every request.

`lookup` finds the publication of a URL, `addresses` makes URLs absolute, and `errors` turns
exceptions into responses. `server` runs the application on waitress. `zero_result_log` logs
searches without hits.
"""
