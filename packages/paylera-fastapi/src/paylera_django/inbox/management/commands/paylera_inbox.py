"""`manage.py paylera_inbox process|replay|prune|stats|reconcile`."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from paylera.webhooks import console
from paylera_django.inbox.checks import missing_tables
from paylera_django.inbox.setting import configured


class Command(BaseCommand):
    """What the commands do is in `paylera.webhooks.console`, once for every host."""

    help = "Handle, replay, prune, count and reconcile the events in the inbox."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the five commands."""
        console.commands(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run one of them; what it finds is its exit status."""
        try:
            inbox = configured()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        if missing_tables(inbox.using):
            msg = f"the tables of the inbox are missing; run: manage.py migrate --database {inbox.using}"
            raise CommandError(msg)
        with console.stopping() as is_stopping:
            flow = console.execute(inbox, Namespace(**options), say=self._say, is_stopping=is_stopping)
            status = inbox.drive(flow)
        if status:
            sys.exit(status)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
