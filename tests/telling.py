"""Stories of a hub with a history to hide, recorded through the real intake."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from events.acts import Action, StewardAct
from events.intake import EventRefused, Intake, NotAdmitted, NotYourType
from events.partners import KEY_ADDED_STEM, KEY_REVOKED_STEM
from events.signatures import ALGORITHM, key_text, sign
from events.submission import Publisher
from tests.logged import Logged
from tests.oracle_label import LEVELS
from tests.running import SetClock, registry
from tests.wording import SLUGS, example, reworded, words
from tests.working import Working

Json = Any

ROLES = ["monitor", "responder", "bar", "policy", "legal_aid_provider", "observer", "verifier"]
SCOPES = ("letters", "joint_statement", "media", "emergency_support")
_EXPLAINED = ("identity_of_documenter", "purpose", "access", "storage", "risks", "withdrawal")


@dataclass(frozen=True)
class Step:
    """One thing that happens in a story."""

    kind: str
    who: int
    what: int
    tlp: str | None
    named: tuple[int, ...]
    embargo: str
    seed: int


@dataclass
class Telling(Working):
    """Records a story, step by step; what the archive refuses did not happen."""

    intake: Intake
    clock: SetClock
    told: list[Logged] = field(default_factory=list)
    signing: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    seen_to: set[str] = field(default_factory=set)

    def admit(self, partners: int) -> None:
        """Admit stewards and partners; all but the first say which body they are."""
        self.intake.admit_stewards({"en": "Stewards"})
        for no, slug in enumerate(SLUGS[:partners]):
            self._admit(slug, {"body": body(no)} if no else {})

    def tell(self, step: Step) -> None:
        """Let one thing happen."""
        self.clock.move(minutes=1)
        random = Random(step.seed)
        made = getattr(self, f"_{step.kind}")(SLUGS[step.who], step, random)
        if made is None:
            return
        event_type, data, *others = made
        slug = others[0] if others else SLUGS[step.who]
        more: dict[str, Json] = {}
        if step.tlp is not None:
            more["tlp"] = step.tlp
        if step.named:
            more["audience"] = ",".join(
                SLUGS[no] + ("/ann" if step.tlp == "red" else "") for no in step.named
            )
        if step.embargo:
            opens = self.clock() + timedelta(hours=1 if step.embargo == "short" else 9000)
            more["notbefore"] = opens.isoformat()
        if random.random() < 0.3:
            more["correlationid"] = f"case:{SLUGS[0]}.{random.randint(1, 2)}"
        self._push(slug, event_type, data, more)

    def _push(self, slug: str, event_type: str, data: Json, more: Mapping[str, Json]) -> bool:
        own = {"specversion": "1.0", "id": f"e-{len(self.told)}", "source": f"urn:hub:partner:{slug}"}
        raw = {**own, "type": event_type, "data": data, **more}
        if slug in self.signing:
            raw = sign(json.dumps(raw).encode(), f"{slug}-1", _key(slug))
        try:
            checked = self.intake.check(Publisher(slug, "ann"), raw)
        except (EventRefused, NotAdmitted, NotYourType):
            return False
        [outcome] = self.intake.record([checked])
        if outcome.status == "stored" and outcome.position is not None:
            envelope = {**checked.envelope, "recordedtime": outcome.recorded}
            self.told.append(Logged(outcome.position, checked.stem, envelope))
        return outcome.status == "stored"

    def _admit(self, slug: str, more: Mapping[str, Json]) -> None:
        data = {"partner": f"partner:{slug}", "name": {"en": slug.replace("-", " ")}, "roles": ROLES, **more}
        assert self._push("stewards", "partner.admitted", data, {})

    def _picked(self, step: Step, fits: Callable[[Logged], bool]) -> Logged | None:
        """Return one of the events so far that fit, rather a late one."""
        found = [one for one in self.told if fits(one)]
        return found[-1 - step.what % min(len(found), 5)] if found else None

    def _amendable(self, step: Step, random: Random) -> Logged:
        """Return an event of a partner, rather one that acts on others."""
        acting = ("consent.", "record.", "threat.", "lawyer.", "claim.", "body.")
        started = acting if random.random() < 0.5 else ("",)
        found = self._picked(step, lambda one: one.publisher in SLUGS and one.type.startswith(started))
        return found or self.told[-1]

    # Reports.

    def _report(self, slug: str, step: Step, random: Random) -> tuple[str, Json]:
        reports = [stem for stem in registry().stems if registry().contract(stem).kind == "report"]
        often = [one for one in reports if one.startswith(("trial.", "need.", "statement.", "hearing."))]
        stem = random.choice([*reports, *often])
        return stem.rpartition(".v")[0], example(stem, slug, random)

    def _profile(self, slug: str, step: Step, random: Random) -> tuple[str, Json]:
        data = example("lawyer.profiled.v1", slug, random) | {"lawyer": lawyer(random)}
        data["protection"] = {"consent_level": random.choice(LEVELS), "scopes": _scopes(random)}
        if random.random() < 0.4:
            data["protection"]["consent"] = [_consent_id(slug, random)]
        return "lawyer.profiled", data

    def _threat(self, slug: str, step: Step, random: Random) -> tuple[str, Json]:
        named = [{"body": body(random.randint(1, 4))}] if random.random() < 0.7 else []
        threat = f"threat:{SLUGS[0]}.{random.randint(1, 2)}"
        if random.random() < 0.3:
            data = example("threat.updated.v1", slug, random) | {"threat": threat}
            return "threat.updated", {**data, "changes": {"status": "ongoing", "attributed_to_added": named}}
        data = example("threat.reported.v1", slug, random) | {"threat": threat, "targets": [lawyer(random)]}
        where = {
            "place": {"country": random.choice(["QM", "QN"])},
            "urgency": random.choice(["urgent", "normal"]),
        }
        categories = random.sample(["liberty.arrest", "life.attempt", "liberty.detention"], 1)
        return "threat.reported", {**data, **where, "categories": categories, "attributed_to": named}

    def _belong(self, slug: str, step: Step, random: Random) -> tuple[str, Json]:
        data = example("body.profiled.v1", slug, random)
        return "body.profiled", {
            **data,
            "body": body(random.randint(1, 4)),
            "parent": body(random.randint(1, 4)),
        }

    def _assess(self, slug: str, step: Step, random: Random) -> tuple[str, Json]:
        about = (
            self._picked(step, lambda one: one.type.startswith("threat.")) if random.random() < 0.6 else None
        )
        about = about or self.told[step.what % len(self.told)]
        data = {**example("claim.assessed.v1", slug, random), "about_event": about.envelope["id"]}
        data["verdict"] = random.choice(["corroborates", "verifies", "disputes"])
        data.pop("alternative")
        return "claim.assessed", {**data, "about_source": about.envelope["source"]}

    def _rest(self, slug: str, step: Step, random: Random) -> tuple[str, Json]:
        """Issue a statement that rests on events."""
        facts = random.sample(self.told, min(len(self.told), 3))
        ids = sorted({str(one.envelope["id"]) for one in facts})
        return "statement.issued", {**example("statement.issued.v1", slug, random), "facts_from": ids}

    # Decisions.

    def _decide(self, slug: str, step: Step, random: Random) -> tuple[str, Json]:
        stems = ["action.proposed", "action.joined", "action.joined", "action.completed", "action.left"]
        event_type = random.choice([*stems, "identity.judged", "identity.judged", "support.matched"])
        data = example(f"{event_type}.v1", slug, random)
        if event_type.startswith("action."):
            own = {"action": f"action:{SLUGS[0]}.{random.randint(1, 2)}", "lead": f"partner:{slug}"}
            own |= {"partner": f"partner:{slug}"}
            data |= {name: value for name, value in own.items() if name in data}
        return event_type, data

    def _consent(self, slug: str, step: Step, random: Random) -> tuple[str, Json]:
        data = {
            "consent_id": _consent_id(slug, random),
            "subject_of_consent": lawyer(random),
            "level": random.choice(LEVELS),
            "scopes": _scopes(random),
            "explained": dict.fromkeys(_EXPLAINED, True),
            "conditions": words(random),
        }
        if random.random() < 0.5:
            data["recipients"] = [f"partner:{one}" for one in random.sample(SLUGS[:4], 2)]
        if random.random() < 0.4:
            data["expires_on"] = (self.clock() + timedelta(days=random.randint(-1, 3))).date().isoformat()
        return "consent.recorded", data

    def _withdraw(self, slug: str, step: Step, random: Random) -> tuple[str, Json]:
        consent = self._picked(step, lambda one: one.type == "consent.recorded")
        effect = random.choice(["stop_new_use", "restrict_to_pseudonym", "erase"])
        data: dict[str, Json] = {"subject_of_consent": lawyer(random), "effect": effect}
        if consent is not None and random.random() < 0.8:
            data["subject_of_consent"] = consent.data["subject_of_consent"]
            data |= {"consent_id": consent.data["consent_id"]} if random.random() < 0.5 else {}
        if random.random() < 0.3:
            data["scopes_withdrawn"] = ["media", "joint_statement"]
        return "consent.withdrawn", {**data, "urgent": random.random() < 0.5, "reason": words(random)}

    def _erase(self, slug: str, step: Step, random: Random) -> tuple[str, Json] | None:
        about = self._picked(step, lambda one: "subject" in one.envelope)
        data = {"subject_of_erasure": lawyer(random), "scope": ["subject_key"], "role": "recipient_ack"}
        if about is not None and random.random() < 0.3:
            data["subject_of_erasure"] = about.envelope["subject"]
        if random.random() < 0.3:
            return "erasure.executed", data
        more = {} if step.tlp is None else {"tlp": step.tlp}
        self._push("stewards", "erasure.executed", {**data, "role": "controller"}, more)
        return None

    def _suspend(self, _slug: str, step: Step, random: Random) -> None:
        # Only the last two partners, whom no reader is of; his affected cases are for amber eyes only.
        slug = SLUGS[3 + step.who % 2]
        admitted = any(
            one.type == "partner.admitted" and one.data["partner"] == f"partner:{slug}" for one in self.told
        )
        if admitted and random.random() < 0.3:
            self._admit(slug, {})
            return
        own = {"partner": f"partner:{slug}", "scope": "write"}
        data = {**example("partner.suspended.v1", slug, random), **own}
        data["distrust_events_after"] = (self.clock() - timedelta(minutes=random.randint(0, 12))).isoformat()
        if random.random() < 0.3:
            del data["distrust_events_after"]
        self._push("stewards", "partner.suspended", data, {} if step.tlp is None else {"tlp": step.tlp})

    def _judge(self, _slug: str, step: Step, random: Random) -> None:
        case = random.choice([f"case:{SLUGS[0]}.1", f"threat:{SLUGS[0]}.1", f"threat:{SLUGS[0]}.2"])
        partner = SLUGS[random.randint(1, 2)]
        for account in ("ann", "ben")[: random.randint(1, 2)]:
            verdict = random.choice(["lift", "lift", "uphold"])
            self.intake.judge_conflict(account, {"case": case, "partner": partner, "verdict": verdict})

    def _glass(self, _slug: str, step: Step, random: Random) -> None:
        """Let stewards ask to read an event, agree, and read it, or stop on the way."""
        about = self.told[step.what % len(self.told)]
        request = f"{self.clock():%Y%m%d}-{UUID(int=random.getrandbits(128))}"
        said = {"source": about.source, "id": str(about.envelope["id"])}
        steps: list[tuple[Action, str, dict[str, str]]] = [
            ("glass_asked", "ann", {"code": "legal_duty", "text": words(random)}),
            ("glass_opened", "ben", {}),
            ("glass_read", "ann", {}),
        ]
        for action, account, more in steps[: random.randint(1, 3)]:
            detail = {"token": f"token of {account}", **said, **more}
            told = (about.publisher,)
            self.intake.note_steward_act(StewardAct(action, account, about.publisher, request, detail, told))

    def _key(self, slug: str, step: Step, random: Random) -> None:
        """Let a partner sign from now on, or find that its key was stolen a while ago."""
        own: dict[str, Json] = {"kid": f"{slug}-1"}
        if slug in self.revoked:
            return
        if slug in self.signing:
            since = self.clock() - timedelta(minutes=random.randint(0, 12))
            self.intake.rule_on_signing(KEY_REVOKED_STEM, slug, {**own, "distrust_from": since.isoformat()})
            self.revoked.add(slug)
            if random.random() < 0.5:
                self.signing.discard(slug)
        else:
            public = key_text(_key(slug).public_key().public_bytes_raw())
            said = {**own, "alg": ALGORITHM, "public_key": public}
            self.intake.rule_on_signing(KEY_ADDED_STEM, slug, said)
            self.signing.add(slug)

    # Amendments and time.

    def _correct(self, _slug: str, step: Step, random: Random) -> tuple[str, Json, str]:
        about = self._amendable(step, random)
        data: dict[str, Json] = {"about_event": about.envelope["id"], "note": words(random)}
        if random.random() < 0.4:
            data["tlp"] = random.choice(["green", "amber", "amber+strict", "red"])
            if random.random() < 0.5:
                return "record.corrected", data, about.publisher
        data["changes"] = self._changes(about, about.publisher, random)
        return "record.corrected", data, about.publisher

    def _changes(self, about: Logged, slug: str, random: Random) -> list[Json]:
        pointers = [(f"/{name}", value) for name, value in about.data.items()]
        pointers += [("/place/country", "QM")] if isinstance(about.data.get("place"), dict) else []
        special = {
            "consent.recorded": ("/level", random.choice(LEVELS)),
            "consent.withdrawn": ("/effect", "restrict_to_pseudonym"),
            "threat.reported": ("/attributed_to", [{"body": body(random.randint(1, 4))}]),
            "body.profiled": ("/parent", body(random.randint(1, 4))),
            "lawyer.profiled": ("/protection", {"consent_level": random.choice(LEVELS)}),
        }
        chosen = random.sample(pointers, min(len(pointers), random.randint(1, 3)))
        changes = [{"pointer": at, "to": reworded(value, slug, random, at[1:])} for at, value in chosen]
        if about.type in special and random.random() < 0.5:
            at, value = special[about.type]
            changes = [{"pointer": at, "to": value}]
        return changes

    def _retract(self, _slug: str, step: Step, random: Random) -> tuple[str, Json, str]:
        about = self._amendable(step, random)
        reason = random.choice(["false", "unsafe", "superseded"])
        data = {"about_event": about.envelope["id"], "reason": reason, "public_notice": words(random)}
        if random.random() < 0.15:
            return "record.retracted", {**data, "about_source": about.source}, "stewards"
        return "record.retracted", data, about.publisher

    def _wait(self, _slug: str, step: Step, random: Random) -> None:
        self.clock.move(hours=random.choice([2, 2, 26, 15 * 24]))
        self.intake.release_embargoes(self.clock())
        self._erase_due()

    def _erase_due(self) -> None:
        """Destroy what withdrawals want erased when their time has come, as the timekeeper does."""
        taken_back = {one.data["about_event"] for one in self.told if one.type == "record.retracted"}
        for one in self.told:
            is_wish = one.type == "consent.withdrawn" and one.data["effect"] == "erase"
            waits = timedelta(hours=24) if one.data.get("urgent") else timedelta(days=30)
            name = str(one.envelope["id"])
            if is_wish and name not in self.seen_to | taken_back and one.recorded + waits <= self.clock():
                self.intake.erase(str(one.data["subject_of_consent"]), one.source, name)
                self.seen_to.add(name)


def _key(slug: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(slug.encode()).digest())


def body(no: int) -> str:
    return f"body:{SLUGS[0]}.{no}"


def lawyer(random: Random) -> str:
    return f"lawyer:{SLUGS[0]}.{random.choice([1, 1, 2])}"


def _consent_id(slug: str, random: Random) -> str:
    return f"0190aaaa-0000-7000-8000-{SLUGS.index(slug):06}{random.randint(1, 2):06}"


def _scopes(random: Random) -> list[str]:
    return random.sample(SCOPES, random.randint(0, 3))
