"""Forms of reports: rows of figures, each typed as people write numbers, with a sentence beside whatever cannot be read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from activities.figures import STORED_DECIMALS, NumberError, Qualifier, combine, format_figure, parse_number
from activities.form_state import NOTE, QUALIFIER, REASON, UNIT, VALUE, blank_among, cell_of
from activities.models import ActivityKind, Metric, PeriodReport
from activities.receipts import decimal_text
from activities.services import Figure
from activities.sheets import Past, Sheet
from portal.foundation import clock

# As short as one tap needs: the words that stand before or after a number.
HOW = [
    (Qualifier.EXACT, pgettext_lazy("qualifier", "exact")),
    (Qualifier.NEARLY, pgettext_lazy("qualifier", "nearly")),
    (Qualifier.OVER, pgettext_lazy("qualifier", "over")),
    (Qualifier.ABOUT, pgettext_lazy("qualifier", "about")),
    (Qualifier.AT_LEAST, pgettext_lazy("qualifier", "at least")),
]


class NumberField(forms.CharField):
    """A number as people type it; None when blank, for blank is missing and not zero."""

    def __init__(self, *, decimals: int, **kwargs: Any) -> None:
        """Make a field that is read with up to `decimals` digits behind the point."""
        attrs = {"inputmode": "decimal", "autocomplete": "off", "placeholder": pgettext("placeholder", "blank"), "class": "num", "data-decimals": decimals}
        super().__init__(required=False, max_length=60, widget=forms.TextInput(attrs=attrs), **kwargs)
        self.decimals = decimals

    def to_python(self, value: str | None) -> Any:
        """Return the number."""
        return parse_number(value or "", decimals=self.decimals)

    def run_validators(self, value: Any) -> None:
        """Do nothing: `to_python` has refused what cannot be read, and lengths are those of the text, not of a number."""


@dataclass(frozen=True)
class PastWords:
    """What stood there last, in words, beside a field.

    Attributes:
        day: when: yesterday, or a date. texts: the figure by code of the unit it is said in; without its unit where there is no choice.
        unit: the one of them that the field has.
    """

    day: str
    texts: dict[str, str]
    unit: str

    @property
    def text(self) -> str:
        """The figure in the field's unit."""
        return self.texts[self.unit]


@dataclass(frozen=True)
class RegisterRow:
    """What a register says, beside a field: `held` when the field has it and is not typed in, else what could be taken instead."""

    code: str
    held: bool
    value: str
    text: str
    href: str


@dataclass(frozen=True)
class Row:
    """A figure's row in a form."""

    metric: Metric
    value: forms.BoundField
    qualifier: forms.BoundField
    unit_field: forms.BoundField | None
    past: PastWords | None
    done: bool
    register: RegisterRow | None = None

    @property
    def unit(self) -> str:
        """The unit in words, where there is no choice."""
        return "" if self.unit_field else self.metric.unit_name


@dataclass(frozen=True)
class LockedRow:
    """A figure that stands in several entries and is not edited here."""

    label: str
    text: str
    entries: int


@dataclass(frozen=True)
class Section:
    """Rows of one kind of work."""

    kind: str
    label: str
    rows: list[Row]
    locked: list[LockedRow]

    @property
    def is_touched(self) -> bool:
        """Whether something is typed in it, or refused."""
        return any(row.value.value() or row.value.errors for row in self.rows)

    @property
    def says_its_row(self) -> bool:
        """Whether its name is that of its only row, which then says it alone."""
        names = [*(row.metric.name for row in self.rows), *(row.label for row in self.locked)]
        return names == [self.label]


@dataclass(frozen=True)
class RowError:
    """A refusal, with the field that it is about."""

    label: str
    field_id: str
    message: str


class FiguresForm(forms.Form):
    """Rows of figures with a note; the metrics are those of the sheet."""

    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Seen by the branch's organisers only. Leave out residents' names and telephone numbers."),
    )

    def __init__(self, fields: Mapping[str, str], *, sheet: Sheet, typed: bool = False, hints: Mapping[str, str] | None = None) -> None:
        """Show `fields`; with `typed`, check them too."""
        self.sheet = sheet
        self.hints = dict(hints or {})
        self.shown = dict(fields)
        super().__init__(self.shown if typed else None, initial=None if typed else self.shown, auto_id="f_%s")
        for code, metric in sheet.metrics.items():
            if code not in sheet.locked:
                self._add(code, metric)

    def _add(self, code: str, metric: Metric) -> None:
        units = self.sheet.units_of(metric)
        decimals = STORED_DECIMALS if len(units) > 1 else metric.decimals
        self.fields[VALUE + code] = NumberField(decimals=decimals, label=metric.name, help_text=self.hints.get(code, ""))
        how = forms.ChoiceField(choices=HOW, required=False, initial=Qualifier.EXACT, widget=forms.RadioSelect, label=metric.name)
        self.fields[QUALIFIER + code] = how
        if len(units) > 1:
            choices = [("", metric.unit_name), *((unit.code, unit.name) for unit in units[1:])]
            self.fields[UNIT + code] = forms.ChoiceField(choices=choices, required=False, label=metric.name)
        if cell_of(self.shown, code).derived:
            self.fields[VALUE + code].widget.attrs["readonly"] = True

    def full_clean(self) -> None:
        """Check, and let the first field that was refused take the focus."""
        super().full_clean()
        first = next((name for name in self.fields if name in self.errors), None)
        if first is not None:
            self.fields[first].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        """Refuse figures that the catalogue does not have, and a report without any figure."""
        unknown = [name.removeprefix(VALUE) for name, text in self.shown.items() if name.startswith(VALUE) and text.strip() and name not in self.fields]
        for code in unknown:
            if code not in self.sheet.metrics:
                self.add_error(
                    None, _("There is no figure called “%(code)s”: “%(value)s” was not taken in.") % {"code": code, "value": self.shown[VALUE + code]}
                )
        if not self.errors and not self.figures() and not self.sheet.locked:
            self.add_error(None, _("Nothing is filled in yet. Where nothing happened, fill in 0: blank counts as missing."))
        return self.cleaned_data

    def figures(self) -> dict[str, Figure]:
        """Return the figures that were typed, by metric code."""
        found = {}
        for code in self.sheet.metrics:
            value: Decimal | None = self.cleaned_data.get(VALUE + code)
            if value is not None:
                how = self.cleaned_data.get(QUALIFIER + code) or Qualifier.EXACT
                found[code] = Figure(code, value, unit=self.cleaned_data.get(UNIT + code, ""), qualifier=how)
        return found

    def refuse(self, error: ValidationError) -> None:
        """Show a service's refusal beside the fields that it is about."""
        by_name = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        for name, messages in by_name.items():
            field = name if name in self.fields else VALUE + name
            self.add_error(field if field in self.fields else None, [str(message) for message in messages])
            if field in self.fields:
                self.fields[field].widget.attrs.setdefault("autofocus", True)

    def row_errors(self) -> list[RowError]:
        """Return all refusals, those of no field first."""
        general = [RowError("", "", str(message)) for message in self.non_field_errors()]
        return general + [RowError(str(field.label), str(field.id_for_label), str(message)) for field in self for message in field.errors]

    def usual_sections(self) -> list[Section]:
        """Return what this branch usually reports and what is filled in already, by kind; the kinds of work it reports most figures of first."""
        return self._sections([code for code in self.sheet.metrics if self._is_usual(code)])

    def other_sections(self) -> list[Section]:
        """Return all other figures, by kind."""
        return self._sections([code for code in self.sheet.metrics if not self._is_usual(code)])

    def blank_usual(self) -> list[Metric]:
        """Return the usual figures that are not filled in."""
        asked = [code for code in self.sheet.metrics if self._is_usual(code) and code not in self.sheet.locked]
        return [self.sheet.metrics[code] for code in blank_among(self.shown, asked)]

    @property
    def hidden_fields_typed(self) -> list[tuple[str, str]]:
        """What is typed, as pairs for hidden inputs: the form travels through the preview in them."""
        blank = {code for code in self.sheet.metrics if cell_of(self.shown, code).is_blank}
        return [(name, text) for name, text in self.shown.items() if name in {NOTE, REASON} or name[2:] not in blank]

    def _is_usual(self, code: str) -> bool:
        return code in self.sheet.usual or code in self.sheet.figures or code in self.sheet.derived

    def _sections(self, codes: Sequence[str]) -> list[Section]:
        by_kind: dict[str, list[str]] = {}
        for code in codes:
            by_kind.setdefault(self.sheet.metrics[code].kind, []).append(code)
        return [
            Section(kind, str(ActivityKind(kind).label), [self._row(code) for code in found if code not in self.sheet.locked], list(self._locked(found)))
            for kind, found in by_kind.items()
        ]

    def _row(self, code: str) -> Row:
        metric = self.sheet.metrics[code]
        unit_field = self[UNIT + code] if UNIT + code in self.fields else None
        past = self.sheet.past.get(code)
        words = self._past_words(metric, past, str(unit_field.value() or "") if unit_field else "") if past else None
        return Row(metric, self[VALUE + code], self[QUALIFIER + code], unit_field, words, self._is_figure(code), self._register_row(code))

    def _register_row(self, code: str) -> RegisterRow | None:
        derived = self.sheet.derived.get(code)
        if derived is None:
            return None
        text = format_figure(derived.value, Qualifier.EXACT, self.sheet.metrics[code].unit_name, lang=get_language() or "zh-hans")
        return RegisterRow(code, cell_of(self.shown, code).derived, decimal_text(derived.value), text, derived.href)

    def _is_figure(self, code: str) -> bool:
        try:
            return self.fields[VALUE + code].to_python(cell_of(self.shown, code).value) is not None
        except NumberError:
            return False

    def _past_words(self, metric: Metric, past: Past, chosen: str) -> PastWords:
        units, day = self.sheet.units_of(metric), day_words(self.sheet, past.day, pgettext("short date", "j M"))
        if len(units) == 1:  # It stands beside the field.
            return PastWords(day, {"": print_past(past, Decimal(1), "")}, "")
        texts = {unit.code: print_past(past, metric.unit.factor / unit.factor, unit.name) for unit in units[1:]}
        texts |= {"": print_past(past, Decimal(1), metric.unit_name)}
        return PastWords(day, texts, chosen if chosen in texts else "")

    def _locked(self, codes: Sequence[str]) -> Iterator[LockedRow]:
        lang = get_language() or "zh-hans"
        for code in codes:
            metric, figures = self.sheet.metrics[code], self.sheet.locked.get(code, [])
            if figures:
                total = sum((figure.value for figure in figures), Decimal(0))
                how = combine(Qualifier(figure.qualifier) for figure in figures)
                yield LockedRow(metric.name, format_figure(total, how, metric.unit_name, lang=lang, total=True), len(figures))


class DailyReportForm(FiguresForm):
    """A branch's figures for a day."""

    reason = forms.CharField(
        label=gettext_lazy("Why do the figures change?"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("The due time has passed: this is a correction. The figure as filed stays beside it."),
    )

    def __init__(self, fields: Mapping[str, str], *, sheet: Sheet, base: int, typed: bool = False, hints: Mapping[str, str] | None = None) -> None:
        """Show `fields`, opened on version `base`; with `typed`, check them too."""
        self.base = base
        super().__init__(fields, sheet=sheet, typed=typed, hints=hints)

    @property
    def asks_for_reason(self) -> bool:
        """Whether filing now would be a correction; by the version that the form was opened on, so that a second tap on the first filing is none."""
        return self.base > 0 and self.sheet.is_past_due

    def clean(self) -> dict[str, Any]:
        """Ask for the reason of a correction before the preview, not after it."""
        super().clean()
        if self.asks_for_reason and not self.cleaned_data.get("reason", "").strip():
            self.add_error("reason", _("The due time has passed: say why the figures change."))
        return self.cleaned_data


class PeriodReportForm(FiguresForm):
    """A branch's figures for a span of days."""

    first_day = forms.DateField(label=gettext_lazy("From (date)"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last_day = forms.DateField(label=gettext_lazy("To (date)"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    relation = forms.ChoiceField(
        label=gettext_lazy("Beside the daily reports"), choices=PeriodReport.Relation, widget=forms.RadioSelect, initial=PeriodReport.Relation.ADDS_TO_DAILY
    )

    def __init__(self, fields: Mapping[str, str], *, sheet: Sheet, typed: bool = False, hints: Mapping[str, str] | None = None) -> None:
        """Show `fields`; dates come first in the form."""
        super().__init__(fields, sheet=sheet, typed=typed, hints=hints)
        self.order_fields(["first_day", "last_day", "relation"])

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it starts, beside the field."""
        super().clean()
        first, last = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The end is before the start."))
        return self.cleaned_data


class ReturnForm(forms.Form):
    """What to look at before a report is filed again."""

    note = forms.CharField(label=gettext_lazy("What should the branch look at?"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


def print_past(past: Past, factor: Decimal, unit: str) -> str:
    """Return an earlier figure times `factor`, in that unit."""
    return format_figure(past.value * factor, past.qualifier, unit, lang=get_language() or "zh-hans", total=past.added)


def day_words(sheet: Sheet, day: date, written: str) -> str:
    """Return what a form calls an earlier day: yesterday on the form of today, otherwise its date as `written` says."""
    today = sheet.branch.business_date_at(clock.now())
    if sheet.day == today and day == today - timedelta(days=1):
        return _("yesterday")
    return date_format(day, written)
