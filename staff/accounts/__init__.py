"""The accounts of staff: who makes them, and how a person gets their first password."""
