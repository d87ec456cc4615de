"""Forms of a roster: posts and the times of their shifts, spans to fill, who is put on a shift by hand, and who is off."""

from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from branches.forms import DayField, TimeInput
from branches.models import Branch
from members.models import DutyPost, Membership, OnSiteStay, Person, TimeOff
from members.models.roster import MOST_PEOPLE
from members.services.roster import LONGEST_SPAN, PostFacts
from portal.foundation import clock

Times = tuple[tuple[time, time], ...]

THREE: Final[Times] = ((time(0), time(8)), (time(8), time(16)), (time(16), time(0)))
DAY_AND_NIGHT: Final[Times] = ((time(8), time(20)), (time(20), time(8)))
PATTERNS: Final[dict[str, Times]] = {"three": THREE, "day_night": DAY_AND_NIGHT}
OWN: Final = "own"
# As many shifts as a post has in a day with times of its own.
_OWN_TIMES: Final = 4
_MOST_POSTS: Final = 30


class PostForm(forms.Form):
    """What a post is, and when its shifts are."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    duty = forms.ChoiceField(label=gettext_lazy("Duty"), choices=DutyPost.Duty.choices)
    people = forms.IntegerField(label=gettext_lazy("People a shift"), min_value=1, max_value=MOST_PEOPLE, initial=1)
    pattern = forms.ChoiceField(
        label=gettext_lazy("Shifts"),
        choices=[
            ("three", gettext_lazy("Three shifts: 00:00–08:00, 08:00–16:00, 16:00–24:00")),
            ("day_night", gettext_lazy("Day and night: 08:00–20:00, 20:00–08:00")),
            (OWN, gettext_lazy("Own times, filled in below")),
        ],
        initial="three",
        widget=forms.RadioSelect,
    )
    last_day = DayField(label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Leave empty while it is staffed."))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for number in range(1, _OWN_TIMES + 1):
            for name, label in (("start", _("Shift %(number)d starts at")), ("end", _("Shift %(number)d ends at"))):
                self.fields[f"{name}_{number}"] = forms.TimeField(label=label % {"number": number}, required=False, widget=TimeInput())

    @classmethod
    def of(cls, post: DutyPost, *args: Any) -> "PostForm":
        """Return the form with what a post is now."""
        times = tuple((each.starts_at, each.ends_at) for each in post.times.all())
        pattern = next((name for name, known in PATTERNS.items() if known == times), OWN)
        values: dict[str, Any] = {"name": post.name, "duty": post.duty, "people": post.people, "pattern": pattern}
        values["last_day"] = post.during.upper - timedelta(days=1) if post.during.upper else None
        for number, (start, end) in enumerate(times if pattern == OWN else (), 1):
            values |= {f"start_{number}": start, f"end_{number}": end}
        return cls(*args, initial=values)

    @property
    def own_times(self) -> list[tuple[Any, Any]]:
        """The fields of the shifts with times of their own, as pairs."""
        return [(self[f"start_{number}"], self[f"end_{number}"]) for number in range(1, _OWN_TIMES + 1)]

    def clean(self) -> dict[str, Any]:
        """Want both ends of each shift, and at least one shift."""
        typed = super().clean() or {}
        if typed.get("pattern") == OWN:
            pairs = [(number, typed.get(f"start_{number}"), typed.get(f"end_{number}")) for number in range(1, _OWN_TIMES + 1)]
            for number, start, end in pairs:
                if (start is None) != (end is None):
                    self.add_error(f"end_{number}" if end is None else f"start_{number}", _("Fill in both ends of the shift."))
            if not any(start and end for _number, start, end in pairs) and not self.errors:
                self.add_error("start_1", _("Fill in at least one shift."))
        return typed

    def facts(self) -> PostFacts:
        """Return what the post is."""
        typed = self.cleaned_data
        own = ((typed.get(f"start_{number}"), typed.get(f"end_{number}")) for number in range(1, _OWN_TIMES + 1))
        times = PATTERNS.get(typed["pattern"]) or tuple((start, end) for start, end in own if start is not None and end is not None)
        return PostFacts(duty=typed["duty"], people=typed["people"], times=times)


class PostsForm(PostForm):
    """Posts that are staffed alike, added together."""

    name = None  # type: ignore[assignment]
    last_day = None  # type: ignore[assignment]
    names = forms.CharField(
        label=gettext_lazy("Names"), widget=forms.Textarea(attrs={"rows": 3}), help_text=gettext_lazy("One post a line: East gate, West gate.")
    )
    first_day = DayField(label=gettext_lazy("From"))

    field_order = ["names", "duty", "people", "first_day", "pattern"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("first_day", clock.today())

    def clean_names(self) -> list[str]:
        """Return the names, each once."""
        names = list(dict.fromkeys(line.strip() for line in self.cleaned_data["names"].splitlines() if line.strip()))
        if len(names) > _MOST_POSTS:
            raise ValidationError(_("Add 30 posts at most at a time."))
        if any(len(name) > DutyPost._meta.get_field("name").max_length for name in names):  # type: ignore[operator]
            raise ValidationError(_("A name has 60 characters at most."))
        return names


class FillForm(forms.Form):
    """The days to fill."""

    first_day = DayField(label=gettext_lazy("From"))
    last_day = DayField(label=gettext_lazy("Last day"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("first_day", clock.today())
        self.initial.setdefault("last_day", clock.today() + timedelta(days=6))

    def clean_first_day(self) -> date:
        """Plan what is still to come."""
        day: date = self.cleaned_data["first_day"]
        if day < clock.today():
            raise ValidationError(_("What is over is not planned any more. Begin today or later."))
        return day

    def days(self) -> int:
        """Return the most days that are filled at a time."""
        return LONGEST_SPAN


class PutOnForm(forms.Form):
    """Who is put on a shift; those whom nothing keeps away stand first, with their hours of the week."""

    person = forms.ModelChoiceField(
        label=gettext_lazy("Person"), queryset=Person.objects.none(), to_field_name="public_id", error_messages={"required": gettext_lazy("Choose somebody.")}
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)
    despite = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, choices: Iterable[tuple[str, list[tuple[Person, float]]]], among: Iterable[Person], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        who: Any = self.fields["person"]
        who.queryset = Person.objects.filter(pk__in=[person.pk for person in among])
        grouped = [(group, [(person.public_id, _with_hours(person, hours)) for person, hours in people]) for group, people in choices if people]
        who.widget.choices = [("", _("Choose somebody")), *grouped]


class TimeOffForm(forms.Form):
    """Who takes no shift, and when."""

    person = forms.ModelChoiceField(label=gettext_lazy("Person"), queryset=Person.objects.none(), to_field_name="public_id")
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=TimeOff.Reason.choices, initial=TimeOff.Reason.AWAY)
    first_day = DayField(label=gettext_lazy("From"))
    last_day = DayField(label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Leave empty while nobody knows."))

    def __init__(self, branch: Branch, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("first_day", clock.today())
        held = Membership.objects.filter(branch=branch).on(clock.today())
        who: Any = self.fields["person"]
        who.queryset = Person.objects.filter(pk__in=held.values("person")).order_by("name_key", "pk")
        who.label_from_instance = lambda person: person.name


class OnSiteForm(forms.Form):
    """Who lives on site, where, and from when until when."""

    people: Any = forms.ModelMultipleChoiceField(
        label=gettext_lazy("People"),
        queryset=Person.objects.none(),
        to_field_name="public_id",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one person.")},
    )
    place = forms.CharField(
        label=gettext_lazy("Place"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("The post, the hotel, the community's office. Seen by the branch's organiser and shift leaders only."),
    )
    first_day = DayField(label=gettext_lazy("From"))
    last_day = DayField(label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Leave empty while nobody knows."))

    def __init__(self, branch: Branch, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        today = clock.today()
        self.initial.setdefault("first_day", today)
        held = Membership.objects.filter(branch=branch).on(today)
        who: Any = self.fields["people"]
        who.queryset = Person.objects.filter(pk__in=held.values("person")).order_by("name_key", "pk")
        # Whoever lives there now is not offered; who was written down meanwhile is refused by name.
        on_site = OnSiteStay.objects.filter(branch=branch).on(today)
        who.widget.choices = [(person.public_id, person.name) for person in who.queryset.exclude(memberships__stays__in=on_site)]


class OnSiteEndForm(forms.Form):
    """Who leaves the site, and after which day."""

    stays: Any = forms.ModelMultipleChoiceField(
        label=gettext_lazy("People"),
        queryset=OnSiteStay.objects.none(),
        to_field_name="public_id",
        error_messages={"required": gettext_lazy("Tick whoever leaves.")},
    )
    last_day = DayField(label=gettext_lazy("Last day on site"))

    def __init__(self, branch: Branch, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["stays"].queryset = OnSiteStay.objects.filter(branch=branch)  # type: ignore[attr-defined]


def _with_hours(person: Person, hours: float) -> str:
    said = ngettext("%(hours)g hour this week", "%(hours)g hours this week", int(hours)) % {"hours": hours}
    return f"{person.name} · {said}"
