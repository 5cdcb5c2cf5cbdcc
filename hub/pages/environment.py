"""The templates of the pages in one language: what `_` says, and filters that say codes, days and moments."""

from functools import cache

import jinja2
from jinja2.ext import InternationalizationExtension

from events.event import Json
from hub.pages.addressing import dossier_address
from hub.pages.alike import Alike
from hub.pages.cards import told
from hub.pages.contexts import PageContext
from hub.pages.naming import OWN_TITLES
from hub.pages.peers import refusal_said, state_said
from hub.pages.reasons import Reasons
from hub.pages.refusals import why
from hub.pages.standards import standard_text
from hub.pages.values import Values
from hub.texts.languages import LANGUAGES
from hub.texts.speech import Speech, speech_of
from schemas.registry import Registry


@cache
def environment(code: str, registry: Registry) -> jinja2.Environment:
    """Return the templates in a language; compiled once for a process and its contracts."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("hub.pages", "templates"),
        autoescape=True,
        undefined=jinja2.ChainableUndefined,
        extensions=[InternationalizationExtension],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.context_class = PageContext
    speech = speech_of(code, registry)
    texts = speech.texts
    made.extend(newstyle_gettext=True)
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        texts.gettext, texts.ngettext, newstyle=True, pgettext=texts.pgettext, npgettext=texts.npgettext
    )
    made.globals.update(
        speech=speech,
        own_titles=OWN_TITLES,
        language=speech.language,
        languages=LANGUAGES,
        address_of=dossier_address,
    )
    values = values_of(code, registry)
    reasons = {"reason": Reasons(speech, values).said, "alike": Alike(speech, values).said}
    made.filters.update(_filters(speech), **_of_contracts(values), **reasons)
    return made


@cache
def values_of(code: str, registry: Registry) -> Values:
    """Return what says values in a language; made once for a process and its contracts."""
    return Values(speech_of(code, registry), registry)


def _filters(speech: Speech) -> dict[str, Json]:
    """Return what turns data into words: `{{ event.data.urgency | label("urgency") }}`."""
    return {
        "country": speech.country,
        "day": speech.day,
        "kind": speech.kind,
        "label": lambda code, vocabulary: speech.label(vocabulary, code),
        "moment": speech.moment,
        "number": speech.number,
        "peer_refusal": lambda refusal: refusal_said(refusal, speech),
        "peer_state": lambda said: state_said(said, speech),
        "percent": speech.percent,
        "provision": lambda code: standard_text(code, speech),
        "refused": lambda problem: why(problem, speech),
        "said": speech.said,
        "tie": speech.tie,
        "told": told,
        "title_of": lambda of: speech.texts.gettext(OWN_TITLES[of]) if of in OWN_TITLES else speech.title(of),
    }


def _of_contracts(values: Values) -> dict[str, Json]:
    """Return what says values by their contracts: `{{ claim.value | claim(claim.event.type, "bar", names) }}`."""
    return {
        "claim": values.claim,
        "code": values.code,
        "field": values.field,
        "link": values.link,
        "name_of": values.name,
        "payload": values.payload,
        "provenance": values.provenance,
        "shown": values.shown,
        "start": values.start,
    }
