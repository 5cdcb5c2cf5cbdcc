import pytest

from projections.identity import Likeness, score
from projections.romanise import romanise


@pytest.mark.parametrize(
    ("written", "sounds"),
    [
        ("Pellamine DOVRASK", "pellamine dovrask"),
        ("Çöğüşı Łødæß", "cogusi lodaess"),
        ("Исваель Коррендт", "isvael korrendt"),
        ("йог Ґоё", "yog goyo"),
        ("Βρίσκα", "vriska"),
        ("بریسکا", "bryska"),
        ("בריסקא", "bryska"),
        ("가한", "gahan"),
        ("बंसी", "bnsii"),
        ("မြ", "mr"),
        ("ကာ", "kaa"),
        ("カ", "ka"),
        ("名", "名"),
        ("a\u200db", "ab"),
        ("·", " "),
    ],
)
def test_names_of_many_scripts_are_written_as_they_sound(written: str, sounds: str) -> None:
    assert romanise(written) == sounds


def test_two_transliterations_of_one_name_are_worth_a_look_and_two_names_are_not() -> None:
    one = score({"name": "Isvael Korrendt"}, {"name": "Yisvayel Qorendht"})
    two = score({"name": "Isvael Korrendt"}, {"name": "Brisca Noumelade"})
    assert one.score > 0.9
    assert two.score < 0.3


def test_a_score_is_the_same_from_both_sides() -> None:
    left = {"name": "Исваель Коррендт", "birth_date": "1974", "country": "QN"}
    right = {"name": "Dr. Korrendt Isvael", "aliases": ["Izwael Korendt"], "birth_date": "1974-02-03"}
    assert score(left, right) == score(right, left)


def test_reasons_are_told_the_heaviest_first() -> None:
    left = {
        "name": "Isvael Korrendt",
        "birth_date": "1974-02-03",
        "country": "qn",
        "bar": "b",
        "bar_number": "1",
    }
    found = score(left, {**left, "country": "QN"})
    assert found.reasons[0] == "+6.0 same number at the same bar"
    weights = [abs(float(reason.split()[0])) for reason in found.reasons]
    assert weights == sorted(weights, reverse=True)
    assert "+0.6 same country" in found.reasons
    assert isinstance(found, Likeness)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("1974-02-03", "1974-02-03", "same date of birth"),
        ("1974-02-03", "1974-03-02", "same date of birth if day and month are swapped"),
        ("1974-02-03", "1974-05-06", "different dates of birth"),
        ("1974", "1974-02-03", "same year of birth"),
        ("1974", "1975", "years of birth next to each other"),
        ("1974", "1980", "different dates of birth"),
        ("1974", None, None),
        ("about 1974", "1974", None),
    ],
)
def test_births_count_as_far_as_they_are_known(one: str, other: str | None, said: str | None) -> None:
    found = score(
        {"name": "Isvael Korrendt", "birth_date": one}, {"name": "Isvael Korrendt", "birth_date": other}
    )
    births = [reason.partition(" ")[2] for reason in found.reasons if "birth" in reason]
    assert births == ([] if said is None else [said])


def test_different_numbers_at_one_bar_weigh_against_any_name() -> None:
    left = {"name": "Isvael Korrendt", "bar": "body:open-docket.1", "bar_number": "1"}
    assert score(left, {**left, "bar_number": "2"}).score < 0.5
    assert score(left, {**left, "bar": "body:open-docket.2", "bar_number": "2"}).score > 0.5


def test_different_countries_weigh_against_it() -> None:
    left = {"name": "Isvael Korrendt", "country": "QN"}
    assert score(left, {**left, "country": "QM"}).score < score(left, left).score


def test_an_alias_counts_as_a_name() -> None:
    assert (
        score({"name": "The Counsel", "aliases": ["Isvael Korrendt"]}, {"name": "Isvael Korrendt"}).score
        > 0.9
    )


def test_titles_say_nothing_unless_there_is_nothing_else() -> None:
    assert score({"name": "Dr. Isvael Korrendt"}, {"name": "Isvael Korrendt"}).score > 0.9
    assert score({"name": "Ko U"}, {"name": "Ko U"}).score > 0.9


def test_a_name_without_letters_is_like_no_other() -> None:
    assert score({"name": "..."}, {"name": "Isvael"}).score < 0.5
    assert score({"name": "Aya"}, {"name": "Ia"}).score < 0.9
