"""Functions that act on every request and response, before and after the routes.

Each module has one job. `web.app` registers it with the application. No module imports the routes,
the pages, or the API.
"""
