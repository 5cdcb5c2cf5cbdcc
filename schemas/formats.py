"""The text formats that contracts use beyond JSON Schema's own: EDTF dates, language tags, time zones."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import ascii_uppercase

import pycountry

from schemas import edtf

Check = Callable[[str], bool]

_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<script>[A-Z][a-z]{3}))?(?:-(?P<region>[A-Z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3})){0,4}(?:-x(?:-[a-z0-9]{1,8}){1,3})?",
    re.ASCII,
)


def country_codes() -> tuple[str, ...]:
    """Return ISO 3166-1 alpha-2 codes in order, with those left to users of the standard (`QM` to `QZ`)."""
    own = {
        "AA",
        "ZZ",
        *(f"Q{letter}" for letter in "MNOPQRSTUVWXYZ"),
        *(f"X{letter}" for letter in ascii_uppercase),
    }
    return tuple(sorted({country.alpha_2 for country in pycountry.countries} | own))


def currency_codes() -> tuple[str, ...]:
    """Return ISO 4217 codes in order; `XTS`, the standard's code for tests, is one of them."""
    return tuple(sorted({currency.alpha_3 for currency in pycountry.currencies} | {"XTS"}))


def language_codes() -> frozenset[str]:
    """Return ISO 639 codes of two and of three letters, with those left to users (`qaa` to `qtz`)."""
    known = {getattr(language, "alpha_2", language.alpha_3) for language in pycountry.languages}
    known |= {language.alpha_3 for language in pycountry.languages}
    own = {f"q{second}{third}" for second in ascii_uppercase[:20] for third in ascii_uppercase}
    return frozenset(known | {code.lower() for code in own})


def zone_names() -> frozenset[str]:
    """Return the names of IANA time zones that the package `tzdata` knows, the same on every machine."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@dataclass(frozen=True, slots=True)
class Formats:
    """Our own formats, with the lists that they look into."""

    languages: frozenset[str]
    scripts: frozenset[str]
    regions: frozenset[str]
    zones: frozenset[str]

    @classmethod
    def load(cls) -> "Formats":
        """Read the lists of `pycountry` and `tzdata`."""
        scripts = frozenset(script.alpha_4 for script in pycountry.scripts)
        return cls(language_codes(), scripts, frozenset(country_codes()), zone_names())

    def is_language(self, text: str) -> bool:
        """Say whether a text is a BCP 47 tag in its usual case, of known parts: `pt-BR`, `zh-Hant`, `qaa`."""
        tag = _TAG.fullmatch(text)
        if tag is None or tag["language"] not in self.languages:
            return False
        region = tag["region"]
        if region and not region.isdigit() and region not in self.regions:
            return False
        return tag["script"] is None or tag["script"] in self.scripts

    def is_zone(self, text: str) -> bool:
        """Say whether a text names an IANA time zone: `Europe/Paris`, `Etc/GMT-4`."""
        return text in self.zones

    def checks(self) -> Mapping[str, Check]:
        """Return format name → check, for either validator."""
        return {"edtf": edtf.check, "language": self.is_language, "zone": self.is_zone}
