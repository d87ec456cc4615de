"""What every resource with a scope has: rows that the reader may see, and the roles that open it at all."""

from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from branches import access
from branches.access import Act, Role
from branches.models import Branch
from portal.foundation.api.views import ReadViewSet


class RolePermission(BasePermission):
    """Whoever has no role for `view.act` anywhere is told which roles do; what is outside a scope stays unseen instead."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether the reader has such a role over anything."""
        act: Act | None = getattr(view, "act", None)
        if act is None or not request.user.is_authenticated:
            return True
        roles = ", ".join(str(role.label) for role in Role if role in access.ROLES_FOR[act])
        self.message = _("Your account has no role for this. These roles do: %(roles)s. Ask the security officer.") % {"roles": roles}
        return access.may(request.user, act)


class ScopedViewSet(ReadViewSet):
    """A resource whose rows begin with `visible_to`."""

    permission_classes = [*ReadViewSet.permission_classes, RolePermission]
    act: ClassVar[Act | None] = Act.SEE_BRANCHES

    def seen(self) -> QuerySet[Any, Any]:
        """Return the rows over which the reader may do `act`."""
        rows: QuerySet[Any, Any] = self.queryset.all()
        return rows.visible_to(self.request.user, self.act)  # type: ignore[attr-defined, no-any-return]


def notes_seen(user: object) -> Exists:
    """Return the condition, of a row with a `branch`, that the reader sees its free text: a resident may be named there."""
    return Exists(Branch.objects.visible_to(user, Act.SEE_SENSITIVE).filter(pk=OuterRef("branch_id")))


def reads_as_a_machine(user: object) -> bool:
    """Say whether all that the reader holds is for other systems: such get no personal fields, not even masked telephones."""
    grants: list[Any] = list(getattr(user, "current_grants", ()))
    return bool(getattr(user, "is_machine", False)) or (bool(grants) and all(grant.role == Role.CLIENT for grant in grants))
