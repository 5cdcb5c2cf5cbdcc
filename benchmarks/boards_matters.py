"""Stories of the invented log about people and what happens to them: threats, trials, consents, who is who."""

from datetime import datetime, timedelta

from benchmarks.boards_draw import HEARINGS, Teller
from tests.running import NOON


class Matters(Teller):
    """Tells of what happened."""

    def _indicator(self, number: int) -> None:
        data = {"indicator": f"indicator:bar-0.la-{number}", "code": f"LA-{number:02}", "version": "1.0.0"}
        self._say(
            NOON - timedelta(days=720),
            "bar-0",
            "indicator.defined",
            {**data, "endorsed_by": None, "objections": None, "replaces": None, "basis": None},
            tlp="clear",
        )

    def _body(self, number: int) -> None:
        kind = ("ministry", "court", "bar")[number % 3]
        data = {
            "body": f"body:bar-0.{number}",
            "kind": kind,
            "country": self._where(number),
            "as_of": "2029-01",
        }
        bare = dict.fromkeys(("parent", "member_of", "dissolved", "successor", "other_names"))
        self._say(
            NOON - timedelta(days=710),
            "bar-0",
            "body.profiled",
            {**data, **bare, "name": {"en": f"Body {number}"}},
            tlp="clear",
        )

    def _person(self, number: int) -> None:
        at, by, country = self._day(), self._partner(number), self._where(number)
        data = {
            "lawyer": f"lawyer:{by}.{number}",
            "country_of_practice": country,
            "subdivision": f"{country}-02",
            "alias_public": f"Heron {number}",
            "bar": self._some_body(),
            "represented_by": None,
        }
        self._say(at, by, "lawyer.profiled", {**data, "identity": None, "as_of": f"{at:%Y-%m}"})

    def _threat(self, number: int) -> None:
        at, by, country = self._day(), self._partner(number), self._where(number)
        threat, day = f"threat:{by}.{number}", f"{at:%Y-%m-%d}"
        target = self._some("lawyer", "person")
        attributed = [{"body": self._some_body(), "degree": "direct", "confidence": 0.7}]
        place = {"country": country, "subdivision": f"{country}-02"}
        named = self._say(
            at,
            by,
            "threat.reported",
            {
                "threat": threat,
                "targets": [target],
                "occurred": day,
                "place": place,
                "attributed_to": attributed,
            },
        )
        later, chance = at + timedelta(days=20), self._random.random()
        if chance < 0.5:
            self._say(
                later,
                by,
                "threat.updated",
                {
                    "threat": threat,
                    "targets": [target],
                    "as_of": f"{later:%Y-%m-%d}",
                    "country": country,
                    "changes": {"status": "ongoing"},
                    "ended": None,
                },
            )
        if chance < 0.2:
            self._say(
                later,
                self._partner(number + 3),
                "claim.assessed",
                {
                    "about_event": named,
                    "about_source": f"urn:hub:partner:{by}",
                    "related_events": None,
                    "alternative": None,
                },
            )
        if chance > 0.84:
            self._say(
                later,
                by,
                "accountability.recorded",
                {
                    "threat": threat,
                    "as_of": f"{later:%Y-%m-%d}",
                    "country": country,
                    "proceeding": None,
                    "body": self._some_body(),
                },
            )
        self._amend(number, at, by, named)

    def _amend(self, number: int, at: datetime, by: str, named: str) -> None:
        about = {"about_event": named, "about_source": f"urn:hub:partner:{by}"}
        if number % 15 == 1:
            changes = [{"pointer": "/occurred", "to": f"{at - timedelta(days=1):%Y-%m-%d}"}]
            self._say(
                at + timedelta(days=25),
                by,
                "record.corrected",
                {**about, "changes": changes, "tlp": None, "knock_on": None},
            )
        elif number % 60 == 2:
            self._say(
                at + timedelta(days=25),
                by,
                "record.retracted",
                {**about, "replaced_by": None, "notify": None, "effective_from": None},
            )

    def _trial(self, number: int) -> None:
        by, country = self._partner(number), self._where(number)
        begun = NOON - timedelta(days=500 - self._random.random() * 200)
        trial = f"trial:{by}.{number}"
        who = self._some("lawyer", "person")
        parties = [{"who": who, "role": "defendant"}]
        self._say(
            begun,
            by,
            "trial.scheduled",
            {
                "trial": trial,
                "parties": parties,
                "court": self._some_body(),
                "country": country,
                "announced": f"{begun:%Y-%m-%d}",
                "related_threat": [self._some("threat", "threat")],
                "first_hearing": f"{begun:%Y-%m-%d}",
            },
        )
        for sitting in range(HEARINGS):
            self._hearing((trial, country), by, sitting, begun + timedelta(days=3 + sitting * 26))
        if number % 2:
            end = NOON - timedelta(days=2)
            self._say(
                end,
                by,
                "trial.concluded",
                {
                    "trial": trial,
                    "outcome": [{"who": who, "outcome": "acquitted"}],
                    "grade_rationale": None,
                    "decided": f"{end:%Y-%m-%d}",
                    "grade_by": f"partner:{by}",
                },
            )

    def _hearing(self, of: tuple[str, str], by: str, sitting: int, at: datetime) -> None:
        trial, country = of
        hearing = f"hearing:{trial.partition(':')[2]}-{sitting}"
        said, starts = at - timedelta(days=20), f"{at:%Y-%m-%dT09:00:00Z}"
        self._say(
            said,
            by,
            "hearing.scheduled",
            {
                "hearing": hearing,
                "trial": trial,
                "starts": starts,
                "ends": f"{at:%Y-%m-%dT12:00:00Z}",
                "court": None,
                "country": country,
                "announced": f"{said:%Y-%m-%d}",
                "zone": None,
                "confirm_by": None,
            },
        )
        if at < NOON and sitting % 5 != 4:
            self._say(
                at + timedelta(days=1),
                self._partner(sitting),
                "hearing.reported",
                {
                    "hearing": hearing,
                    "status": "held",
                    "started": starts,
                    "ended": None,
                    "report": None,
                    "next_hearing": None,
                    "country": country,
                    "observation": {"mode": "in_room", "observers": 2},
                },
            )
        elif at < NOON:
            self._say(
                at,
                by,
                "hearing.adjourned",
                {
                    "hearing": hearing,
                    "new_hearing": None,
                    "new_starts": None,
                    "previous_starts": starts,
                    "status": "postponed_no_date",
                    "announced": f"{at:%Y-%m-%d}",
                    "country": country,
                },
            )

    def _consent(self, number: int) -> None:
        by, at = self._partner(number), self._day(200)
        who, consent = f"lawyer:{by}.{number}", f"0190aaaa-0000-7000-8000-{number:012d}"
        self._say(
            at,
            by,
            "consent.recorded",
            {
                "consent_id": consent,
                "subject_of_consent": who,
                "recipients": None,
                "witness_partner": None,
                "given_on": f"{at:%Y-%m-%d}",
                "review_by": "2031-06-10",
                "expires_on": "2032-05-04",
            },
        )
        if number % 8 == 0:
            later = at + timedelta(days=9)
            self._say(
                later,
                by,
                "consent.withdrawn",
                {
                    "consent_id": consent,
                    "subject_of_consent": who,
                    "effect": "stop_new_use",
                    "effective_from": f"{later:%Y-%m-%dT%H:%M:%SZ}",
                },
            )

    def _twin(self, number: int) -> None:
        left, right = self._some("lawyer", "person"), self._some("lawyer", "person")
        if left != right:
            self._say(
                self._day(),
                self._partner(number),
                "identity.judged",
                {
                    "left": left,
                    "right": right,
                    "preferred": left,
                    "judgement": ("same", "different")[number % 2],
                },
                tlp="green",
            )
