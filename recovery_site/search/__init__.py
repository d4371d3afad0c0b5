"""The site search: what readers can read now, found by the words that people use.

It stands in the wiring, because only here may pages and answers be known together. A search asks an index in memory
(`index.py`), so one engine serves both databases and a search costs no query.
"""
