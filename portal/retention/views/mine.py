"""What is held about me: everybody's own page, its rows, and all of it as a file; and asking to have it corrected or erased."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, Final, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from members.models import Person
from portal.accounts.models import User
from portal.foundation import audit, clock
from portal.foundation.downloads import a_few_at_once
from portal.foundation.paging import Page, page_of
from portal.foundation.sensitive import AtEnd, Basis, Sensitive
from portal.foundation.tables.cells import guarded
from portal.foundation.text import mask_phone
from portal.retention.about import Link, counted, everything, links
from portal.retention.declared import is_computed, period_of
from portal.retention.forms import AskForm
from portal.retention.models import DataRequest
from portal.retention.services import requesting

_ASKED: Final = {"correct": DataRequest.Kind.CORRECT, "erase": DataRequest.Kind.ERASE}


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show how much is held about the reader, kind by kind, and what they asked."""
    user = cast("User", request.user)
    held = counted(user)
    context = {
        "own": [(link, count, _told(link)) for link, count in held.items() if link.own],
        "done": [(link, count) for link, count in held.items() if not link.own],
        "requests": DataRequest.objects.filter(account=user).order_by("-pk")[:20],
    }
    return render(request, "retention/mine.html", context)


@require_safe
def mine_rows(request: HttpRequest, of: str) -> HttpResponse:
    """Show rows of one kind that are the reader's own."""
    user = cast("User", request.user)
    link = next((each for each in links() if each.slug == of and each.own), None)
    if link is None:
        raise Http404
    page: Page[Any] = page_of(link.rows(user).select_related(*link.named_fields()), request.GET.get("page"))
    context = {"link": link, "page": page, "rows": [link.facts(row, user) for row in page.items], "told": _told(link)}
    return render(request, "retention/mine_rows.html", context)


@require_safe
@a_few_at_once
def mine_export(request: HttpRequest, format: str) -> HttpResponse | StreamingHttpResponse:
    """Give all that is held about the reader, as JSON or csv; that it was taken is in the audit log."""
    user = cast("User", request.user)
    if format not in ("json", "csv"):
        raise Http404
    audit.record(user, "own_data.exported", address=audit.address_of(request), format=format)
    kinds = list(everything(user))
    content = _csv(kinds) if format == "csv" else json.dumps({"account": user.username, "kinds": kinds}, ensure_ascii=False, indent=1)
    headers = {"Content-Disposition": f'attachment; filename="my-data-{clock.today():%Y%m%d}.{format}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/json" if format == "json" else "text/csv; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def mine_ask(request: HttpRequest, kind: str) -> HttpResponse:
    """Ask to have something corrected, or erased: first shows what goes at once, and what stays, why and until when."""
    user = cast("User", request.user)
    if kind not in _ASKED:
        raise Http404
    form = AskForm(request.POST or None, needs_words=kind == "correct")
    if request.method == "POST" and form.is_valid():
        try:
            requesting.ask(actor=user, kind=_ASKED[kind], words=form.cleaned_data["words"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Your request is recorded. It is answered within 15 days; the answer stands on this page."))
            return redirect("retention:mine")
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "retention/mine_ask.html", {"form": form, "kind": kind, **(_erasure(user) if kind == "erase" else {})}, status=status)


def _told(link: Link) -> list[tuple[str, Any, str]]:
    """Return of each declared field what it is called, what is declared, and how long it stays."""
    return [(_called(link, name), said, period_of(said)) for name, said in link.said().items()]


def _called(link: Link, name: str) -> str:
    return _name_of(link.model, name)


def _name_of(model: type[Model], name: str) -> str:
    return capfirst(str(model._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def _erasure(user: User) -> dict[str, Any]:
    """Return what goes at once, by what it is called, and what stays."""
    if requesting.is_held(user):
        return {"goes": [], "held": True, "stays": _staying(user, set())}
    person, goes = user.person, {"email": user.email}
    if person is not None:
        goes["phone"] = mask_phone(person.phone)
        goes["duty_phone"] = "" if requesting.holds_an_office(person) else mask_phone(person.duty_phone)
    named = [(_name_of(User if name == "email" else Person, name), value) for name, value in goes.items() if value]
    # What is empty is not kept either.
    gone = {"phone", "email"} | ({"duty_phone"} if goes.get("duty_phone") else set())
    return {"goes": named, "stays": _staying(user, gone)}


def _staying(user: User, gone: set[str]) -> list[tuple[str, str, Sensitive, str, int]]:
    """Return what is declared of somebody's own rows, and of what the law has kept about their account, but for what goes at once.

    Fields of which the page would say the same share a line: what the rows are called, the fields, what is declared, how long, how many rows.
    """
    found: dict[tuple[Link, str, Basis | None, AtEnd], tuple[Sensitive, list[str]]] = {}
    rows = counted(user)
    for link in rows:
        for name, said in link.said().items():
            if said.at_end is not AtEnd.ROW_GOES and (link.own or said.at_end is AtEnd.KEPT) and name not in gone and not is_computed(name):
                found.setdefault((link, period_of(said), said.basis, said.at_end), (said, []))[1].append(_called(link, name))
    return [(link.title, _(", ").join(dict.fromkeys(names)), said, period, rows[link]) for (link, period, _basis, _end), (said, names) in found.items()]


def _csv(kinds: list[dict[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([_("Kind"), _("Row"), _("Field"), _("Value")])
    for line in _lines(kinds):
        writer.writerow([guarded(str(cell)) for cell in line])
    # Excel takes a file without the mark for another encoding.
    return "\ufeff" + stream.getvalue()


def _lines(kinds: list[dict[str, Any]]) -> Iterator[tuple[str, object, str, str]]:
    for kind in kinds:
        if not kind["rows"]:
            yield kind["title"], "", _("number of rows"), str(kind["count"])
        for number, row in enumerate(kind["rows"], start=1):
            for name, value in row.items():
                yield kind["title"], number, name, value
