"""Examples for the schema, with invented names. A test posts those of requests."""

from typing import Any

from branches.api.examples import BRANCH_ID, BRANCH_REFERENCE, COMMUNITY, COMPANY, ROOT
from members.api.examples import PERSON_ID

REPORT_ID = "01890a5d-ac96-774b-bcce-b302099a8090"
PERIOD_REPORT_ID = "01890a5d-ac96-774b-bcce-b302099a8091"
VERSION_ID = "01890a5d-ac96-774b-bcce-b302099a80a0"
ENTRY_ID = "01890a5d-ac96-774b-bcce-b302099a80b0"
MEASURE_ID = "01890a5d-ac96-774b-bcce-b302099a80c0"
_NOW = "2020-03-06T21:00:00+08:00"


def _id(resource: str, public_id: str) -> dict[str, str]:
    return {"public_id": public_id, "url": f"{ROOT}{resource}/{public_id}/"}


UNIT: dict[str, Any] = {"code": "jin", "name_zh": "斤", "name_en": "jin", "dimension": "weight", "factor": "0.5", "aliases": ["市斤"]}

METRIC: dict[str, Any] = {
    "code": "vehicles",
    "kind": "checkpoint",
    "name_zh": "车辆登记",
    "name_en": "vehicles registered",
    "unit": "vehicle_times",
    "unit_zh": "台次",
    "unit_en": "vehicle-times",
    "over_time": "sum",
    "over_places": "sum",
    "decimals": 0,
    "attributable": False,
}

_FIGURE: dict[str, Any] = {
    **_id("measures", MEASURE_ID),
    "metric": "vehicles",
    "value": "200",
    "unit": "vehicle_times",
    "qualifier": "nearly",
    "qualifier_text": "近200台次",
    "value_entered": "200",
    "unit_entered": "vehicle_times",
    "unit_text": "",
    "source": "typed",
    "register_value": None,
}

MEASURE: dict[str, Any] = {
    **_FIGURE,
    "kind": "checkpoint",
    "branch": BRANCH_REFERENCE,
    "business_date": "2020-03-06",
    "period": None,
    "place": COMMUNITY,
    "entry": _id("entries", ENTRY_ID),
    "version": _id("report-versions", VERSION_ID),
    "counted": True,
}

_WORK: dict[str, Any] = {
    **_id("entries", ENTRY_ID),
    "kind": "checkpoint",
    "place": COMMUNITY,
    "starts_at": None,
    "ends_at": None,
    "note": None,
    "measures": [_FIGURE],
    "participants": [{"person": _id("persons", PERSON_ID), "home_unit": COMPANY, "hours": "8"}],
}

ENTRY: dict[str, Any] = {
    **_WORK,
    "branch": BRANCH_REFERENCE,
    "business_date": "2020-03-06",
    "period": None,
    "version": _id("report-versions", VERSION_ID),
    "counted": True,
}

_SUMMARY: dict[str, Any] = {
    **_id("report-versions", VERSION_ID),
    "number": 1,
    "state": "filed",
    "nature": "first",
    "reason": "",
    "note": None,
    "means": "api",
    "receipt": "7K2M-9QXD-4T",
    "filed_by": "01890a5d-ac96-774b-bcce-b302099a80d0",
    "due_at": "2020-03-06T23:30:00+08:00",
    "known_from": _NOW,
    "known_until": None,
    "on_behalf": False,
    "confirmed_at": None,
    "reviewed_at": None,
    "review_note": "",
}

VERSION: dict[str, Any] = {
    **_SUMMARY,
    "branch": BRANCH_REFERENCE,
    "report": _id("reports", REPORT_ID),
    "business_date": "2020-03-06",
    "period": None,
    "counted": True,
    "entries": [_WORK],
}

REPORT: dict[str, Any] = {
    **_id("reports", REPORT_ID),
    "branch": BRANCH_REFERENCE,
    "business_date": "2020-03-06",
    "current": VERSION_ID,
    "versions": [{**_SUMMARY, "entries": None}],
}

PERIOD_REPORT: dict[str, Any] = {
    **_id("period-reports", PERIOD_REPORT_ID),
    "branch": BRANCH_REFERENCE,
    "first_day": "2020-02-10",
    "last_day": "2020-02-29",
    "relation": "adds_to_daily",
    "undated": False,
    "current": VERSION_ID,
    "versions": [{**_SUMMARY, "due_at": None, "entries": None}],
}

PERIOD_VERSION: dict[str, Any] = {
    **VERSION,
    "due_at": None,
    "report": _id("period-reports", PERIOD_REPORT_ID),
    "business_date": None,
    "period": {"first_day": "2020-02-10", "last_day": "2020-02-29"},
}

STOCK_RECEIPT: dict[str, Any] = {
    **_id("stock-receipts", "01890a5d-ac96-774b-bcce-b302099a80e0"),
    "branch": BRANCH_REFERENCE,
    "item": "口罩",
    "value": "500",
    "unit": "pieces",
    "unit_text": "只",
    "qualifier": "exact",
    "received_on": "2020-02-20",
    "note": None,
}

STATEMENT: dict[str, Any] = {
    **_id("statements", "01890a5d-ac96-774b-bcce-b302099a80f0"),
    "region": COMMUNITY,
    "work_unit": None,
    "branch": None,
    "what_zh": "登记车辆",
    "what_en": "vehicles registered",
    "value": "12000",
    "qualifier": "over",
    "computes": "sum:vehicles",
    "note": "",
    "stated_on": "2020-03-10",
    "title": "示例简报",
}

# --- Requests -----------------------------------------------------------------------------------------------------------

FILE_DAILY: dict[str, Any] = {
    "uid": "5f0c3d0e-6c1b-4c52-9a51-0d7d5a1f0001",
    "branch": BRANCH_ID,
    "business_date": "2020-03-06",
    "base": 0,
    "figures": [
        {"metric": "vehicles", "value": "200", "qualifier": "nearly", "qualifier_text": "近200台次"},
        {"metric": "turned_back", "value": "0"},
        {"metric": "goods_unloaded", "value": "3", "unit": "t"},
    ],
}

FILE_ENTRIES: dict[str, Any] = {
    "uid": "5f0c3d0e-6c1b-4c52-9a51-0d7d5a1f0002",
    "branch": BRANCH_ID,
    "business_date": "2020-03-05",
    "note": "东门下午临时封闭",
    "entries": [
        {
            "kind": "checkpoint",
            "starts_at": "2020-03-05T08:00:00+08:00",
            "ends_at": "2020-03-05T16:00:00+08:00",
            "figures": [{"metric": "vehicles", "value": "120"}],
            "participants": [{"person": PERSON_ID, "hours": "8"}],
        },
        {"kind": "patrol", "figures": [{"metric": "patrol_rounds", "value": "6"}]},
    ],
}

FILE_PERIOD: dict[str, Any] = {
    "uid": "5f0c3d0e-6c1b-4c52-9a51-0d7d5a1f0003",
    "branch": BRANCH_ID,
    "first_day": "2020-02-10",
    "last_day": "2020-02-29",
    "relation": "adds_to_daily",
    "figures": [{"metric": "patrol_rounds", "value": "140", "qualifier": "over"}],
}

RETURN = {"note": "车辆数与门岗登记不符，请核对"}
WITHDRAW = {"reason": "报错了日期"}

FROZEN_FIGURE: dict[str, Any] = {
    **_id("frozen-figures", "01890a5d-ac96-774b-bcce-b302099a8100"),
    "region": COMMUNITY,
    "work_unit": None,
    "branch": None,
    "metric": "vehicles",
    "unit": "vehicle_times",
    "first_day": "2020-03-06",
    "last_day": "2020-03-06",
    "value": "1840",
    "qualifier": "exact",
    "count": 9,
    "inexact": 0,
    "due": 10,
    "reported": 9,
    "purpose": "示例日报",
    "frozen_at": _NOW,
}
