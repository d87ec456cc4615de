"""What is kept about people, why and how long: the same for everybody, made from the declarations of the models."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.foundation.sensitive import Whose
from portal.retention.declared import groups, heading_of


# Open: whoever is asked for their name may read beforehand what becomes of it (article 17).
@login_not_required
@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """Show every field that is declared sensitive, by whom it is about."""
    sections = [(whose.value[0], heading_of(whose), groups(whose)) for whose in Whose]
    return render(request, "retention/kept.html", {"sections": sections})
