"""The conformance suite: cases as data, run on every host."""
