"""Django's command line for the example. Without a Paylera token in the environment it uses the sandbox's settings."""

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

SANDBOX_ENV = Path(__file__).resolve().parent.parent / "sandbox.env"


def use_sandbox() -> None:
    """Take what is not set from `sandbox.env`. For development only: `wsgi.py` and `asgi.py` do not do this."""
    for line in SANDBOX_ENV.read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator and not name.startswith("#"):
            os.environ.setdefault(name, value)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "skyline.settings")
    if "PAYLERA_API_TOKEN" not in os.environ:
        use_sandbox()
    execute_from_command_line(sys.argv)
