"""Dates as people say them, in the languages of the pages."""

from datetime import date

import pytest

from hub.pages.publishing.days import Almanac, in_words
from hub.texts.speech import speech_of
from tests.running import registry

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("said", "edtf", "words"),
    [
        ("2026-03-03", "2026-03-03", "Mar 3, 2026"),
        ("about 3 March 2026", "2026-03-03~", "about Mar 3, 2026"),
        ("maybe 2026", "2026?", "2026, not sure"),
        ("March or April", "[2026-03,2026-04]", "one of these: March 2026, April 2026"),
        ("3 March or 4 April 2025", "[2025-03-03,2025-04-04]", "one of these: Mar 3, 2025, Apr 4, 2025"),
        ("from 3 March to 5 April 2026", "2026-03-03/2026-04-05", "from Mar 3, 2026 to Apr 5, 2026"),
        ("between 3 and 5 March 2026", "2026-03-03/2026-03-05", "from Mar 3, 2026 to Mar 5, 2026"),
        ("since March 2026", "2026-03/..", "since March 2026"),
        ("until 3 May", "../2026-05-03", "until May 3, 2026"),
        ("March 3rd, 2026", "2026-03-03", "Mar 3, 2026"),
        ("yesterday", "2026-11-27", "Nov 27, 2026"),
        ("2026-11-02%", "2026-11-02%", "about Nov 2, 2026, not sure"),
        ("3/4/2026", "3/4/2026", ""),
        ("30 February 2026", "30 February 2026", ""),
        ("about about 2026", "about about 2026", ""),
        ("2 3 March 2026", "2 3 March 2026", ""),
        ("March or soon", "March or soon", ""),
        ("soon " * 30, "soon " * 30, ""),
    ],
)
def test_what_is_said_in_english_is_stored_and_means(said: str, edtf: str, words: str) -> None:
    read = Almanac("en", TODAY).read(said)
    assert read.strip() == edtf.strip()
    assert in_words(read, speech_of("en", registry())) == words


@pytest.mark.parametrize(
    ("language", "said", "edtf"),
    [
        ("fr", "vers le 3 mars 2026", "2026-03-03~"),
        ("fr", "du 3 mars au 5 avril 2026", "2026-03-03/2026-04-05"),
        ("fr", "1er mai 2026", "2026-05-01"),
        ("es", "marzo o abril de 2026", "[2026-03,2026-04]"),
        ("ar", "حوالي 3 مارس 2026", "2026-03-03~"),
        ("ar", "about March 2026", "2026-03~"),
    ],
)
def test_every_language_of_the_pages_has_its_words(language: str, said: str, edtf: str) -> None:
    assert Almanac(language, TODAY).read(said) == edtf
