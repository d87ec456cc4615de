"""Work: one file a subject."""

from activities.models.catalogue import ActivityKind, Dimension, Metric, OverPlaces, OverTime, Unit
from activities.models.contact import ContactPoint, ContactTerm, ContactVisit
from activities.models.frozen import FrozenFigure
from activities.models.imports import ImportedFigure, ImportedReport, RefusedCell, ReportImport
from activities.models.inspection import Inspection, InspectionPoint, InspectionPointEvent
from activities.models.need import Need, NeedCode, NeedEvent
from activities.models.point_file import PointFile
from activities.models.report import (
    DailyReport,
    Entry,
    EntryParticipant,
    Measure,
    PeriodReport,
    ReportDraft,
    ReportVersion,
)
from activities.models.rollup import ROLLED_LEVELS, Rollup, RollupDelta, Series
from activities.models.statement import Statement
from activities.models.suggestion import Suggestion, SuggestionEvent
from activities.models.supplies import StockReceipt
from activities.models.survey import Survey, SurveyAnswer, SurveyQuestion, SurveyResponse

__all__ = [
    "ROLLED_LEVELS",
    "ActivityKind",
    "ContactPoint",
    "ContactTerm",
    "ContactVisit",
    "DailyReport",
    "Dimension",
    "Entry",
    "EntryParticipant",
    "FrozenFigure",
    "ImportedFigure",
    "ImportedReport",
    "Inspection",
    "InspectionPoint",
    "InspectionPointEvent",
    "Measure",
    "Metric",
    "Need",
    "NeedCode",
    "NeedEvent",
    "OverPlaces",
    "OverTime",
    "PeriodReport",
    "PointFile",
    "RefusedCell",
    "ReportDraft",
    "ReportImport",
    "ReportVersion",
    "Rollup",
    "RollupDelta",
    "Series",
    "Statement",
    "StockReceipt",
    "Suggestion",
    "SuggestionEvent",
    "Survey",
    "SurveyAnswer",
    "SurveyQuestion",
    "SurveyResponse",
    "Unit",
]
