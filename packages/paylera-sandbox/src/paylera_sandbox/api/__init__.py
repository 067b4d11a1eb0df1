"""The API: one module per resource, each a few functions from a call to an object, and the fields they take."""
