"""The least that Django does for a form: what an accepted request is compared with.

A new project's middleware, a form of as many fields, one INSERT, a redirect. Nothing is sealed, indexed or counted.
"""
