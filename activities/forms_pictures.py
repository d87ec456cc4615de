"""The form for a picture or a document of what is to be mended."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from activities.models import InspectionPoint, PointFile
from portal.foundation import attachments, pictures


class PointFileForm(forms.Form):
    """What a picture shows, and the picture."""

    file = forms.FileField(
        label=_("Picture or document"),
        help_text=format_lazy(
            _("JPEG, PNG or PDF, at most {megabytes} MB. Where a picture was taken, and with what, is not kept; leave people out of it where you can."),
            megabytes=pictures.LIMIT // 1024**2,
        ),
        # No `capture`: a telephone then offers its camera and what was taken before.
        widget=forms.ClearableFileInput(attrs={"accept": f"{pictures.JPEG},{pictures.PNG},{pictures.PDF}"}),
    )
    shows = forms.ChoiceField(label=_("What it shows"), choices=PointFile.Shows.choices, widget=forms.RadioSelect)
    uid = forms.UUIDField(widget=forms.HiddenInput)

    def clean_file(self) -> UploadedFile:
        """Refuse what is too large before it is read."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > pictures.LIMIT:
            raise forms.ValidationError(attachments.too_large(pictures.LIMIT))
        return file


def usual(point: InspectionPoint, **more: Any) -> dict[str, Any]:
    """Return what usually stands in the form: what is open is shown as found, what is reported as mended after that."""
    return {"shows": PointFile.Shows.FOUND if point.state == InspectionPoint.State.OPEN else PointFile.Shows.MENDED, **more}
