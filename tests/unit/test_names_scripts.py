import pytest

from projections.names import burmese, syllables
from projections.names.prepared import prepare, spell
from projections.names.scripts import normalise, readings, romanise, script_of
from projections.names.sounds import bones, code, kinds, otherwise


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Pellamine", "latin"),
        ("Ünsïvel", "latin"),
        ("Исваель", "cyrillic"),
        ("Βρίσκα", "greek"),
        ("بریسکا", "arabic"),
        ("בריסקא", "hebrew"),
        ("ब्रिस्का", "indic"),
        ("ບຣິສ", "other"),
        ("မြတော", "burmese"),
        ("도람", "hangul"),
        ("路佐", "han"),
        ("ブリスカ", "kana"),
        ("𠀋𠀋", "other"),
        ("·…", "latin"),
    ],
)
def test_a_name_is_of_the_script_of_most_of_its_letters(text: str, script: str) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(
    ("written", "sounds"),
    [
        ("Pellamine DOVRASK", "pellamine dovrask"),
        ("Çöğüşı Łødæß", "sogushi lodess"),
        ("Исваель Коррендт", "isvael korrendt"),
        ("Μπρίσκα Ντούβη", "briska duvi"),
        ("בריסקא", "bryska"),
        ("بريسكا", "briska"),
        ("ونقورد", "wnqurd"),
        ("الدبرسك", "al dbrsk"),
        ("دبرسک الورن", "dbrsk al wrn"),
        ("سیدبرسک", "sid brsk"),
        ("تهرسک", "tahrsk"),
        ("عبرسع", "abrs"),
        ("ब्रिस्का दोवर", "briska dovar"),
        ("ਬੰਸੀ", "bansi"),
        ("ブリスカ", "burisuka"),
    ],
)
def test_names_of_many_scripts_are_written_as_they_sound(written: str, sounds: str) -> None:
    text = normalise(written)
    assert romanise(text, script_of(text)) == sounds


def test_what_cannot_be_seen_is_left_out_and_apostrophes_are_one() -> None:
    assert normalise("Isva\u200bel O\u2019Dovra") == "Isvael O'Dovra"
    assert normalise("\ufe91\u200c\ufe8e") == normalise("\u0628 \u0627")


def test_arabic_letters_that_the_east_reads_otherwise_are_read_both_ways() -> None:
    assert readings("رضوان", "arabic") == ["rdwan", "rzwan"]
    assert readings("رضوانی", "arabic") == ["rzwani"]


def test_a_short_han_name_has_its_family_first_and_a_long_one_is_one_word() -> None:
    assert [part.word for part in spell("路佐嫻")[0].parts] == ["lu", "zuoxian"]
    assert [part.word for part in spell("伊斯维尔·科伦特")[0].parts] == ["yisiweier", "kelunte"]


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        ("သော်ဝေလင်းစိုး", [("th", "aw"), ("w", "e"), ("l", "in"), ("s", "o")]),
        ("ဝါဝါမြင့်", [("w", "a"), ("w", "a"), ("my", "in'")]),
        ("ဦးသွင်", [("", "u"), ("thw", "in")]),
        ("ထွန်း", [("ht", "un")]),
        ("စန္ဒာ", [("s", "an"), ("d", "a")]),
        ("ကျ၌", [("ky", "a")]),
        ("ဆဲဣန်", [("hs", "ai"), ("", "an")]),
        ("ကိံ့ဂျွှု", [("k", "ein'"), ("gw", "u")]),
    ],
)
def test_burmese_is_read_syllable_by_syllable(text: str, sounds: list[tuple[str, str]]) -> None:
    assert burmese.syllables(text) == sounds


def test_zawgyi_is_taken_for_what_it_is_and_read_both_ways_in_doubt() -> None:
    assert burmese.spellings("မေမေကြွယ်ဝင်း") == ["မေမေကြွယ်ဝင်း"]
    assert burmese.spellings("ေမေမႂကြယ္ဝင္း") == ["မေမေကြွယ်ဝင်း"]
    assert burmese.spellings("လွေစာ") == ["လွေစာ", "လှစော"]


def test_hangul_is_taken_apart_by_arithmetic() -> None:
    assert syllables.hangul("각") == ("g", "ak")
    assert syllables.hangul("아") == ("", "a")


def test_a_syllable_in_latin_letters_may_stand_for_several_sounds() -> None:
    assert ("zh", "ang") in syllables.heard("chang", "mandarin")
    assert ("j", "eong") in syllables.heard("chong", "korean")
    assert ("thw", "in") in syllables.heard("thwin", "burmese")
    assert ("=", "teoh") in syllables.heard("teoh", "overseas")
    assert syllables.heard("brsk", "overseas") == frozenset()


def test_a_sound_is_spelt_in_several_ways_or_by_its_own_name() -> None:
    assert {"chang", "zhang", "jang"} <= set(syllables.spellings("zh", "ang", "mandarin"))
    assert "thwin" in syllables.spellings("thw", "in", "burmese")
    assert syllables.spelling_of("q", "?", "burmese") == "q?"


def test_like_sounds_have_like_codes_and_silent_letters_none() -> None:
    assert code("schovra") == code("shovra")
    assert code("wrisko") == code("risko")
    assert code("cedric") == code("sedrik")
    assert code("xavo") == "K1S2avo"
    assert bones(code("ovraska")) == "avR1S2K1"
    assert bones(code("brisk")) == "P2R1S2K1"
    assert otherwise("jovra") == code("yovra")
    assert kinds("P2R1") == kinds("R1P1")


@pytest.mark.parametrize(
    ("birth", "known"),
    [
        ("1974-02-03", (1974, 2, 3)),
        ("1974-02", (1974, 2, None)),
        ("1974", (1974, None, None)),
        ("1574", None),
        ("about 1974", None),
        (None, None),
    ],
)
def test_a_birth_is_read_as_far_as_it_is_known(birth: str | None, known: object) -> None:
    assert prepare({"name": "Isvael", "birth_date": birth}).birth == known


def test_several_names_in_one_field_are_read_apart() -> None:
    texts = [
        one.text for one in prepare({"name": "Isvael Korrendt / Brisca Dovra", "aliases": ["  "]}).spellings
    ]
    assert texts == ["Isvael Korrendt", "Brisca Dovra"]


def test_a_name_without_letters_is_no_name() -> None:
    assert prepare({"name": "...", "aliases": ["ㄱ"]}).spellings == ()
