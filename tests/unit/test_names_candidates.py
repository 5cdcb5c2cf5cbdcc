from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from projections.names.candidates import Candidates
from projections.names.prepared import Prepared, prepare

Json = Any

NAMES = [
    "Isvael Korrendt",
    "Исваель Коррендт",
    "Brisca Noumelade",
    "Elizabeth Dovra",
    "Liz Dovra",
    "Doh Ram-guk",
    "도람국",
    "Lu Zuoxian",
    "路佐嫻",
    "Thaw Wai Lin Soe",
    "သော်ဝေလင်းစိုး",
    "Wee Hock Guan",
    "黄福源",
    "Aya",
    "...",
]


def record(name: str, **known: str) -> Prepared:
    return prepare({"name": name, **known})


def filed(names: Sequence[str]) -> Candidates[str]:
    index = Candidates[str]()
    for name in names:
        index.add(name, record(name))
    return index


def found(index: Candidates[str], name: str, **known: str) -> list[str]:
    return [key for key, _ in index.near(record(name, **known))]


def test_one_name_is_found_in_another_script() -> None:
    index = filed(NAMES)
    for one, other in [
        ("Isvael Korrendt", "Исваель Коррендт"),
        ("Elizabeth Dovra", "Liz Dovra"),
        ("Doh Ram-guk", "도람국"),
        ("Lu Zuoxian", "路佐嫻"),
        ("Thaw Wai Lin Soe", "သော်ဝေလင်းစိုး"),
        ("Wee Hock Guan", "黄福源"),
    ]:
        assert other in found(index, one)[:3]
        assert one in found(index, other)[:3]


def test_what_has_nothing_in_common_is_not_found() -> None:
    assert found(filed(NAMES), "Vuxqit") == []


def test_weights_fall_and_there_are_never_more_than_asked_for() -> None:
    near = filed(NAMES).near(record("Isvael Korrendt"), limit=1)
    assert [key for key, _ in near] == ["Isvael Korrendt"]
    weights = [weight for _, weight in filed(NAMES).near(record("Isvael Korrendt"))]
    assert weights == sorted(weights, reverse=True)


def test_numbers_at_a_bar_places_births_and_countries_lead_to_a_record_or_away_from_it() -> None:
    known = {"bar": "b", "bar_number": "7", "place": "Velm", "birth_date": "1974-02-03", "country": "QN"}
    index = Candidates[str]()
    index.add("known", record("Isvael Korrendt", **known))
    index.add("namesake", record("Isvael Korrendt", birth_date="1951-09-09", country="QM"))
    assert found(index, "Isvael Korrendt", **known) == ["known", "namesake"]
    assert found(index, "Brisca Noumelade", bar="b", bar_number="7") == ["known"]
    assert found(index, "Isvael Korrendt", birth_date="1951", country="QM") == ["namesake", "known"]


def test_a_record_without_a_name_is_found_by_what_else_is_known() -> None:
    index = Candidates[str]()
    index.add("nameless", record("...", bar="b", bar_number="7"))
    assert found(index, "...", bar="b", bar_number="7") == ["nameless"]


def test_a_record_filed_again_is_filed_once_and_one_that_is_not_there_is_removed_in_peace() -> None:
    index = filed(["Isvael Korrendt"])
    index.add("Isvael Korrendt", record("Brisca Noumelade"))
    index.remove("nobody")
    assert (len(index), found(index, "Isvael Korrendt"), found(index, "Brisca Noumelade")) == (
        1,
        [],
        ["Isvael Korrendt"],
    )


def test_a_key_of_too_many_leads_nowhere() -> None:
    index = Candidates[int](most_filed=3)
    for number in range(5):
        index.add(number, record("Korrendt"))
    assert index.near(record("Korrendt")) == []


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(NAMES)), max_size=30))
def test_an_index_kept_up_equals_one_built_anew(turns: list[tuple[bool, str]]) -> None:
    index, kept = Candidates[str](), dict[str, None]()
    for adds, name in turns:
        kept.pop(name, None)
        if adds:
            index.add(name, record(name))
            kept[name] = None
        else:
            index.remove(name)
    anew = filed(list(kept))
    assert len(index) == len(anew)
    for name in NAMES:
        assert index.near(record(name)) == anew.near(record(name))
