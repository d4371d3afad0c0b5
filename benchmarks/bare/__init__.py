"""The minimum that Django does for a form, for comparison with an accepted request.

It uses a new project's middleware, a form with the same number of fields as Django renders it, one INSERT, and a
redirect to a page of thanks. It does not encrypt, index or count anything.
"""
