"""The people of the demo, with a password that the login page shows. A real product has no such migration."""

import json

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import migrations


def add_people(apps, schema_editor):
    accounts = json.loads((settings.PAGES_DIR / "accounts.json").read_text())
    password = make_password(accounts["password"])
    user = apps.get_model("auth", "User")
    user.objects.bulk_create([user(**person, password=password) for person in accounts["people"]])


def remove_people(apps, schema_editor):
    accounts = json.loads((settings.PAGES_DIR / "accounts.json").read_text())
    names = [person["username"] for person in accounts["people"]]
    apps.get_model("auth", "User").objects.filter(username__in=names).delete()


class Migration(migrations.Migration):
    dependencies = (("skyline", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length"))
    operations = (migrations.RunPython(add_people, remove_people),)
