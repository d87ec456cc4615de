"""The empty table to fill in, with the words that it understands."""

from io import BytesIO
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from activities.imports.checking import MAX_ROWS
from activities.imports.words import COLUMNS, DAY_FORMS, Catalogue
from activities.models import ActivityKind
from branches import access
from branches.access import Act
from branches.models import Branch
from portal.foundation import spreadsheets

# More names help nobody to find one; who files for so many writes the names of the portal.
_BRANCHES_LISTED: Final = 2000
_VALUES: Final = "300、约300、300余、近200、至少5、1.2万"


def template(actor: object) -> bytes:
    """Return a workbook with the headings, how to fill them in, all figures, and the branches for which `actor` files."""
    book, _sheet = spreadsheets.empty_table(_("Figures"), COLUMNS)
    _add(book, _("How to fill in"), [[line] for line in _explanations()], [100])
    _add(book, _("Catalogue"), _catalogue(), [16, 26, 40, 30, 14])
    _add(book, _("Branches"), _branches(actor), [34, 24, 40])
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _add(book: Workbook, title: str, rows: list[list[str]], widths: list[int]) -> None:
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
        for cell in sheet[sheet.max_row]:
            # A name that begins like a formula is none.
            cell.data_type = "s"
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width


def _explanations() -> tuple[str, ...]:
    return (
        _("One row a figure, in the first sheet. Keep the headings as they are; their order does not matter. Shaded red: every row needs it."),
        _("All rows of a branch and a day become one daily report. At most %(limit)s rows; more go into a second file.") % {"limit": f"{MAX_ROWS:,}"},
        _("Branch: its name as in the portal, or its identifier from the sheet of branches where two have the same name."),
        _("Business date: a date with its year, such as %(forms)s.") % {"forms": DAY_FORMS},
        _("Figure: its name or its code from the catalogue. The kind of work may stay empty; where it is given it has to fit the figure."),
        _("Value: as people write it, such as %(examples)s. Zero is a figure; a row without a value is refused.") % {"examples": _VALUES},
        _("Unit: empty for the figure's own; weights and money also in other units, such as %(examples)s.") % {"examples": "吨、斤、万元"},
        _("Note: seen only by those who may read notes. Leave out residents' names and telephone numbers."),
        _("Formulas, errors and merged cells are refused: copy the values alone."),
    )


def _catalogue() -> list[list[str]]:
    head = [_("Kind of work"), _("Figure"), _("in English"), _("Code"), _("Unit")]
    rows = [[str(ActivityKind(metric.kind).label), metric.name_zh, metric.name_en, metric.code, metric.unit_name] for metric in Catalogue().metrics]
    return [head, *rows]


def _branches(actor: object) -> list[list[str]]:
    within = Q(pk__in=())
    for act in (Act.FILE, Act.FILE_ON_BEHALF):
        if allowed := access.reach(actor, act):
            within |= Q(pk__in=Branch.objects.filter(access.branches_within(allowed)).values("pk"))
    rows = Branch.objects.filter(within).select_related("region")[:_BRANCHES_LISTED]
    return [[_("Branch"), _("Community"), _("Identifier")], *([branch.name, branch.region.name, str(branch.public_id)] for branch in rows)]
