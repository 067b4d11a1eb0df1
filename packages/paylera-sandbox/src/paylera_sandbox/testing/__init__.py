"""For merchants' test suites: the pytest plugin's fixtures and what they hand out."""
