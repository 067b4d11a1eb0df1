"""Paylera for Python."""
