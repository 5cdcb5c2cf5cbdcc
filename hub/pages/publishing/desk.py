"""One form on its page: what it offers, what stands on it, what is wrong with it, who will read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from events.audience import TLP
from events.event import Json
from events.submission import Outcome, Publisher
from hub.access import Caller
from hub.pages.publishing import fields as f
from hub.pages.publishing.audience import Preview
from hub.pages.publishing.days import Almanac
from hub.pages.publishing.fields import Field
from hub.pages.publishing.offers import Offers, languages, zones
from hub.pages.publishing.problems import CHOICES, loosest, said
from hub.pages.publishing.shown import Shown, Writer, attach
from hub.pages.publishing.typed import NOTHING
from hub.pages.refusals import why
from hub.texts import N_
from hub.texts.speech import Speech
from schemas.contract import Contract
from schemas.problem import Problem

_LATER = ("provenance", "protection")

_NOT_BEFORE = Field(
    "notbefore", f.MOMENT, N_("Not before"),
    N_("Until then only your own organisation sees it. Left out: it is shown at once."),
)  # fmt: skip
_CASE = Field(
    "correlationid", f.REFERENCE, N_("Case"),
    N_("Binds events together that belong to one case, e.g. case:harbour-bar-watch.12."), kinds=("case",),
)  # fmt: skip
_LABEL = Field("tlp", f.CHOICE, N_("Label"))
_AUDIENCE = Field("audience", f.CHOICES, N_("Only these partners"))


class Written(NamedTuple):
    """What stands on a form: its payload, and the attributes of its event."""

    data: Mapping[str, Json]
    envelope: Mapping[str, str]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """What is needed to show a form, and to read it.

    Args:
        caller: who fills it in.
        publisher: as whom.
        contract: of the type.
        form: what it asks.
        speech: in which language.
        almanac: reads dates.
        offers: what can be chosen.
        now: of the hub's clock.
    """

    caller: Caller
    publisher: Publisher
    contract: Contract
    form: Field
    speech: Speech
    almanac: Almanac
    offers: Offers
    now: datetime

    def loosest(self, data: Mapping[str, Json]) -> str:
        """Return the loosest label that what is typed may bear."""
        has_protection = any(one.name == "protection" for one in self.form.children)
        return loosest(self.contract.tlp, data, has_protection=has_protection)

    def page(self, written: Written, act: str = "") -> "Sheeted":
        """Return the form as it is shown.

        Args:
            written: what stands on it.
            act: `add PATH` gives a list one more row.
        """
        writer = Writer(self.speech, self.offers)
        whole = writer.shown(self.form, "data", written.data or NOTHING)
        for one in whole.all():
            if act == f"add {one.path}" and one.field.form in {f.LIST, f.TEXTS, f.MAP}:
                writer.add_row(one)
                break
        return Sheeted(self, written, whole, self._attributes(writer, written.envelope))

    def _attributes(self, writer: Writer, envelope: Mapping[str, str]) -> dict[str, Shown]:
        named = [one for one in envelope.get("audience", "").split(",") if one]
        shown = {
            one.name: writer.shown(one, one.name, envelope.get(one.name, NOTHING))
            for one in (_NOT_BEFORE, _CASE, _LABEL)
        }
        shown["tlp"].values = [envelope.get("tlp", self.contract.tlp)]
        shown["tlp"].options = [(code, self.speech.texts.gettext(CHOICES[code])) for code in TLP]
        shown["audience"] = writer.shown(_AUDIENCE, "audience", named or NOTHING)
        shown["audience"].options = self.offers.partners
        return shown


@dataclass(slots=True)
class Sheeted:
    """A form with what is written on it, before its template.

    Args:
        desk: it lies on.
        written: what stands on it.
        whole: its fields.
        attributes: the fields about the event itself, by name.
        problems: what is wrong: id of the field, its name, sentence.
        preview: who will read it.
        outcome: what the archive would do.
    """

    desk: Desk
    written: Written
    whole: Shown
    attributes: dict[str, Shown]
    problems: Sequence[tuple[str, str, str]] = ()
    preview: Preview | None = None
    outcome: Outcome | None = None

    def refuse(self, problems: Sequence[Problem]) -> None:
        """Put what is wrong to where it is."""
        speech = self.desk.speech
        by_pointer: dict[str, list[str]] = {}
        for one in problems:
            by_pointer.setdefault(one.pointer, []).append(said(one, speech))
        inside = {place: texts for place, texts in by_pointer.items() if place.startswith("/data/")}
        outside = {place: texts for place, texts in by_pointer.items() if place not in inside}
        for name, shown in self.attributes.items():
            shown.wrong += outside.pop(f"/{name}", [])
        homeless = [
            *attach(self.whole, inside),
            *((place, text) for place, texts in outside.items() for text in texts),
        ]
        every = [*self.whole.all(), *self.attributes.values()]
        self.problems = [
            *(("", "", text) for _, text in homeless),
            *((one.id, _name(one, every), text) for one in every for text in one.wrong),
        ]

    def context(self) -> dict[str, Json]:
        """Return what the template needs."""
        desk, chosen = self.desk, self.attributes["audience"]
        known = {slug for slug, _ in chosen.options}
        needed, more = self._parts()
        least = TLP.index(desk.loosest(self.written.data))
        is_moment = any(one.field.form == f.MOMENT or one.field.hint == "zone" for one in self.whole.all())
        return {
            "here": "publish",
            "type": desk.contract.type,
            "title": desk.speech.texts.gettext(desk.contract.title),
            "description": desk.speech.texts.gettext(str(desk.contract.schema["description"])),
            "action": f"/publish/{desk.contract.type}",
            "needed": needed,
            "more": more,
            "is_more_open": any(one.is_open for one in more),
            "usual": desk.contract.tlp,
            "needing_consent": TLP[:least],
            "audience_more": ", ".join(one for one in chosen.values if one not in known),
            "id": self.written.id,
            "problems": self.problems,
            "preview": self._preview(),
            "warnings": [why(one, desk.speech) for one in self.outcome.warnings] if self.outcome else [],
            "zones": zones() if is_moment else (),
            "languages_offered": languages(desk.speech.language.code),
            **self.attributes,
        }

    def _parts(self) -> tuple[list[Shown], list[Shown]]:
        fields = [one for one in self.whole.children if one.field.form != f.FIXED]
        more = [one for one in fields if not one.field.required]
        more.sort(key=lambda one: _LATER.index(one.field.name) if one.field.name in _LATER else -1)
        return [one for one in fields if one.field.required], more

    def _preview(self) -> Json:
        if self.preview is None:
            return None
        titles = {one.pointer: one.title for one in self.whole.all() if one.title}
        parts = [
            {"label": one.label, "said": one.said, "titles": _titles(one.places, titles)}
            for one in self.preview.parts
        ]
        return {"whole": self.preview.whole, "parts": parts, "further": self.preview.further}


def _name(one: Shown, every: Sequence[Shown]) -> str:
    """Return what a field is called; a row of a list like its list."""
    if one.title and not one.row:
        return one.title
    around = next((each for each in every if one in each.children), None)
    return one.title or (_name(around, every) if around else "")


def _titles(places: Sequence[str], titles: Mapping[str, str]) -> list[str]:
    """Return the names of fields, each once; of a row of a list that of its list."""
    named = []
    for place in places:
        around = place
        while around not in titles and around:
            around = around.rpartition("/")[0]
        named.append(titles.get(around, ""))
    return list(dict.fromkeys(named))
