"""Reports, entries, figures, the catalogue."""

from typing import Any

from django.urls import path

from activities.api import views
from activities.api.contacts import ContactPointViewSet, ContactVisitViewSet
from activities.api.derived import DerivedFiguresView
from activities.api.inspections import InspectionPointViewSet, InspectionViewSet
from activities.api.needs import NeedEventViewSet, NeedViewSet
from activities.api.suggestions import SuggestionViewSet
from activities.api.surveys import SurveyAnswerViewSet, SurveyViewSet

app_name = "activities-api"

MANY: dict[str, Any] = {"get": "list"}
ONE: dict[str, Any] = {"get": "retrieve"}

urlpatterns = [
    path("reports/", views.DailyReportViewSet.as_view({**MANY, "post": "create"}), name="report-list"),
    path("reports/<uuid:public_id>/", views.DailyReportViewSet.as_view(ONE), name="report-detail"),
    path("period-reports/", views.PeriodReportViewSet.as_view({**MANY, "post": "create"}), name="period-report-list"),
    path("period-reports/<uuid:public_id>/", views.PeriodReportViewSet.as_view(ONE), name="period-report-detail"),
    path("report-versions/", views.VersionViewSet.as_view(MANY), name="report-version-list"),
    path("report-versions/<uuid:public_id>/", views.VersionViewSet.as_view(ONE), name="report-version-detail"),
    path("report-versions/<uuid:public_id>/accept/", views.VersionViewSet.as_view({"post": "accept"}), name="report-version-accept"),
    path("report-versions/<uuid:public_id>/return/", views.VersionViewSet.as_view({"post": "give_back"}), name="report-version-return"),
    path("report-versions/<uuid:public_id>/withdraw/", views.VersionViewSet.as_view({"post": "withdraw"}), name="report-version-withdraw"),
    path("report-versions/<uuid:public_id>/confirm/", views.VersionViewSet.as_view({"post": "confirm"}), name="report-version-confirm"),
    path("entries/", views.EntryViewSet.as_view(MANY), name="entry-list"),
    path("entries/all/", views.EntryViewSet.as_view({"get": "pull"}), name="entry-pull"),
    path("entries/<uuid:public_id>/", views.EntryViewSet.as_view(ONE), name="entry-detail"),
    path("measures/", views.MeasureViewSet.as_view(MANY), name="measure-list"),
    path("measures/<uuid:public_id>/", views.MeasureViewSet.as_view(ONE), name="measure-detail"),
    path("stock-receipts/", views.StockReceiptViewSet.as_view(MANY), name="stock-receipt-list"),
    path("stock-receipts/<uuid:public_id>/", views.StockReceiptViewSet.as_view(ONE), name="stock-receipt-detail"),
    path("statements/", views.StatementViewSet.as_view(MANY), name="statement-list"),
    path("statements/<uuid:public_id>/", views.StatementViewSet.as_view(ONE), name="statement-detail"),
    path("frozen-figures/", views.FrozenFigureViewSet.as_view(MANY), name="frozen-figure-list"),
    path("frozen-figures/<uuid:public_id>/", views.FrozenFigureViewSet.as_view(ONE), name="frozen-figure-detail"),
    path("derived-figures/", DerivedFiguresView.as_view(), name="derived-figures"),
    path("needs/", NeedViewSet.as_view(MANY), name="need-list"),
    path("needs/<uuid:public_id>/", NeedViewSet.as_view(ONE), name="need-detail"),
    path("need-events/", NeedEventViewSet.as_view(MANY), name="need-event-list"),
    path("need-events/<uuid:public_id>/", NeedEventViewSet.as_view(ONE), name="need-event-detail"),
    path("suggestions/", SuggestionViewSet.as_view(MANY), name="suggestion-list"),
    path("suggestions/<uuid:public_id>/", SuggestionViewSet.as_view(ONE), name="suggestion-detail"),
    path("inspections/", InspectionViewSet.as_view(MANY), name="inspection-list"),
    path("inspections/<uuid:public_id>/", InspectionViewSet.as_view(ONE), name="inspection-detail"),
    path("inspection-points/", InspectionPointViewSet.as_view(MANY), name="inspection-point-list"),
    path("inspection-points/<uuid:public_id>/", InspectionPointViewSet.as_view(ONE), name="inspection-point-detail"),
    path("contact-points/", ContactPointViewSet.as_view(MANY), name="contact-point-list"),
    path("contact-points/<uuid:public_id>/", ContactPointViewSet.as_view(ONE), name="contact-point-detail"),
    path("contact-visits/", ContactVisitViewSet.as_view(MANY), name="contact-visit-list"),
    path("contact-visits/<uuid:public_id>/", ContactVisitViewSet.as_view(ONE), name="contact-visit-detail"),
    path("surveys/", SurveyViewSet.as_view(MANY), name="survey-list"),
    path("surveys/<uuid:public_id>/", SurveyViewSet.as_view(ONE), name="survey-detail"),
    path("survey-answers/", SurveyAnswerViewSet.as_view(MANY), name="survey-answer-list"),
    path("survey-answers/<uuid:public_id>/", SurveyAnswerViewSet.as_view(ONE), name="survey-answer-detail"),
    path("metrics/", views.MetricViewSet.as_view(MANY), name="metric-list"),
    path("units/", views.UnitViewSet.as_view(MANY), name="unit-list"),
]
