"""Examples for the schema, with invented names."""

from typing import Any

from branches.api.examples import BRANCH_REFERENCE, COMPANY, ROOT

PERSON_ID = "01890a5d-ac96-774b-bcce-b302099a8080"

PERSON: dict[str, Any] = {
    "public_id": PERSON_ID,
    "url": f"{ROOT}persons/{PERSON_ID}/",
    "name": "示**",
    "kind": "member",
    "phone": None,
    "duty_phone": None,
    "masked": True,
    "memberships": [
        {
            "branch": BRANCH_REFERENCE,
            "during": {"first_day": "2020-02-01", "last_day": None},
            "terms": [{"office": "secretary", "during": {"first_day": "2020-02-01", "last_day": None}}],
        }
    ],
    "secondments": [{"home_unit": COMPANY, "region": None, "channel": "team", "job": "", "during": {"first_day": "2020-02-01", "last_day": None}}],
}

POST_ID = "01890a5d-ac96-774b-bcce-b302099a8090"
SHIFT_ID = "01890a5d-ac96-774b-bcce-b302099a8091"

DUTY_POST: dict[str, Any] = {
    "public_id": POST_ID,
    "url": f"{ROOT}duty-posts/{POST_ID}/",
    "branch": BRANCH_REFERENCE,
    "name": "东门卡口",
    "duty": "checkpoint",
    "people": 1,
    "times": [{"starts_at": "08:00:00", "ends_at": "16:00:00"}],
    "during": {"first_day": "2020-02-10", "last_day": None},
}

SHIFT: dict[str, Any] = {
    "public_id": SHIFT_ID,
    "url": f"{ROOT}shifts/{SHIFT_ID}/",
    "branch": BRANCH_REFERENCE,
    "post": {"public_id": POST_ID, "name": "东门卡口", "url": f"{ROOT}duty-posts/{POST_ID}/"},
    "business_date": "2020-03-06",
    "starts_at": "2020-03-06T08:00:00+08:00",
    "ends_at": "2020-03-06T16:00:00+08:00",
    "people": 2,
    "on_duty": 1,
    "came": 1,
    "late": 0,
    "absent": 1,
}

HAND_OVER_ID = "01890a5d-ac96-774b-bcce-b302099a8092"

HAND_OVER: dict[str, Any] = {
    "public_id": HAND_OVER_ID,
    "url": f"{ROOT}hand-overs/{HAND_OVER_ID}/",
    "shift": {"public_id": SHIFT_ID, "url": f"{ROOT}shifts/{SHIFT_ID}/"},
    "branch": BRANCH_REFERENCE,
    "business_date": "2020-03-06",
    "state": "signed",
    "outgoing_at": "2020-03-06T15:55:00+08:00",
    "incoming_at": "2020-03-06T16:05:00+08:00",
}

HOURS: dict[str, Any] = {
    "business_date": "2020-03-06",
    "branch": BRANCH_REFERENCE,
    "work_unit": COMPANY,
    "person_shifts": 9,
    "people": 7,
    "hours": "71.5",
}
