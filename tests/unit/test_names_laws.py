from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from projections.names.score import score

Json = Any

_LETTERS = st.text(st.characters(codec="utf-8"), max_size=30)
_NAMES = st.one_of(
    _LETTERS,
    st.lists(
        st.sampled_from(
            "Isvael isvayel Korrendt Корендт Brisca بریسکا رضوان ब्रिस्का Doh Ram guk 도람국 路佐嫻 Lu Zuoxian Soe "
            "သော်ဝေလင်းစိုး ေမေမ I. al Dr abd Liz Elizabeth Dovranovich".split()
        ),
        min_size=1,
        max_size=5,
    ).map(" ".join),
)
_DATES = st.sampled_from(
    [None, "1974", "1975", "1974-02-03", "1974-03-02", "1980-02-03", "1974-02", "1500", "soon"]
)
_RECORDS = st.fixed_dictionaries(
    {"name": _NAMES},
    optional={
        "aliases": st.lists(_NAMES, max_size=3),
        "birth_date": _DATES,
        "country": st.sampled_from([None, "qn", "QN", "kr", "tw", "hk", "my", "mm"]),
        "bar": st.sampled_from([None, "a", "b"]),
        "bar_number": st.sampled_from([None, "1", "2"]),
        "place": st.sampled_from([None, "Velm"]),
    },
)


@given(_RECORDS, _RECORDS)
def test_a_score_is_the_same_from_both_sides(one: Json, other: Json) -> None:
    assert score(one, other) == score(other, one)


@given(_RECORDS, _RECORDS)
def test_a_score_is_a_chance_with_reasons(one: Json, other: Json) -> None:
    found = score(one, other)
    assert 0 <= found.score <= 1
    assert found.reasons
