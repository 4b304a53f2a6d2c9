"""The router beside every model server: it draws a variant for each request and talks to a model server of it.

Selection and admission are pure; only route_table_source talks to Kubernetes, only the admin port uses aiohttp.
"""
