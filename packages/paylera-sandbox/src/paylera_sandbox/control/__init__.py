"""The control API: `/sandbox/...`, what one does to a sandbox and not to Paylera. The command line, the console and
Python use it or the functions behind it."""
