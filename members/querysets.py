"""Queries over people in domain words."""

from datetime import date
from typing import Any, Self

from django.db.models import Q

from branches import access
from branches.access import Act
from branches.querysets import ScopedQuerySet


class PersonQuerySet(ScopedQuerySet[Any]):
    """Persons."""

    scope_filter = staticmethod(access.people_within)
    scope_act = Act.SEE_PEOPLE

    def visible_to(self, actor: object, act: Act | None = None) -> Self:
        """Persons over whom `actor` may do `act`, and the actor's own person; each once."""
        allowed = access.reach(actor, act or self.scope_act)
        seen = Q(pk=getattr(actor, "person_id", None))
        if allowed:
            seen |= access.people_within(allowed) or Q(pk__isnull=False)
        # Through a sub-query: a person has many memberships and would come back as often.
        return self.filter(pk__in=self.model._default_manager.filter(seen).values("pk"))


class MembershipQuerySet(ScopedQuerySet[Any]):
    """Memberships."""

    scope_path = "person__"
    scope_filter = staticmethod(access.people_within)
    scope_act = Act.SEE_PEOPLE

    def on(self, day: date) -> Self:
        """Memberships that hold on `day`."""
        return self.filter(during__contains=day)
