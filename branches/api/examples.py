"""Examples for the schema, with invented names. A test posts and validates them."""

from typing import Any

ROOT = "https://portal.example/api/v1/"
REGION_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
STREET_ID = "01890a5d-ac96-774b-bcce-b302099a8058"
UNIT_ID = "01890a5d-ac96-774b-bcce-b302099a8060"
BRANCH_ID = "01890a5d-ac96-774b-bcce-b302099a8070"


def reference(resource: str, public_id: str, name: str) -> dict[str, str]:
    """Return a reference as the API writes it."""
    return {"public_id": public_id, "name": name, "url": f"{ROOT}{resource}/{public_id}/"}


COMMUNITY = reference("regions", REGION_ID, "望江社区")
STREET = reference("regions", STREET_ID, "梧桐街道")
COMPANY = reference("work-units", UNIT_ID, "示例一公司")
BRANCH_REFERENCE = reference("branches", BRANCH_ID, "望江社区临时党支部")

REGION: dict[str, Any] = {
    "public_id": REGION_ID,
    "url": COMMUNITY["url"],
    "level": "community",
    "name": "望江社区",
    "name_en": "",
    "aliases": ["望江"],
    "code": "",
    "households": 2100,
    "residents": 6400,
    "buildings": 38,
    "gates": 4,
    "gates_open": 2,
    "unmanaged": False,
    "parents": [{"region": STREET, "during": {"first_day": None, "last_day": None}}],
}

WORK_UNIT: dict[str, Any] = {"public_id": UNIT_ID, "url": COMPANY["url"], "name": "示例一公司", "parent": None, "external_ids": {}}

BRANCH: dict[str, Any] = {
    "public_id": BRANCH_ID,
    "url": BRANCH_REFERENCE["url"],
    "name": "望江社区临时党支部",
    "kind": "branch",
    "state": "active",
    "region": COMMUNITY,
    "covers": [],
    "sending_units": [COMPANY],
    "guided_by": "梧桐街道党工委",
    "established_on": "2020-02-01",
    "started_work_on": None,
    "ended_on": None,
    "merged_into": None,
    "reports_daily": True,
    "reports_from": None,
    "declared_counts": [{"what": "members", "value": 12, "as_of": "2020-02-10"}],
    "waves": [{"ordinal": 1, "head_count": 8, "sent_down_on": "2020-02-01"}],
    "external_ids": {},
}
