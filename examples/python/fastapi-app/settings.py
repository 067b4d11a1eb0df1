"""Settings of the example: everything that differs between machines comes from the environment."""

import os
from pathlib import Path

APP_DIR = Path(__file__).resolve().parent
PAGES_DIR = APP_DIR.parent / "pages"


def required(name: str) -> str:
    """Return a setting that has no default, or end with a line that says what to do."""
    value = os.environ.get(name, "")
    if not value:
        msg = f"{name} is not set. For the sandbox: uvicorn main:app --port 8002 --env-file ../sandbox.env"
        raise SystemExit(msg)
    return value


# PAYLERA_BASE_URL is read by the SDK itself: it points to the sandbox here, and is not set in production.
PAYLERA_API_TOKEN = required("PAYLERA_API_TOKEN")
PAYLERA_WEBHOOK_SECRET = required("PAYLERA_WEBHOOK_SECRET")
PAYLERA_WEBHOOK_SECRET_PREVIOUS = os.environ.get("PAYLERA_WEBHOOK_SECRET_PREVIOUS", "")
SECRET_KEY = required("APP_SECRET_KEY")
DATABASE = os.environ.get("SKYLINE_DB", str(APP_DIR / "events.sqlite3"))
