"""The inbox in Django's admin: what arrived, what became of it, and one click to handle it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from paylera.webhooks import InboxQuery, attempts
from paylera_django._host import EVERY_DATABASE
from paylera_django.inbox import standing
from paylera_django.inbox.models import InboxEvent
from paylera_django.inbox.setting import configured

if TYPE_CHECKING:
    Base = admin.ModelAdmin[InboxEvent]
else:
    Base = admin.ModelAdmin

View = TypeVar("View", bound=Callable[..., Any])

REPLAY = "replay"
FORCED = "replay-even-if-stale"
BACK = "list"
"""The parameter of a replay that was asked for on the list: the list's own query."""


def _non_atomic(view: View) -> View:
    # A handler that fails leaves its record, whatever ATOMIC_REQUESTS is; the events themselves are never edited here.
    view._non_atomic_requests = EVERY_DATABASE  # type: ignore[attr-defined]  # noqa: SLF001 - Django's own mark
    return view


@admin.register(InboxEvent)
class InboxEventAdmin(Base):
    """A list and a page to look at; nothing can be changed but by a replay, which has a permission of its own."""

    list_display = (
        "event_type",
        "state_shown",
        "reason",
        "behind",
        "attempts",
        "received_at",
        "next_attempt",
        "lane_shown",
    )
    list_filter = ("state", "is_stale", "received_at", "event_type")
    search_fields = ("event_id", "event_type", "lane")
    search_help_text = "An event's id or type, or the id of what it is about"
    ordering = ("-received_at", "event_id")
    show_full_result_count = False
    actions = ("replay", "replay_even_if_stale")
    fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": ("event_type", "event_id", "state_shown", "reason", "next_attempt", "lane_shown", "behind"),
                "description": "A lane is what events are about. Its events are handled one at a time, in order: "
                "behind one that failed the others wait, behind one that is dead or quarantined they go on.",
            },
        ),
        ("Attempts", {"fields": ("attempts", "error_shown", "past_shown")}),
        ("Time", {"fields": ("occurred_at", "received_at", "started_at", "finished_at", "took")}),
        (
            "More",
            {
                "fields": ("is_stale", "force", "secret_position"),
                "description": "Stale: a newer event of its lane was handled before. Force: replayed even if stale. "
                "Secret position: which secret signed it, 0 for signing_secret, 1 for the first accepted one; "
                "none signed what reconcile pulled.",
            },
        ),
        ("Payload", {"fields": ("payload_shown",)}),
    )

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("paylera_inbox/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody makes events by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: InboxEvent | None = None) -> bool:
        """Nobody edits them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: InboxEvent | None = None) -> bool:
        """`paylera_inbox prune` deletes those that are done."""
        return False

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Ask for `paylera_inbox.replay_inboxevent`."""
        user: Any = request.user
        return bool(user.has_perm("paylera_inbox.replay_inboxevent"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboxEvent]:
        """Look where the inbox is."""
        rows = super().get_queryset(request)
        try:
            return rows.using(configured().using)
        except ImproperlyConfigured:
            return rows

    def get_urls(self) -> list[URLPattern]:
        """Add the two buttons."""
        view = self.admin_site.admin_view(self.replay_view)
        mine = [
            path(f"<path:object_id>/{name}/", view, {"name": name}, f"paylera_inbox_inboxevent_{name}")
            for name in (REPLAY, FORCED)
        ]
        return [*mine, *super().get_urls()]

    @_non_atomic
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list below what is in trouble, or run an action."""
        if request.method != "GET" or not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        told = standing.told(self.get_queryset(request))
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Count what waits behind the events of a page, at once."""
        page = super().get_changelist_instance(request)
        counts = standing.behind(self.get_queryset(request), page.result_list)
        for event in page.result_list:
            event.waiting = counts.get(event.pk, 0)
        return page

    def get_list_display(self, request: HttpRequest) -> Any:
        """Give what is in trouble a button, for whoever may press it."""
        if not self.has_replay_permission(request):
            return self.list_display
        back = urlencode({BACK: request.GET.urlencode()})

        @admin.display(description="", empty_value="")
        def again(event: InboxEvent) -> SafeString | str:
            url = f"{self._url(REPLAY, quote(event.pk))}?{back}"
            return format_html(_AGAIN, url) if event.state in standing.TROUBLE else ""

        return (*self.list_display[:2], again, *self.list_display[2:])  # in sight on a phone, too

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show an event."""
        may = {"may_replay": self.has_replay_permission(request)}
        return super().change_view(request, object_id, form_url, {**may, **(extra_context or {})})

    @_non_atomic
    def replay_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponseBase:
        """Replay one event, and show it again, or the list that the button was on."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_replay_permission(request):
            raise PermissionDenied
        event = self.get_object(request, unquote(object_id))
        if event is None:
            raise Http404
        self._replay(request, [event], force=name == FORCED)
        if BACK in request.GET:
            return HttpResponseRedirect(f"{self._url('changelist')}?{QueryDict(request.GET[BACK]).urlencode()}")
        return HttpResponseRedirect(self._url("change", quote(event.pk)))

    def _url(self, name: str, *args: str) -> str:
        return reverse(f"admin:paylera_inbox_inboxevent_{name}", args=args, current_app=self.admin_site.name)

    @admin.action(description="Replay", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[InboxEvent]) -> None:
        """Handle the events again."""
        self._replay(request, list(queryset), force=False)

    @admin.action(description="Replay even if stale", permissions=["replay"])
    def replay_even_if_stale(self, request: HttpRequest, queryset: QuerySet[InboxEvent]) -> None:
        """Handle the events again, those that a newer one has overtaken too."""
        self._replay(request, list(queryset), force=True)

    def _replay(self, request: HttpRequest, events: Sequence[InboxEvent], *, force: bool) -> None:
        try:
            inbox = configured()
        except ImproperlyConfigured as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        ids = tuple(event.event_id for event in events)
        revived = inbox.drive(inbox.replay(InboxQuery(event_ids=ids, limit=len(ids)), force=force))
        for event in events:
            self.log_change(request, event, "Replayed even if stale." if force else "Replayed.")
        after = self.get_queryset(request).filter(event_id__in=ids).values_list("state", flat=True)
        states = ", ".join(f"{list(after).count(state)} {state}" for state in dict.fromkeys(after))
        is_all_well = revived == len(ids) and not {"failed", "dead", "quarantined"} & set(after)
        text = f"{revived} of {len(ids)} replayed; now {states}."
        self.message_user(request, text, messages.SUCCESS if is_all_well else messages.WARNING)

    @admin.display(description="state", ordering="state")
    def state_shown(self, event: InboxEvent) -> SafeString:
        """Show the state, coloured, and whether it was stale."""
        stale = _STALE if event.is_stale else ""
        return format_html('<span class="paylera-state paylera-{}">{}</span>{}', event.state, event.state, stale)

    @admin.display(description="lane", ordering="lane")
    def lane_shown(self, event: InboxEvent) -> SafeString:
        """Link to all events of the same aggregate."""
        url = f"{self._url('changelist')}?{urlencode({'lane__exact': event.lane})}"
        return format_html('<a href="{}">{}</a>', url, event.lane)

    @admin.display(description="why")
    def reason(self, event: InboxEvent) -> SafeString | str:
        """Show the last line of the traceback, while it matters."""
        why = standing.reason(event.error) if event.state in standing.TROUBLE else ""
        return format_html('<span class="paylera-why" title="{}">{}</span>', why, why) if why else "-"

    @admin.display(description="behind it")
    def behind(self, event: InboxEvent) -> int | str:
        """Tell how many events of its lane wait for it."""
        waiting = getattr(event, "waiting", None)
        if waiting is None:
            waiting = standing.behind(InboxEvent.objects.using(event._state.db), [event]).get(event.pk, 0)  # noqa: SLF001
        return waiting or "-"

    @admin.display(description="next attempt", ordering="due_at")
    def next_attempt(self, event: InboxEvent) -> str:
        """Tell when a failed event is tried again."""
        if event.state != "failed" or event.due_at is None:
            return "-"
        return date_format(localtime(event.due_at), "DATETIME_FORMAT")

    @admin.display(description="took")
    def took(self, event: InboxEvent) -> str:
        """Tell how long the last attempt took."""
        if event.started_at is None or event.finished_at is None:
            return "-"
        return _seconds((event.finished_at - event.started_at).total_seconds())

    @admin.display(description="error")
    def error_shown(self, event: InboxEvent) -> SafeString | str:
        """Show the last traceback."""
        return format_html('<pre class="paylera-pre">{}</pre>', event.error) if event.error else "-"

    @admin.display(description="payload")
    def payload_shown(self, event: InboxEvent) -> SafeString:
        """Show the body, laid out."""
        try:
            text = json.dumps(json.loads(event.payload), indent=2, ensure_ascii=False)
        except ValueError:
            text = event.payload
        return format_html('<pre class="paylera-pre">{}</pre>', text)

    @admin.display(description="history")
    def past_shown(self, event: InboxEvent) -> SafeString | str:
        """Show every attempt."""
        rows = format_html_join("", _ROW, (_cells(one) for one in attempts.read(event.history)))
        return format_html('<table class="paylera-past">{}{}</table>', _HEAD, rows) if rows else "-"


_AGAIN = '<button type="submit" class="paylera-again" formaction="{}">Replay</button>'
_HEAD = mark_safe("<tr><th>started</th><th>took</th><th>outcome</th><th></th></tr>")
_STALE = mark_safe(' <span class="paylera-state">stale</span>')
_ROW = '<tr><td>{}</td><td>{}</td><td><span class="paylera-state paylera-{}">{}</span></td><td>{}</td></tr>'
_TRACEBACK = "<details><summary>traceback</summary><pre>{}</pre></details>"


def _cells(attempt: attempts.Attempt) -> tuple[str, ...]:
    started = localtime(attempt.started_at).strftime("%Y-%m-%d %H:%M:%S")
    told = format_html(_TRACEBACK, attempt.error) if attempt.error else ""
    return started, _seconds(attempt.seconds), attempt.outcome, attempt.outcome, told


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f} s" if seconds < 10 else f"{seconds:,.0f} s"
