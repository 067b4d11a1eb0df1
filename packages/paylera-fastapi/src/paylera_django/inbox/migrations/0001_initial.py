"""The first tables of the inbox."""

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar[list[Any]] = []

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="InboxLane",
            fields=[
                ("lane", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("mark_at", models.DateTimeField(null=True)),
                ("mark_id", models.CharField(default="", max_length=255)),
            ],
            options={
                "db_table": "paylera_inbox_lane",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("event_id", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64)),
                ("is_done", models.BooleanField(default=False)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "paylera_inbox_claim",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="InboxEvent",
            fields=[
                ("event_id", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("event_type", models.CharField(max_length=255)),
                ("lane", models.CharField(max_length=255)),
                ("occurred_at", models.DateTimeField()),
                ("payload", models.TextField()),
                ("received_at", models.DateTimeField(db_index=True)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("secret_position", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "received"),
                            ("processing", "processing"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("dead", "dead"),
                            ("quarantined", "quarantined"),
                        ],
                        max_length=16,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("owner", models.CharField(blank=True, default="", max_length=64)),
                ("is_stale", models.BooleanField(default=False)),
                ("force", models.BooleanField(default=False)),
                ("error", models.TextField(blank=True, default="")),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("history", models.TextField(blank=True, default="")),
            ],
            options={
                "verbose_name": "event",
                "default_permissions": ("view",),
                "permissions": (("replay_inboxevent", "Can replay events"),),
                "db_table": "paylera_inbox_event",
                "indexes": [
                    models.Index(fields=["state", "due_at"], name="paylera_inbox_due"),
                    models.Index(fields=["lane", "state", "occurred_at", "event_id"], name="paylera_inbox_lane_head"),
                ],
            },
        ),
    ]
