"""Response times over a range of days, for those who may read requests, and the same as CSV.

The figures leave out synthetic requests, spam, and duplicates. A person nobody tried or reached counts as having waited
longer than all others, and is never left out.
"""
