"""The Flask application: requests in, pages and JSON out.

`app` makes it, `routes` are its routes, `errors` turns exceptions into responses, `robots` serves
robots.txt and the sitemap, `server` runs it on waitress, `zero_result_log` logs searches without
hits; `middleware` acts on every request. `cli` and `workers` import `app` and `server`.
"""
