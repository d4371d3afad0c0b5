"""The minimum that Django does for a form, to compare an accepted request with.

A new project's middleware, a form with the same number of fields, one INSERT, a redirect. Nothing is encrypted, indexed
or counted.
"""
