"""Whether the portal can work: for load balancers, for `make run`, for whoever wonders."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

PATH = "/healthz"
# In both languages at once, as on the console: whoever watches machines has no session that says which.
DATABASE_GONE = (
    "The database does not answer: see log/postgres.log in the data folder, or check the server of DATABASE_URL. / "
    "数据库没有应答：请查看数据目录中的 log/postgres.log，或检查 DATABASE_URL 所指的服务器。"
)


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


def before_sessions(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer `/healthz` before the session is read: a browser that is signed in must get 503 too, not an error, when the database is gone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return healthz(request) if request.path_info == PATH else get_response(request)

    return middleware
