"""The invented people: names from a list of common characters, telephone numbers of a range that nobody is given."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count

from branches.models import Branch
from members.models import Membership, OfficerTerm, Person, Secondment, Squad, SquadMember
from portal.demo.invention import SOURCE, Invention, Member, Post, since

OFFICES = (OfficerTerm.Office.SECRETARY, OfficerTerm.Office.DEPUTY_SECRETARY, OfficerTerm.Office.COMMITTEE_MEMBER)
KINDS = (Person.Kind.MEMBER,) * 6 + (Person.Kind.STAFF, Person.Kind.VOLUNTEER, Person.Kind.RESIDENT)
KIND_OF = (Squad.Kind.SHOCK, Squad.Kind.PATROL)
SENT = {Person.Kind.MEMBER, Person.Kind.STAFF}


def build_people(invention: Invention) -> None:
    """Store persons with their secondments, memberships, terms and squads."""
    names, numbers = _names(invention), count(1)
    for post in invention.posts:
        size = invention.chance.randrange(7, 11)
        home = invention.chance.sample(invention.units, 3)
        for place in range(size):
            kind = Person.Kind.MEMBER if place < len(OFFICES) else invention.chance.choice(KINDS)
            number = next(numbers)
            person = Person(source=SOURCE, key=f"person-{number}", name=next(names), kind=kind, veteran=invention.chance.random() < 0.1)
            person.phone = f"1990001{number:04d}"
            person.duty_phone = f"1990000{number:04d}" if place < len(OFFICES) else ""
            person.fold()
            post.members.append(Member(person, invention.chance.choice(home) if kind in SENT else None))
    Person.objects.bulk_create(member.person for post in invention.posts for member in post.members)
    _second(invention)
    _enlist(invention)
    _form_squads(invention)


def _names(invention: Invention) -> Iterator[str]:
    """Invent names, none twice."""
    seen: set[str] = set()
    while True:
        length = invention.chance.choice((1, 2, 2, 2))
        name = invention.chance.choice(invention.words["surnames"]) + "".join(invention.chance.sample(invention.words["given"], length))
        if name not in seen:
            seen.add(name)
            yield name


def _second(invention: Invention) -> None:
    secondments, links = [], set()
    for post in invention.posts:
        for member in post.members:
            if member.unit is None:
                continue
            channel = Secondment.Channel.RESIDENCE if invention.chance.random() < 0.3 else Secondment.Channel.TEAM
            values = {"region": post.branch.region, "channel": channel, "job": invention.chance.choice(invention.words["jobs"])}
            secondments.append(Secondment(person=member.person, home_unit=member.unit, during=since(_start(post) - timedelta(days=1)), **values))
            links.add((post.branch.pk, member.unit.pk))
    Secondment.objects.bulk_create(secondments)
    sending = Branch.sending_units.through
    sending._default_manager.bulk_create(sending(branch_id=branch, workunit_id=unit) for branch, unit in sorted(links))


def _enlist(invention: Invention) -> None:
    memberships = [
        Membership(person=member.person, branch=post.branch, during=since(_start(post), _end(post))) for post in invention.posts for member in post.members
    ]
    Membership.objects.bulk_create(memberships)
    by_person = {membership.person_id: membership for membership in memberships}
    OfficerTerm.objects.bulk_create(
        OfficerTerm(membership=by_person[member.person.pk], office=office, during=by_person[member.person.pk].during)
        for post in invention.posts
        for office, member in zip(OFFICES, post.members, strict=False)
    )


def _form_squads(invention: Invention) -> None:
    squads = [
        (Squad(branch=post.branch, name=name, kind=KIND_OF[offset], during=since(_start(post), _end(post))), post.members[offset::2])
        for post in invention.posts
        for offset, name in enumerate(invention.chance.sample(invention.words["squads"], 2))
    ]
    Squad.objects.bulk_create(squad for squad, _members in squads)
    SquadMember.objects.bulk_create(
        SquadMember(squad=squad, person=member.person, leads=place == 0, during=squad.during)
        for squad, members in squads
        for place, member in enumerate(members)
    )


def _start(post: Post) -> date:
    start = post.branch.started_work_on
    assert start is not None  # noqa: S101 - every invented branch has one
    return start


def _end(post: Post) -> date | None:
    """Return the day after the branch's last; None while it goes on."""
    return post.branch.ended_on + timedelta(days=1) if post.branch.ended_on else None
