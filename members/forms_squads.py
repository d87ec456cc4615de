"""Forms of squads and pioneer posts: founding, who is in one, which grids it covers, until when, and who claims a post."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from branches.forms import DayField
from branches.models import Branch, Region
from members.grids import MOST_GRIDS, Grid, regions_offered
from members.models import Membership, Person, PioneerPost, Squad
from members.models.pioneers import MOST_PLACES
from members.services.pioneers import PostFacts
from members.services.squads import SquadFacts
from portal.foundation import clock

_NAME: Final = 60


class SquadEditForm(forms.Form):
    """What a squad is called, what kind it is, and what for."""

    name = forms.CharField(label=pgettext_lazy("of a squad or post", "Name"), max_length=_NAME)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Squad.Kind.choices, initial=Squad.Kind.SHOCK)
    task = forms.CharField(label=gettext_lazy("Task"), required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2, "maxlength": 200}))

    def facts(self) -> SquadFacts:
        """Return what the squad is."""
        return SquadFacts(**{name: self.cleaned_data[name] for name in ("name", "kind", "task")})


class SquadForm(SquadEditForm):
    """A new squad, with its leader, its people and its grids."""

    first_day = DayField(label=gettext_lazy("From"))
    leader = forms.ModelChoiceField(label=gettext_lazy("Leader"), queryset=Person.objects.none(), to_field_name="public_id", required=False)
    people = forms.ModelMultipleChoiceField(
        label=gettext_lazy("People"), queryset=Person.objects.none(), to_field_name="public_id", required=False, widget=forms.CheckboxSelectMultiple
    )
    grids = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Grids"), queryset=Region.objects.none(), to_field_name="public_id", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, branch: Branch, grids: Iterable[Grid], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("first_day", clock.today())
        people = people_of(branch, clock.today())
        for name in ("leader", "people"):
            _choose_people(self.fields[name], people)
        _choose_grids(self.fields["grids"], branch, grids)


class PeopleForm(forms.Form):
    """Who of the branch joins a squad."""

    people = forms.ModelMultipleChoiceField(
        label=gettext_lazy("People"), queryset=Person.objects.none(), to_field_name="public_id", widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose somebody.")},
    )  # fmt: skip
    first_day = DayField(label=gettext_lazy("From"))

    def __init__(self, squad: Squad, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        today = clock.today()
        self.initial.setdefault("first_day", max(today, squad.during.lower or today))
        inside = squad.members.on(today).values("person")
        _choose_people(self.fields["people"], people_of(squad.branch, today).exclude(pk__in=inside), among=people_of(squad.branch, today))


class GridsForm(forms.Form):
    """Which grids a squad covers."""

    grids = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Grids"), queryset=Region.objects.none(), to_field_name="public_id", widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose a grid.")},
    )  # fmt: skip
    first_day = DayField(label=gettext_lazy("From"))

    def __init__(self, squad: Squad, grids: Iterable[Grid], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        today = clock.today()
        self.initial.setdefault("first_day", max(today, squad.during.lower or today))
        listed = [grid for grid in grids if all(held.squad_id != squad.pk for held in grid.coverage)]
        known = {grid.region.pk for grid in listed} | set(squad.grids.on(today).values_list("region", flat=True))
        further = regions_offered(squad.branch, today).exclude(pk__in=known).order_by("name_key", "pk")[:MOST_GRIDS]
        _choose_grids(self.fields["grids"], squad.branch, [*listed, *(Grid(region, ()) for region in further)])


class SquadsForm(forms.Form):
    """A squad for each grid that nobody covers, named in one go; an empty name founds none."""

    first_day = DayField(label=gettext_lazy("From"))

    def __init__(self, regions: Iterable[Region], kind: Squad.Kind, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("first_day", clock.today())
        self.regions = {f"name-{region.public_id}": region for region in regions}
        for name, region in self.regions.items():
            usual = (pgettext("a squad", "%(grid)s %(kind)s") % {"grid": region.name, "kind": kind.label})[:_NAME]
            self.fields[name] = forms.CharField(label=region.name, required=False, max_length=_NAME, initial=usual)

    @property
    def names(self) -> list[forms.BoundField]:
        """The fields of the squads' names."""
        return [self[name] for name in self.regions]

    def clean(self) -> dict[str, Any]:
        """Want at least one squad."""
        typed = super().clean() or {}
        if not self.errors and not any(typed.get(name) for name in self.regions):
            raise forms.ValidationError(_("Name at least one squad."))
        return typed

    def named(self) -> list[tuple[Region, str]]:
        """Return the grids with the names of their squads."""
        return [(region, self.cleaned_data[name]) for name, region in self.regions.items() if self.cleaned_data[name]]


class LastDayForm(forms.Form):
    """The last day of something."""

    last_day = DayField(label=gettext_lazy("Last day"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("last_day", clock.today())


class PioneerPostForm(forms.Form):
    """What a pioneer post is."""

    name = forms.CharField(label=pgettext_lazy("of a squad or post", "Name"), max_length=_NAME)
    duty = forms.CharField(label=pgettext_lazy("pioneer post", "Duty"), max_length=200, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 200}))
    region = forms.ModelChoiceField(label=gettext_lazy("Place"), queryset=Region.objects.none(), to_field_name="public_id", required=False)
    places = forms.IntegerField(
        label=gettext_lazy("Members at a time"), min_value=1, max_value=MOST_PLACES, initial=1, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )

    def __init__(self, branch: Branch, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        where: Any = self.fields["region"]
        where.queryset = regions_offered(branch, clock.today()).order_by("name_key", "pk")
        where.label_from_instance = lambda region: region.name
        where.empty_label = _("no particular place")

    @classmethod
    def of(cls, post: PioneerPost, data: Mapping[str, Any] | None) -> "PioneerPostForm":
        """Return the form with what a post is now; a place that is no grid any more may stay."""
        region = post.region
        form = cls(post.branch, data, initial={"name": post.name, "duty": post.duty, "places": post.places, "region": region and region.public_id})
        where: Any = form.fields["region"]
        where.queryset = where.queryset | Region.objects.filter(pk__in=[region.pk] if region else [])
        return form

    def facts(self) -> PostFacts:
        """Return what the post is."""
        return PostFacts(**{name: self.cleaned_data[name] for name in ("name", "duty", "region", "places")})


class NewPioneerPostForm(PioneerPostForm):
    """A post that is opened on a day."""

    first_day = DayField(label=gettext_lazy("From"))

    def __init__(self, branch: Branch, *args: Any, **options: Any) -> None:
        super().__init__(branch, *args, **options)
        self.initial.setdefault("first_day", clock.today())


class ClaimForm(forms.Form):
    """From when until when somebody holds a post."""

    first_day = DayField(label=gettext_lazy("From"))
    last_day = DayField(label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Leave empty while nobody knows."))

    def __init__(self, free: date | None, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("first_day", free or clock.today())


class ClaimForSomebodyForm(ClaimForm):
    """Which Party member of the branch holds a post."""

    person = forms.ModelChoiceField(
        label=gettext_lazy("Party member"),
        queryset=Person.objects.none(),
        to_field_name="public_id",
        error_messages={"required": gettext_lazy("Choose somebody.")},
    )
    field_order = ["person", "first_day", "last_day"]

    def __init__(self, branch: Branch, free: date | None, *args: Any, **options: Any) -> None:
        super().__init__(free, *args, **options)
        # Others may be named by a page of before, and are refused in words.
        among = people_of(branch, clock.today())
        _choose_people(self.fields["person"], among.filter(kind=Person.Kind.MEMBER), among=among)


def people_of(branch: Branch, day: date) -> "QuerySet[Person]":
    """Return who is in a branch on a day, by name."""
    held = Membership.objects.filter(branch=branch).on(day).values("person")
    found: QuerySet[Person] = Person.objects.filter(pk__in=held).order_by("name_key", "pk")
    return found


def _choose_people(field: Any, offered: "QuerySet[Person]", among: "QuerySet[Person] | None" = None) -> None:
    """Offer people by name and kind; take whoever is among some, whom a page of before offered."""
    field.queryset = offered if among is None else among
    choices: list[tuple[Any, str]] = [(person.public_id, f"{person.name} · {person.get_kind_display()}") for person in offered]
    field.widget.choices = choices if isinstance(field, forms.ModelMultipleChoiceField) else [("", _("Choose somebody")), *choices]


def _choose_grids(field: Any, branch: Branch, grids: Iterable[Grid]) -> None:
    """Offer grids, and say of each which squads cover it already."""
    field.queryset = regions_offered(branch, clock.today())
    field.widget.choices = [(grid.region.public_id, _grid_label(grid)) for grid in grids]


def _grid_label(grid: Grid) -> str:
    if not grid.coverage:
        return grid.region.name
    squads = pgettext("between names", ", ").join(held.squad.name for held in grid.coverage)
    return _("%(grid)s · covered by %(squads)s") % {"grid": grid.region.name, "squads": squads}
