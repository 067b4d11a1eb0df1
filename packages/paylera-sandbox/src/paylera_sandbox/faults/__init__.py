"""Faults on demand: what goes wrong in production, made to go wrong here. `actions` is the table of what there is."""
