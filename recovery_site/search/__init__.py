"""The site search: it finds the pages that readers can open, by the words people use.

It is in `recovery_site`, because only this app may import both pages and questions. It searches an index in memory
(`index.py`). So a search needs no query, and it works the same on both databases.
"""
