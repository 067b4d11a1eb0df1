"""The table of received webhook events."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = ()
    operations = (
        migrations.CreateModel(
            name="ReceivedEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(max_length=128, unique=True)),
                ("type", models.CharField(max_length=128)),
                ("occurred_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                ("customer_id", models.CharField(db_index=True, max_length=128)),
                ("email", models.CharField(db_index=True, max_length=254)),
                ("payload", models.JSONField()),
            ],
        ),
    )
