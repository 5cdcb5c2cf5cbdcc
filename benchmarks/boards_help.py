"""Stories of the invented log about what is done: actions, statements, help, law and promises."""

from datetime import timedelta

from benchmarks.boards_draw import JOINS, Teller
from tests.running import NOON


class Deeds(Teller):
    """Tells of what partners and states do."""

    def _action(self, number: int) -> None:
        by, at = self._partner(number), self._day(400)
        action = f"action:{by}.{number}"
        is_done = number % 4 > 0
        until = at + timedelta(days=20) if is_done else NOON + timedelta(days=1 + number % 30)
        bare = {"signatory_order": None, "evidence_that_it_works": None, "text_hash": None, "consent": None}
        self._say(
            at,
            by,
            "action.proposed",
            {
                "action": action,
                "lead": f"partner:{by}",
                "join_by": f"{until:%Y-%m-%dT18:00:00Z}",
                "about": [self._some("lawyer", "person"), self._some("threat", "threat")],
                "planned": f"{until:%Y-%m-%d}",
                "mechanism": self._some_body(),
                **bare,
                "place": {"country": self._where(number)},
            },
            tlp="green",
        )
        for joined in range(JOINS):
            slug, moment = self._partner(number + 1 + joined), at + timedelta(hours=1 + joined)
            self._say(
                moment,
                slug,
                "action.joined",
                {
                    "action": action,
                    "partner": f"partner:{slug}",
                    "joined": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                    "on_behalf_of": None,
                    "display_name": {"en": slug},
                    "embargo_until": None,
                    "valid_until": None,
                    "text_hash": None,
                },
                tlp="green",
            )
        if number % 3 == 0:
            slug, moment = self._partner(number + 1), at + timedelta(days=2)
            self._say(
                moment,
                slug,
                "action.left",
                {"action": action, "partner": f"partner:{slug}", "left": f"{moment:%Y-%m-%dT%H:%M:%SZ}"},
                tlp="green",
            )
        if is_done:
            end = at + timedelta(days=25)
            self._say(
                end,
                by,
                "action.completed",
                {"action": action, "on": f"{end:%Y-%m-%d}", "outputs": None, "follow_up": None},
                tlp="green",
            )
            self._say(
                end + timedelta(days=9),
                by,
                "impact.assessed",
                {"about": action, "as_of": f"{end:%Y-%m-%d}", "assessor": f"partner:{by}", "evidence": None},
            )

    def _statement(self, number: int) -> None:
        by, at = self._partner(number), self._day()
        statement, asked = f"statement:{by}.{number}", [self._some_body()]
        signed = [
            {"who": f"partner:{self._partner(number + one)}", "capacity": "co_signatory"} for one in range(12)
        ]
        bare = {"session": None, "action": None, "translations": None, "sha256": None}
        self._say(
            at,
            by,
            "statement.issued",
            {
                "statement": statement,
                "issued": f"{at:%Y-%m-%d}",
                "authors": [f"partner:{by}"],
                "about": [self._some("threat", "threat")],
                "addressees": asked,
                "signatories": signed,
                "reply_expected_by": f"{at + timedelta(days=30):%Y-%m-%d}",
                **bare,
            },
        )
        if number % 5 < 3:
            later = at + timedelta(days=15)
            self._say(
                later,
                by,
                "response.received",
                {
                    "statement": statement,
                    "received": f"{later:%Y-%m-%d}",
                    "from": asked[0],
                    "claims_disputed": None,
                    "pledges": None,
                },
            )

    def _need(self, number: int) -> None:
        by, at = self._partner(number), self._day(300)
        need = f"need:{by}.{number}"
        self._say(
            at,
            by,
            "need.expressed",
            {
                "need": need,
                "for": self._some("lawyer", "person"),
                "already_helped_by": None,
                "from_threat": [self._some("threat", "threat")],
                "stated_on": f"{at:%Y-%m-%d}",
                "needed_by": f"{NOON + timedelta(days=number % 60):%Y-%m-%d}",
                "urgency": ("urgent", "high", "normal")[number % 3],
            },
            tlp=("amber", "green")[number % 2],
        )
        if number % 4 == 0:
            agreed = at + timedelta(days=2)
            support = f"support:{by}.{number}"
            offer = f"offer:{self._partner(number // 4)}.{number // 4}"
            self._say(
                agreed,
                by,
                "support.matched",
                {
                    "support": support,
                    "need": need,
                    "offer": offer,
                    "amount": None,
                    "lead": f"partner:{by}",
                    "quantity": 1,
                    "agreed_on": f"{agreed:%Y-%m-%dT%H:%M:%SZ}",
                    "starts": None,
                },
                tlp="amber",
            )
            self._say(
                agreed + timedelta(days=5),
                by,
                "support.delivered",
                {
                    "support": support,
                    "on": f"{agreed + timedelta(days=5):%Y-%m-%d}",
                    "safety_incident": number % 40 == 0,
                },
                tlp="amber",
            )

    def _offer(self, number: int) -> None:
        by, at = self._partner(number), self._day(300)
        where = [self._where(number), self._where(number + 1)]
        self._say(
            at,
            by,
            "offer.made",
            {
                "offer": f"offer:{by}.{number}",
                "by": f"partner:{by}",
                "kinds": [("urgent_relocation", "psychosocial", "humanitarian_family")[number % 3]],
                "valid_until": f"{NOON + timedelta(days=90):%Y-%m-%d}",
                "eligible": {"countries": where, "roles": ["lawyer"]},
            },
            tlp="green",
        )

    def _policy(self, number: int) -> None:
        by, at, country = self._partner(number), self._day(), self._where(number)
        policy = f"policy:{by}.{number}"
        for turn, stage in enumerate(("draft", "consultation")):
            moment = at + timedelta(days=30 * turn)
            self._say(
                moment,
                by,
                "policy.changed",
                {
                    "policy": policy,
                    "stage": stage,
                    "country": country,
                    "subdivision": None,
                    "linked": None,
                    "as_of": f"{moment:%Y-%m-%d}",
                    "body": self._some_body(),
                    "in_force_from": None,
                    "consultation_closes": f"{NOON + timedelta(days=number % 90 - 30):%Y-%m-%d}",
                },
            )

    def _commitment(self, number: int) -> None:
        by, at, country = self._partner(number), self._day(), self._where(number)
        commitment = f"commitment:{by}.{number}"
        indicator = f"indicator:bar-0.la-{number % 10}"
        target = [
            {"indicator": indicator, "baseline": 41.5, "value": 80, "unit": "percent", "by": "2031-12-31"}
        ]
        self._say(
            at,
            by,
            "commitment.made",
            {
                "commitment": commitment,
                "by": self._some_body(),
                "made": f"{at:%Y-%m-%d}",
                "target": target,
                "with": None,
                "country": country,
                "supports": None,
                "due": "2031-12-31",
            },
        )
        for turn in range(3):
            moment = at + timedelta(days=60 * (turn + 1))
            measured = [{"indicator": indicator, "value": 50 + turn, "unit": "percent", "period": "2030"}]
            self._say(
                moment,
                self._partner(number + turn),
                "commitment.progressed",
                {
                    "commitment": commitment,
                    "as_of": f"{moment:%Y-%m-%d}",
                    "measured": measured,
                    "by": f"partner:{self._partner(number + turn)}",
                    "new_due": None,
                },
            )

    def _dataset(self, number: int) -> None:
        by, at, country = self._partner(number), self._day(), self._where(number)
        seen = [
            {
                "indicator": f"indicator:bar-0.la-{one}",
                "value": 50 + (number + one) % 40,
                "unit": "percent",
                "dims": {"gender": gender},
            }
            for one in range(3)
            for gender in ("woman", "man")
        ]
        quarter = at.month // 4 * 3 + 1
        self._say(
            at,
            by,
            "legalaid.reported",
            {
                "dataset": f"dataset:{by}.{number}",
                "reporter": f"partner:{by}",
                "country": country,
                "period": f"{at.year}-{quarter:02}/{at.year}-{quarter + 2:02}",
                "observations": seen,
                "subdivision": None,
                "funder": None,
                "suppression": None,
                "case_outcomes": None,
            },
            tlp=("clear", "green")[number % 2],
        )
