"""Work: one file a subject."""

from activities.models.catalogue import ActivityKind, Dimension, Metric, OverPlaces, OverTime, Unit
from activities.models.report import (
    DailyReport,
    Entry,
    EntryParticipant,
    Measure,
    PeriodReport,
    ReportDraft,
    ReportVersion,
)
from activities.models.statement import Statement
from activities.models.supplies import StockReceipt

__all__ = [
    "ActivityKind",
    "DailyReport",
    "Dimension",
    "Entry",
    "EntryParticipant",
    "Measure",
    "Metric",
    "OverPlaces",
    "OverTime",
    "PeriodReport",
    "ReportDraft",
    "ReportVersion",
    "Statement",
    "StockReceipt",
    "Unit",
]
