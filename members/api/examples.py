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
