"""Settings of the example. Everything that differs between machines comes from the environment."""

import os
from pathlib import Path

APP_DIR = Path(__file__).resolve().parent.parent
PAGES_DIR = APP_DIR.parent / "pages"

# PAYLERA_BASE_URL is read by the SDK itself: it points to the sandbox here, and is not set in production.
PAYLERA_API_TOKEN = os.environ["PAYLERA_API_TOKEN"]
PAYLERA_WEBHOOK_SECRET = os.environ["PAYLERA_WEBHOOK_SECRET"]
PAYLERA_WEBHOOK_SECRET_PREVIOUS = os.environ.get("PAYLERA_WEBHOOK_SECRET_PREVIOUS", "")

SECRET_KEY = os.environ["APP_SECRET_KEY"]
DEBUG = os.environ.get("DJANGO_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")

ROOT_URLCONF = "skyline.urls"
WSGI_APPLICATION = "skyline.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "paylera_django.inbox",
    "skyline",
]
PAYLERA_INBOX = "skyline.billing.inbox"  # where the admin and `manage.py paylera_inbox` find it
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [PAGES_DIR / "templates"],
        "OPTIONS": {"context_processors": ["skyline.views.person"]},
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",  # the admin's
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SKYLINE_DB", APP_DIR / "db.sqlite3"),
        # Webhooks, the worker and pages write at the same time: wait for the others rather than fail.
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/app"
LOGOUT_REDIRECT_URL = "/"
STATIC_URL = "/django-static/"  # the admin's files
X_FRAME_OPTIONS = "DENY"
USE_TZ = True
TIME_ZONE = "UTC"
