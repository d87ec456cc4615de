"""Whether the portal lives, and whether it can work: for load balancers, for `make run`, for whoever wonders."""

from collections.abc import Callable
from functools import cache
from typing import Final

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.foundation import heartbeats
from portal.watching import storage

# By their address, with the name of the URL.
PROBES: Final = {"/healthz": "healthz", "/livez": "livez", "/readyz": "readyz"}
# In both languages at once, as on the console: whoever watches machines has no session that says which.
DATABASE_GONE = (
    "The database does not answer: see log/postgres.log in the data folder, or check the server of DATABASE_URL. / "
    "数据库没有应答：请查看数据目录中的 log/postgres.log，或检查 DATABASE_URL 所指的服务器。"
)


@login_not_required
@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process answers at all; looks at nothing else, so that nobody restarts it for the database's sake."""
    return JsonResponse({"status": "alive"})


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer whether requests should be sent here: 503 without a database or with another one's tables, else 200, `degraded` where somebody should look."""
    checks = {"database": "ok", "migrations": "ok", "disk": "low" if storage.is_low() else "ok", "worker": "ok"}
    try:
        checks["migrations"] = "ok" if _is_migrated() else "missing"
        checks["worker"] = "ok" if heartbeats.worker_is_seen() else "unseen"
    except Error:
        connection.close()
        checks |= {"database": "gone", "migrations": "unknown", "worker": "unknown"}
    if checks["database"] != "ok" or checks["migrations"] != "ok":
        return JsonResponse({"status": "unavailable", "checks": checks}, status=503)
    return JsonResponse({"status": "ready" if set(checks.values()) == {"ok"} else "degraded", "checks": checks})


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database answers, else 503 with the reason."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        connection.close()
        return JsonResponse({"status": "unavailable", "reason": DATABASE_GONE}, status=503, json_dumps_params={"ensure_ascii": False})
    return JsonResponse({"status": "ok"})


_VIEWS: Final = {"healthz": healthz, "livez": livez, "readyz": readyz}


def before_sessions(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer probes before the session is read: a browser that is signed in must get 503 too, not an error, when the database is gone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        name = PROBES.get(request.path_info)
        return _VIEWS[name](request) if name else get_response(request)

    return middleware


def _is_migrated() -> bool:
    """Tell whether the database has every migration of this code; more are an older process during an update, which goes on serving."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return _migrations() <= set(cursor.fetchall())


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """Return the migrations of this code, read from the files once a process."""
    return frozenset(MigrationLoader(None).disk_migrations or ())
