"""When somebody has to look: the one definition of alarms, from which come Prometheus's rules, the operator's page and the record of what was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from django.db import transaction
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock, locks
from portal.foundation.models import AlarmSpell
from portal.watching import storage

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
# Where the operator reads on: a heading of docs/operations.md is the alarm's name.
GUIDE: Final = "docs/operations.md#alarms"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A figure on the wrong side of a limit for some time.

    Attributes:
        figure: a name of `figures`; empty for what only Prometheus can tell, by `expression`.
        than: the figure that is the limit, where a setting makes it: then the rules for Prometheus need not change with the setting.
        minutes: how long it has to last.
        words: what it means, for the operator.
    """

    name: str
    severity: Literal["critical", "warning"]
    words: "StrOrPromise"
    figure: str = ""
    is_: Literal["<", ">"] = ">"
    limit: float = 0.0
    minutes: int = 5
    expression: str = ""
    than: str = ""

    def promql(self) -> str:
        """Return the condition in Prometheus's language."""
        return self.expression or f"{self.figure} {self.is_} {self.than or int(self.limit)}"

    def holds(self, figures: Mapping[str, float]) -> bool:
        """Tell whether the figure is on the wrong side now; what is not set up never is."""
        value = figures.get(self.figure)
        return value is not None and (value > self.limit if self.is_ == ">" else value < self.limit)


def alarms() -> tuple[Alarm, ...]:
    """Return all alarms, the gravest first."""
    return (
        Alarm("PortalGone", "critical", _("The portal's figures cannot be read: it is down, or cut off."), expression='up{job="portal"} == 0', minutes=2),
        Alarm("WorkerGone", "critical", _("No worker has shown itself: jobs, backups and erasures wait."), "portal_worker_age_seconds", ">", 120, 2),
        Alarm(
            "DiskNearlyFull",
            "critical",
            _("Hardly any room is left on the disk; a full one refuses reports."),
            "portal_disk_free_bytes",
            "<",
            storage.floor(),
            2,
            than="portal_disk_floor_bytes",
        ),
        Alarm("BackupOld", "critical", _("The last backup is more than 26 hours old."), "portal_backup_age_seconds", ">", 26 * HOUR, 10),
        Alarm("CertificateEnds", "critical", _("A certificate ends within 14 days, or cannot be read."), "portal_certificate_days", "<", 14, 10),
        Alarm("BackupFailed", "warning", _("The last try to make a backup failed."), "portal_backup_failed", ">", 0, 5),
        Alarm("JobsFailed", "warning", _("Jobs failed in the last seven days and were not done again."), "portal_jobs_failed", ">", 0, 5),
        Alarm("JobsWait", "warning", _("A job has waited for more than 15 minutes."), "portal_oldest_job_age_seconds", ">", 900, 5),
        Alarm("TotalsWait", "warning", _("Changes wait to be folded into the totals: pages grow slow."), "portal_rollup_deltas", ">", 50_000, 10),
        Alarm("HousekeepingOld", "warning", _("The nightly housekeeping has not run for 26 hours."), "portal_housekeeping_age_seconds", ">", 26 * HOUR, 30),
        Alarm("SealOld", "warning", _("No day of the audit log has been sealed for 26 hours."), "portal_seal_age_seconds", ">", 26 * HOUR, 30),
        Alarm("DiskFills", "warning", _("Growing as it does, the disk is full within 14 days."), "portal_disk_days_left", "<", 14, 60),
        Alarm(
            "SignInsFail",
            "warning",
            _("More than 100 sign-ins failed within an hour: somebody may be trying passwords."),
            "portal_failed_sign_ins",
            ">",
            100,
            5,
        ),
        Alarm(
            "ErrorsMany",
            "warning",
            _("More than one request in a hundred fails on the portal's side."),
            expression='sum(rate(portal_requests_total{status=~"5.."}[5m])) / sum(rate(portal_requests_total[5m])) > 0.01',
        ),
        Alarm(
            "PagesSlow",
            "warning",
            _("One request in twenty takes more than two seconds."),
            expression="histogram_quantile(0.95, sum by (le) (rate(portal_request_seconds_bucket[5m]))) > 2",
            minutes=10,
        ),
    )


def ringing(figures: Mapping[str, float]) -> list[Alarm]:
    """Return the alarms whose condition holds now."""
    return [alarm for alarm in alarms() if alarm.figure and alarm.holds(figures)]


@transaction.atomic
def note(figures: Mapping[str, float]) -> None:
    """Keep the record: begin a spell for what rings and did not, end it for what stopped."""
    locks.hold("alarms")
    names = {alarm.name for alarm in ringing(figures)}
    running = set(AlarmSpell.objects.filter(ended_at=None).values_list("name", flat=True))
    AlarmSpell.objects.filter(ended_at=None).exclude(name__in=names).update(ended_at=clock.now())
    AlarmSpell.objects.bulk_create([AlarmSpell(name=name, began_at=clock.now()) for name in sorted(names - running)])


def recent(days: int = 7) -> list[tuple[Alarm, AlarmSpell]]:
    """Return the spells of the last days that lasted as long as their alarm asks for, the newest first."""
    now = clock.now()
    known = {alarm.name: alarm for alarm in alarms()}
    spells = AlarmSpell.objects.filter(Q(ended_at=None) | Q(ended_at__gte=now - timedelta(days=days))).order_by(
        F("ended_at").desc(nulls_first=True), "-began_at"
    )
    found = []
    for spell in spells[:50]:
        alarm = known.get(spell.name)
        if alarm is not None and (spell.ended_at or now) - spell.began_at >= timedelta(minutes=alarm.minutes):
            found.append((alarm, spell))
    return found


def rules(chosen: Iterable[Alarm] | None = None) -> str:
    """Return the alarms as a file of rules for Prometheus, in English; a change of the alarms changes it, and a test compares."""
    with translation.override("en"):
        return _rules(chosen or alarms())


def _rules(chosen: Iterable[Alarm]) -> str:
    lines = [
        "# Made by `manage.py alarms`, from portal/watching/alarms.py. What to do for each: docs/operations.md.",
        "groups:",
        "  - name: portal",
        "    rules:",
    ]
    for alarm in chosen:
        lines += [
            f"      - alert: {alarm.name}",
            f"        expr: {alarm.promql()}",
            f"        for: {alarm.minutes}m",
            f"        labels: {{severity: {alarm.severity}}}",
            f'        annotations: {{summary: "{alarm.words}", guide: "{GUIDE}"}}',
        ]
    return "\n".join(lines) + "\n"
