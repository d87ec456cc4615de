"""The pack for the archive: whole, checkable, open without the portal, with what its reader may read."""

import csv
import json
import re
import subprocess
import sys
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.management import CommandError, call_command

from branches.models import Branch
from portal.accounts.models import User
from portal.ending import services
from portal.ending.checking import differences
from portal.ending.graph import hanging, withheld_of
from portal.ending.models import ArchivePack
from portal.ending.records import LEFT_OUT
from portal.foundation import attachments
from portal.foundation.errors import TooMany
from portal.foundation.models import AuditEntry, Job
from tests.activities.needs import recorded
from tests.ending.ended import begun, prepared, work_off
from tests.factories import file, make_person
from tests.matrix_world import INSIDE, World, build_world
from tests.personas import MARCH_6, City, Clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(city: City, catalogue: None, clock: Clock) -> World:
    """A branch with a row of nearly everything."""
    return build_world(city)


def packed(branch: Branch, by: User) -> tuple[ArchivePack, bytes]:
    """A pack that somebody has asked for, with its content."""
    end = begun(branch, by)
    services.issue_letters(actor=by, end=end, on=MARCH_6)
    pack = services.ask_for_pack(actor=by, end=end)
    work_off()
    pack.refresh_from_db()
    assert pack.file is not None
    with attachments.open_content(pack.file) as content:
        return pack, content.read()


def texts_of(content: bytes) -> dict[str, str]:
    with ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name).decode("utf-8-sig", errors="replace") for name in archive.namelist()}


def actor(world: World, role: str) -> User:
    found = world.actors[role]
    assert found is not None
    return found


def test_a_pack_has_every_record_of_its_branch_and_of_no_other(world: World) -> None:
    here, there = world.sides[INSIDE], world.sides["outside"]
    _pack, content = packed(here.branch, actor(world, "organiser"))
    files = texts_of(content)
    for model in set(hanging()) - set(LEFT_OUT):
        rows = list(csv.DictReader(StringIO(files[f"records/{model._meta.label_lower.replace('.', '-')}.csv"])))
        expected = {key for path in hanging()[model] for key in model._base_manager.filter(**{path: here.branch}).values_list("pk", flat=True)}
        assert len(rows) == len(expected), model._meta.label
    for word in there.private_words:
        # What stands on both sides says nothing.
        assert word in here.private_words or not [name for name, text in files.items() if word in text], word


def test_a_model_that_hangs_on_a_branch_is_packed_or_left_out_with_a_reason() -> None:
    assert set(LEFT_OUT) <= set(hanging())
    assert all(len(reason) > 10 for reason in LEFT_OUT.values())


def test_who_may_not_read_sensitive_fields_gets_a_pack_without_them(world: World) -> None:
    here = world.sides[INSIDE]
    full, full_content = packed(here.branch, actor(world, "organiser"))
    assert full.sensitive
    assert here.need.household in "".join(texts_of(full_content).values())
    bare, content = packed(here.branch, actor(world, "administrator"))
    assert not bare.sensitive
    # A picture may show people.
    assert [name for name in texts_of(full_content) if name.startswith("attachments/")]
    files = texts_of(content)
    assert not [name for name in files if name.startswith("attachments/")]
    for word in (here.need.household, here.person.phone, here.merit.words, here.suggestion.words):
        assert word not in "".join(files.values())
    manifest = json.loads(files["manifest.json"])
    assert manifest["withheld"]["records/activities-need.csv"] == ["contact", "household", "phone", "result", "words"]
    withheld = {name for names in manifest["withheld"].values() for name in names}
    inside = {"note_day", "note_folded", "words_folded"}
    assert withheld >= set().union(*(withheld_of(model) for model in set(hanging()) - set(LEFT_OUT))) - inside


def test_the_manifest_names_every_file_and_the_seal_the_manifest(world: World) -> None:
    pack, content = packed(world.sides[INSIDE].branch, actor(world, "organiser"))
    with ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        manifest = archive.read("manifest.json")
        assert sha256(manifest).hexdigest() == pack.manifest == archive.read("manifest.json.sha256").decode().split()[0]
        listed = {each["path"]: each for each in json.loads(manifest)["files"]}
        assert list(archive.namelist()) == [*listed, "manifest.json", "manifest.json.sha256"]
        assert [name for name in listed if name.startswith("records/")] == sorted(name for name in listed if name.startswith("records/"))
        for path, each in listed.items():
            assert (sha256(archive.read(path)).hexdigest(), len(archive.read(path))) == (each["sha256"], each["bytes"])
            if path.startswith("records/"):
                assert len(list(csv.reader(StringIO(archive.read(path).decode("utf-8-sig"))))) == each["rows"] + 1
    assert AuditEntry.objects.filter(action="branch_end.pack_made", details__manifest=pack.manifest).count() == 1


def test_the_documents_refer_to_nothing_outside_of_the_pack(world: World) -> None:
    _pack, content = packed(world.sides[INSIDE].branch, actor(world, "organiser"))
    files = texts_of(content)
    pages = {name: text for name, text in files.items() if name.endswith(".html")}
    assert len(pages) >= 7
    for name, text in pages.items():
        assert "://" not in text
        assert "<script" not in text
        folder = Path(name).parent
        for target in re.findall(r'(?:href|src)="([^"#]+)"', text):
            assert str((Path("/") / folder / target).resolve().relative_to("/")) in files, (name, target)


def test_a_formula_in_a_record_is_no_formula_in_the_pack(administrator: User, organiser: User, branch: Branch, clock: Clock) -> None:
    make_person("=1+1", None, branch)
    _pack, content = packed(branch, administrator)
    assert "'=1+1" in texts_of(content)["records/members-person.csv"]


def test_a_branch_called_by_nothing_but_signs_is_packed_all_the_same(administrator: User, branch: Branch, clock: Clock) -> None:
    Branch.objects.filter(pk=branch.pk).update(name="！！")
    pack, _content = packed(Branch.objects.get(pk=branch.pk), administrator)

    assert pack.file is not None
    assert pack.file.name == "-20200306.zip"


def test_two_packs_of_the_same_records_differ_in_when_they_were_made_alone(administrator: User, organiser: User, branch: Branch, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=2)
    recorded(branch, organiser)
    (_one, first), (_other, second) = packed(branch, administrator), packed(branch, administrator)
    one, other = texts_of(first), texts_of(second)
    assert list(one) == list(other)
    changed = {name for name in one if one[name] != other[name]}
    assert changed <= {"manifest.json", "manifest.json.sha256", "records/ending-branchend.csv"}


# --- Checked ----------------------------------------------------------------------------------------------------------------


def rebuilt(content: bytes, change: Any) -> bytes:
    """The pack with its files changed: `change` takes and returns them by name."""
    with ZipFile(BytesIO(content)) as archive:
        files = change({name: archive.read(name) for name in archive.namelist()})
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return written.getvalue()


def test_the_checker_says_what_differs(administrator: User, branch: Branch, clock: Clock, tmp_path: Path) -> None:
    _pack, content = packed(branch, administrator)
    assert not list(differences(BytesIO(content)))
    path = "records/members-person.csv"
    cases: list[tuple[bytes, str]] = [
        (rebuilt(content, lambda files: files | {path: files[path] + b"x"}), f"{path}: changed"),
        (rebuilt(content, lambda files: {name: data for name, data in files.items() if name != path}), f"{path}: missing"),
        (rebuilt(content, lambda files: files | {"more.txt": b"x"}), "more.txt: not in the manifest"),
        (rebuilt(content, lambda files: files | {"manifest.json": files["manifest.json"].replace(b"rows", b"lines")}), "manifest.json: not the one"),
        (rebuilt(content, lambda files: files | {"manifest.json": b"[]"}), "manifest.json: cannot be read"),
        (rebuilt(content, lambda files: {name: data for name, data in files.items() if name != "manifest.json"}), "manifest.json: missing"),
        (content[: len(content) // 2], "The file is damaged"),
        (b"no zip", "The file is damaged"),
    ]
    for changed, sentence in cases:
        assert [found for found in differences(BytesIO(changed)) if found.startswith(sentence)], sentence
    whole, broken = tmp_path / "a.zip", tmp_path / "b.zip"
    whole.write_bytes(content)
    broken.write_bytes(cases[0][0])
    out = StringIO()
    call_command("check_pack", str(whole), stdout=out)
    assert "whole" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("check_pack", str(broken), stdout=out)
    with pytest.raises(CommandError):
        call_command("check_pack", str(tmp_path / "none.zip"), stdout=out)
    tested = subprocess.run([sys.executable, "-m", "zipfile", "-t", str(whole)], capture_output=True, check=True)
    assert b"Done testing" in tested.stdout


def test_a_damaged_byte_is_found(administrator: User, branch: Branch, clock: Clock) -> None:
    _pack, content = packed(branch, administrator)
    with ZipFile(BytesIO(content)) as archive:
        entry = archive.getinfo("records/members-person.csv")
    # In the middle of what was compressed: behind the header, the name and the sizes of a large file.
    place = entry.header_offset + 30 + len(entry.filename) + 20 + entry.compress_size // 2
    damaged = bytearray(content)
    damaged[place] ^= 0xFF
    assert list(differences(BytesIO(bytes(damaged))))


# --- Made -------------------------------------------------------------------------------------------------------------------


def test_one_pack_at_a_time_is_made_for_an_account(administrator: User, branch: Branch, clock: Clock) -> None:
    end = begun(branch, administrator)
    services.ask_for_pack(actor=administrator, end=end)
    with pytest.raises(TooMany):
        services.ask_for_pack(actor=administrator, end=end)
    work_off()
    assert Job.objects.get(kind="ending.pack").progress == 100
    assert services.ask_for_pack(actor=administrator, end=end).made_at is None


def test_a_job_done_twice_makes_one_file(administrator: User, branch: Branch, clock: Clock) -> None:
    end = prepared(branch, administrator)
    pack = end.packs.get()
    assert pack.job is not None
    Job.objects.filter(pk=pack.job.pk).update(state="queued", attempts=0)
    made = pack.made_at
    work_off()
    pack.refresh_from_db()
    assert pack.made_at == made
