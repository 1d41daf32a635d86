"""Silences: alerts that match are not told until a moment of the wall clock."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from services.alerts.domain.section import Answer, View
from services.contracts.alerts import Alert, Matcher, Silence
from services.contracts.desk import EndSilence, PutSilence
from services.contracts.people import SERVICE

KIND = "silence"
KEPT_MS = 24 * 3600 * 1000


class Silences:
    """Those that last, and those that ended within a day."""

    def __init__(self, silences: Iterable[Silence] = ()) -> None:
        """Begin with these."""
        self.held = {silence.id: silence for silence in silences}

    def put(self, command: PutSilence) -> tuple[Answer, list[View]]:
        """Make a silence, or change one that lasts."""
        known = self.held.get(command.target)
        if command.until <= command.at:
            return Answer("invalid", "until lies in the past"), []
        if known is not None and known.ended_by:
            return Answer("not_now", "it has ended; make another one", f"{KIND}|{known.id}", known.revision), []
        if (refused := _stale(known, command.expected)) is not None:
            return refused, []
        silence = Silence(
            id=command.target, revision=known.revision + 1 if known else 1, matchers=command.matchers,
            since=known.since if known else command.at, until=command.until, reason=command.reason, by=command.by.name,
        )  # fmt: skip
        return self._answer(silence)

    def end(self, command: EndSilence) -> tuple[Answer, list[View]]:
        """End a silence before its time."""
        known = self.held.get(command.target)
        if known is None:
            return Answer("unknown_target", f"there is no silence {command.target!r}"), []
        if known.ended_by:
            return Answer("same", "it has ended already", f"{KIND}|{known.id}", known.revision), []
        if (refused := _stale(known, command.expected)) is not None:
            return refused, []
        return self._answer(
            known.model_copy(update={"ended_by": command.by.name, "until": command.at, "revision": known.revision + 1})
        )

    def pass_wall(self, wall_at: int) -> list[View]:
        """End those whose time is over, and forget those that ended long ago."""
        views = []
        for silence in list(self.held.values()):
            if not silence.ended_by and silence.until <= wall_at:
                ended = silence.model_copy(update={"ended_by": SERVICE.name, "revision": silence.revision + 1})
                self.held[silence.id] = ended
                views.append(View(KIND, silence.id, ended))
            elif silence.ended_by and silence.until < wall_at - KEPT_MS:
                del self.held[silence.id]
                views.append(View(KIND, silence.id, None))
        return views

    def over(self, alert: Alert) -> str:
        """Id of a silence that lasts and covers an alert; empty: none."""
        lasting = (silence for silence in self.held.values() if not silence.ended_by)
        return next((silence.id for silence in lasting if covers(silence.matchers, alert)), "")

    def _answer(self, silence: Silence) -> tuple[Answer, list[View]]:
        self.held[silence.id] = silence
        view = View(KIND, silence.id, silence)
        return Answer("done", subject=f"{KIND}|{silence.id}", revision=silence.revision), [view]


def covers(matchers: Iterable[Matcher], alert: Alert) -> bool:
    """Whether all matchers match."""
    known = {
        "rule": alert.rule, "scope": alert.scope, "site": alert.site or "", "severity": alert.severity,
        "owner": alert.owner, "team": alert.team,
    }  # fmt: skip
    return all(
        fnmatchcase(known.get(matcher.name, alert.labels.get(matcher.name, "")), matcher.match) for matcher in matchers
    )


def _stale(known: Silence | None, expected: int | None) -> Answer | None:
    now = known.revision if known else 0
    if expected is None or expected == now:
        return None
    return Answer("stale", f"it is at revision {now}, not {expected}", f"{KIND}|{known.id}" if known else "", now)
