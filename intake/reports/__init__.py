"""Response times, over a range of days: figures for those who may read requests, and the same as CSV.

Left out of the figures: what the site sent to itself, spam and duplicates. Who was not tried or not reached counts as
having waited longer than anyone else, and is never dropped.
"""
