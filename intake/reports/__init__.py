"""Reports for users who may read requests: response times over a range of days, also as CSV.

The figures leave out synthetic requests, spam, and duplicates. People who were not tried, or not reached, are never
left out: they count as having waited longest.
"""
