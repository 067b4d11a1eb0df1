"""Who may open the admin of the demo. A real product has no such migration."""

import json

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import migrations

NAME = "operator"


def add_operator(apps, schema_editor):
    password = json.loads((settings.PAGES_DIR / "accounts.json").read_text())["password"]
    user = apps.get_model("auth", "User")
    user.objects.create(username=NAME, password=make_password(password), is_staff=True, is_superuser=True)


def remove_operator(apps, schema_editor):
    apps.get_model("auth", "User").objects.filter(username=NAME).delete()


class Migration(migrations.Migration):
    dependencies = (("skyline", "0002_demo_accounts"),)
    operations = (migrations.RunPython(add_operator, remove_operator),)
