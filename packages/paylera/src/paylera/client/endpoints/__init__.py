"""The endpoints, one pure function each, grouped by noun.

For all of them: a parameter that is None is not sent (in an update, leave it out instead: there None clears);
`idempotency_key` may be given to repeat a call safely across processes, otherwise a fresh one is made;
amounts and quantities are decimal strings, ints or `Decimal`, never floats. They raise the errors of `paylera.errors`,
and `ValueError` for what may not be sent. Source: facts section 7; docs/api-objects.md.
"""
