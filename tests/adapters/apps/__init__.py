"""The apps that the tests serve."""
