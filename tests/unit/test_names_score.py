from typing import Any

import pytest

from projections.names import candidates, parts, scripts, sounds, syllables
from projections.names.memory import forget
from projections.names.score import POSSIBLE, STRONG, Likeness, score

Json = Any


def of(name: str, *aliases: str, **known: str | None) -> dict[str, Json]:
    return {"name": name, "aliases": list(aliases), **known}


SAME = [
    ("Isvael Korrendt", "Yisvayel Qorendht"),
    ("Isvael Korrendt", "Исваель Коррендт"),
    ("Brisca Douvrani", "Μπρίσκα Ντουβράνη"),
    ("Kamran Delsouzi", "کامران دلسوزی"),
    ("Abd al-Qadim Belsour", "عبدالقدیم بلسور"),
    ("Nasrollah Dorvash", "نصر الله دوروش"),
    ("Vikrant Dosalkar", "विक्रांत दोसलकर"),
    ("Brisca Mondovel", "ブリスカ・モンドヴェル"),
    ("Doh Ram-guk", "도람국"),
    ("Ram Guk DOH", "도람국"),
    ("Lu Zuoxian", "路佐嫻"),
    ("Loo Tso Haan", "路佐嫻"),
    ("Ro Jwa Han", "路佐嫻"),
    ("Soe Lin Wai Thaw", "စိုးလင်းဝေသော်"),
]

OTHERS = [
    ("Isvael Korrendt", "Brisca Noumelade"),
    ("Isvael Korrendt", "Брисца Нумеладе"),
    ("Kamran Delsouzi", "بهرنگ ورزاده"),
    ("Doh Ram-guk", "신태설"),
    ("Lu Zuoxian", "麥恩碧"),
    ("Soe Lin Wai Thaw", "ချိုဇော်ဖြူ"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_name_in_two_scripts_is_worth_a_look(one: str, other: str) -> None:
    assert score(of(one), of(other)).score >= POSSIBLE


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_two_names_in_two_scripts_are_not(one: str, other: str) -> None:
    assert score(of(one), of(other)).tier == "none"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("KORRENDT Isvael", "Isvael Korrendt"),
        ("Korrendt, Isvael", "Isvael Korrendt"),
        ("Isvael Brenamor Korrendt", "Isvael Korrendt"),
        ("Isvael Dovranovich Korrendt", "Isvael Korrendt"),
        ("I. Korrendt", "Isvael Korrendt"),
        ("Liz Korrendt", "Elizabeth Korrendt"),
        ("Dr. Isvael Korrendt", "Isvael Korrendt, KC"),
        ("Delvareza Korrendt", "Delva Reza Korrendt"),
        ("Isvael bin Korrendt", "Isvael Korrendt"),
        ("Malik Isvael Korrendt", "Isvael Korrendt"),
    ],
)
def test_a_name_may_be_reordered_shortened_joined_or_dressed_up(one: str, other: str) -> None:
    assert score(of(one), of(other)).score >= POSSIBLE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Isvael Dovranovich Korrendt", "Mirko Dovranovich Korrendt"),
        ("Isvael Korrendt", "Brisca Korrendt"),
        ("Doh Ram-guk", "Doh Chin-guk"),
    ],
)
def test_kin_and_namesakes_are_never_strong(one: str, other: str) -> None:
    assert score(of(one, country="QN"), of(other, country="QN")).score < STRONG


def test_an_alias_counts_as_a_name_and_many_make_no_difference() -> None:
    assert score(of("The Counsel", "Isvael Korrendt"), of("Isvael Korrendt")).score >= POSSIBLE
    many = [f"Counsel {'abcdefgh'[at] * 4}" for at in range(4)]
    assert score(of("The Counsel", "Isvael Korrendt", *many), of("Isvael Korrendt", *many)).score >= POSSIBLE


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("1974-02-03", "1974-02-03", "born the same day"),
        ("1974-02-03", "1974-03-02", "born the same day, if day and month are swapped"),
        ("1974-02-03", "1974-05-06", "born on different days of a year"),
        ("1974-02-03", "1976-02-03", "born the same day of another year"),
        ("1974", "1974-02-03", "born the same year"),
        ("1974", "1975", "born in years next to each other"),
        ("1974", "1976", "born two years apart"),
        ("1974", "1980", "born in different years"),
        ("1974", None, None),
        ("about 1974", "1974", None),
    ],
)
def test_births_count_as_far_as_they_are_known(one: str, other: str | None, said: str | None) -> None:
    found = score(of("Isvael Korrendt", birth_date=one), of("Isvael Korrendt", birth_date=other))
    assert [reason.partition(" ")[2] for reason in found.reasons if " born " in reason] == (
        [said] if said else []
    )


def test_two_full_dates_of_birth_clash_whatever_the_names_say() -> None:
    one = of("Isvael Korrendt", birth_date="1974-02-03", country="QN", bar="b", bar_number="7")
    assert score(one, {**one, "birth_date": "1981-05-09"}).score < POSSIBLE


def test_numbers_at_one_bar_settle_it_both_ways() -> None:
    one = of("Isvael Korrendt", bar="body:open-docket.1", bar_number="1")
    assert "+6.0 same number at the same bar" in score(one, one).reasons
    assert score(one, {**one, "bar_number": "2"}).score < POSSIBLE
    assert score(one, {**one, "bar": "body:open-docket.2", "bar_number": "2"}).score > POSSIBLE


def test_country_and_place_count() -> None:
    one = of("Isvael Korrendt", country="QN", place="Velm")
    assert score(one, {**one, "country": "QM"}).score < score(one, one).score
    assert score(one, {**one, "place": "Orsk"}).score < score(one, one).score
    assert any(
        reason.endswith("different countries") for reason in score(one, {**one, "country": "QM"}).reasons
    )


def test_reasons_are_told_the_heaviest_first_and_can_be_checked() -> None:
    one = of("Isvael Korrendt", birth_date="1974-02-03", country="qn", bar="b", bar_number="1")
    found = score(one, {**one, "name": "Исваель Коррендт", "country": "QN"})
    weights = [abs(float(reason.split()[0])) for reason in found.reasons]
    assert weights == sorted(weights, reverse=True)
    assert {reason.partition(" ")[2] for reason in found.reasons} == {
        "same number at the same bar",
        "names compared after transliteration: korrendt equal; isvael equal",
        "born the same day",
        "same country",
    }


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("Isvael Korrendt", "Isvael Korrendt", "names written the same: Isvael Korrendt"),
        ("Doh Ram-guk", "도람국", "3 of 3 syllables are the same, read as Korean"),
        ("I. Korrendt", "Isvael Korrendt", "i may be short for isvael"),
        ("Isvael Korrendt", "Korrendt I.", "i may be short for isvael"),
        ("Jelmar Korrendt", "Елмар Корендт", "elmar and jelmar"),
        ("Liz Korrendt", "Elizabeth Korrendt", "forms of one name"),
        ("Isvael Korrendt Movel", "Isvael Korendht", "without a like: movel"),
        ("Isvael Korrendt", "Isvael Korrindat", "alike by"),
        ("Isvael", "Isvæl", "names compared as they sound: "),
    ],
)
def test_reasons_say_how_the_names_agree(one: str, other: str, said: str) -> None:
    assert any(said in reason for reason in score(of(one), of(other)).reasons)


def test_records_of_two_languages_of_syllables_meet_in_the_sounds_they_share() -> None:
    assert score(of("路佐嫻"), of("로좌한")).score > score(of("路佐嫻"), of("신태설")).score
    assert score(of("路佐嫻"), of("သော်ဝေလင်းစိုး")).score < POSSIBLE


@pytest.mark.parametrize("country", ["kr", "kp", "cn", "tw", "hk", "mo", "sg", "my", "mm", "qn", None])
def test_a_country_says_how_latin_syllables_are_read(country: str | None) -> None:
    one, other = of("Loh Tsoh Hahn", country=country), of("Lo Cho Han", country=country)
    assert 0 < score(one, other).score < 1


def test_without_a_country_a_korean_family_name_says_it() -> None:
    said = score(of("Shin Tae Sol"), of("Sin T'ae-so'l")).reasons
    assert said[0].endswith("3 of 3 syllables are the same, read as Korean")


def test_where_no_reading_fits_the_words_are_compared() -> None:
    assert score(of("𠀋𠀋"), of("Isvael")).score < POSSIBLE
    assert score(of("Исваель", country="kr"), of("Isvael", country="kr")).score >= POSSIBLE
    assert score(of("ʻ1", "Ǝ"), of("Isvael")).score < POSSIBLE


def test_a_name_without_letters_is_like_no_other() -> None:
    found = score(of("..."), of("Isvael"))
    assert (found.score, found.reasons) == (0.018, ("no name to compare",))


def test_titles_say_nothing_unless_there_is_nothing_else() -> None:
    assert score(of("Dr. Mr"), of("Dr. Mr")).score > 0
    assert score(of("al"), of("al")).score > 0


def test_tiers_follow_the_score() -> None:
    assert [Likeness(at, ()).tier for at in (0.99, 0.8, 0.3)] == ["strong", "possible", "none"]


def test_no_word_of_a_name_is_kept_once_it_is_to_be_forgotten() -> None:
    modules = (candidates, parts, scripts, sounds, syllables)
    before = score(of("Isvael Korrendt"), of("Исваель Коррендт"))
    forget()
    assert sum(kept.cache_info().currsize for module in modules for kept in module.KEPT) == 0
    assert score(of("Isvael Korrendt"), of("Исваель Коррендт")) == before
