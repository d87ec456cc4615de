"""Which backups the rule keeps."""

import errno
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from portal.backup import keeping
from portal.backup.keeping import Kept


def made(moment: datetime) -> Kept:
    return Kept(Path(keeping.name_of(moment)), moment, 1)


def kept_of(backups: list[Kept], keep: tuple[int, int, int]) -> list[str]:
    gone = set(keeping.surplus(backups, keep))
    return sorted(backup.made_at.strftime("%m-%d %H") for backup in backups if backup not in gone)


def test_of_a_year_of_nights_seven_days_five_weeks_and_twelve_months_are_kept() -> None:
    last = datetime(2020, 12, 31, 18, tzinfo=UTC)  # 1 January in the portal's time zone, a Friday
    nights = [made(last - timedelta(days=number)) for number in range(400)]
    kept = kept_of(nights, (7, 5, 12))
    # The newest of each week is its Sunday, of each month its last day, as the portal counts days.
    assert kept == sorted(
        [
            "12-31 18",
            "12-30 18",
            "12-29 18",
            "12-28 18",
            "12-27 18",
            "12-26 18",
            "12-25 18",
            "12-19 18",
            "12-12 18",
            "12-05 18",
            "11-29 18",
            "10-30 18",
            "09-29 18",
            "08-30 18",
            "07-30 18",
            "06-29 18",
            "05-30 18",
            "04-29 18",
            "03-30 18",
            "02-28 18",
        ]
    )


def test_of_several_on_a_day_the_newest_is_kept() -> None:
    day = datetime(2020, 3, 6, tzinfo=UTC)
    assert kept_of([made(day + timedelta(hours=hours)) for hours in (1, 2, 3)], (7, 5, 12)) == ["03-06 03"]


@pytest.mark.parametrize("keep", [(0, 0, 0), (1, 0, 0), (0, 1, 0)])
def test_the_newest_of_all_is_kept_whatever_the_rule_says(keep: tuple[int, int, int]) -> None:
    moments = [datetime(2020, 3, day, tzinfo=UTC) for day in (1, 9, 17)]
    assert kept_of([made(moment) for moment in moments], keep) == ["03-17 00"]


def test_only_finished_backups_are_counted_and_deleted_and_never_the_one_just_made(tmp_path: Path) -> None:
    moments = [datetime(2020, 3, day, tzinfo=UTC) for day in (1, 2, 3)]
    old, just_made, ahead = paths = [tmp_path / keeping.name_of(moment) for moment in moments]
    others = [tmp_path / "portal.dump", tmp_path / f"{old.name}.7.part", tmp_path / "portal-20200301T000000Z.age.bak"]
    for path in (*paths, *others):
        path.write_bytes(b"x")
    # The clock went back: the newest by name is not the newest by writing.
    with override_settings(BACKUP_KEEP=(1, 0, 0)):
        gone = keeping.prune(tmp_path, just_made)
    assert [backup.path for backup in gone] == [old]
    assert set(tmp_path.iterdir()) == {just_made, ahead, *others}


def test_on_a_disk_that_knows_no_second_name_of_a_file_a_backup_still_replaces_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_paths: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    moment = datetime(2020, 3, 1, tzinfo=UTC)
    for content in ("one", "two"):
        part = tmp_path / "a.part"
        part.write_text(content)
        keeping.give_name(part, moment)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"portal-20200301T000000Z.age": "one", "portal-20200301T000000Z-2.age": "two"}
