"""The one rule of visibility: every combination by hand, and that raising a label never adds a reader."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.audience import CONSENT, FIELD_LEVELS, PUBLIC, TLP, Label, Reader, both, label_of, visible

READERS = {
    "public": PUBLIC,
    "own": Reader("own", "ann", "red"),
    "own amber": Reader("own", "bob", "amber"),
    "named": Reader("named", "cy", "red"),
    "named amber": Reader("named", "cy", "amber"),
    "named person": Reader("named", "dee", "red"),
    "other": Reader("other", "eve", "red"),
    "other green": Reader("other", "eve", "green"),
    "other clear": Reader("other", "eve", "clear"),
    "odd": Reader("other", "eve", "ultraviolet"),
}
EVERYBODY = frozenset(READERS)
NAMED = frozenset({"named", "named/dee"})
NOBODY: frozenset[str] = frozenset()
PARTNERS = EVERYBODY - {"public"}
GREEN = PARTNERS - {"other clear", "odd"}
AMBER = GREEN - {"other green"}
STRICT = AMBER - {"own amber", "named amber"}

EXPECTED = {
    ("clear", NOBODY): EVERYBODY,
    ("clear", NAMED): EVERYBODY,
    ("green", NOBODY): GREEN,
    ("green", NAMED): GREEN,
    ("amber", NOBODY): AMBER,
    ("amber", NAMED): AMBER - {"other"},
    ("amber+strict", NOBODY): {"own"},
    ("amber+strict", NAMED): STRICT - {"other"},
    ("red", NOBODY): {"own"},
    ("red", NAMED): {"own", "named person"},
    ("Clear", NOBODY): NOBODY,
    ("", NAMED): NOBODY,
    ("white", NAMED): NOBODY,
}


@pytest.mark.parametrize(("tlp", "audience"), EXPECTED)
def test_who_sees_what(tlp: str, audience: frozenset[str]) -> None:
    label = Label(tlp, "own", audience)
    assert {name for name, reader in READERS.items() if visible(reader, label)} == EXPECTED[tlp, audience]


@pytest.mark.parametrize("tlp", TLP)
def test_until_it_is_released_an_embargoed_event_is_its_publishers(tlp: str) -> None:
    label = Label(tlp, "own", NAMED, embargoed=True)
    seen = {name for name, reader in READERS.items() if visible(reader, label)}
    assert seen <= {"own", "own amber"}
    assert "own" in seen


def test_nobody_is_the_partner_of_an_event_without_publisher() -> None:
    assert not visible(PUBLIC, Label("green", "", NAMED))


labels = st.builds(
    Label,
    st.sampled_from(TLP),
    st.sampled_from(["own", "other"]),
    st.sets(st.sampled_from(["own", "named", "named/cy", "other", "other/eve"])).map(frozenset),
    st.booleans(),
)
readers = st.builds(
    Reader,
    st.sampled_from([None, "own", "named", "other"]),
    st.sampled_from([None, "cy", "eve"]),
    st.sampled_from(TLP),
)


@given(readers, labels, st.sampled_from(TLP))
def test_raising_a_label_never_adds_a_reader(reader: Reader, label: Label, tlp: str) -> None:
    raised = label.stricter(tlp)
    # From amber without audience to strict, the audience narrows too, so only losing sight is possible.
    assert not visible(reader, raised) or visible(reader, label)
    assert TLP.index(raised.tlp) == max(TLP.index(label.tlp), TLP.index(tlp))


@given(readers, labels)
def test_an_embargo_and_a_lower_clearance_never_add_a_reader(reader: Reader, label: Label) -> None:
    held = Label(label.tlp, label.publisher, label.audience, embargoed=True)
    assert not visible(reader, held) or visible(reader, label)
    lower = Reader(reader.partner, reader.account, "clear")
    assert not visible(lower, label) or visible(reader, label)


def test_an_unknown_label_is_stricter_than_any() -> None:
    assert Label("red", "own").stricter("nonsense").tlp == "nonsense"
    assert Label("nonsense", "own").stricter("red").tlp == "nonsense"


def test_every_combination_is_decided() -> None:
    for tlp, audience, embargoed, reader in product(
        (*TLP, "x"), (NOBODY, NAMED), (True, False), READERS.values()
    ):
        assert visible(reader, Label(tlp, "own", audience, embargoed)) in {True, False}


def test_a_label_is_read_off_the_envelope_and_missing_reads_as_red() -> None:
    envelope = {"source": "urn:hub:partner:own", "tlp": "amber", "audience": "named , other/eve,"}
    assert label_of(envelope, embargoed=True) == Label(
        "amber", "own", frozenset({"named", "other/eve"}), True
    )
    assert label_of({"source": "urn:hub:partner:own"}, embargoed=False) == Label("red", "own")


SLUGS = ("own", "named", "other")


def any_labels() -> st.SearchStrategy[Label]:
    slugs = st.frozensets(st.sampled_from(SLUGS))
    named = st.frozensets(st.sampled_from((*SLUGS, "named/dee")))
    return st.builds(
        Label,
        st.sampled_from((*TLP, "white")),
        st.sampled_from(("own", "own", "own", "named")),
        named,
        st.booleans(),
        st.sampled_from(CONSENT),
        slugs,
        slugs,
    )


@given(one=any_labels(), other=any_labels(), level=st.sampled_from((None, *FIELD_LEVELS)))
def test_what_bears_two_labels_is_for_those_alone_who_may_see_what_bears_either(
    one: Label, other: Label, level: str | None
) -> None:
    met = both(one, other)
    for reader in READERS.values():
        if met is not None and visible(reader, met if level is None else met.stricter(level)):
            assert visible(reader, one if level is None else one.stricter(level))
            assert visible(reader, other)


def test_two_labels_met_shut_out_nobody_else() -> None:
    amber, green, clear = (Label(tlp, "own") for tlp in ("amber", "green", "clear"))
    assert both(clear, green) == green
    assert both(amber, clear) == amber
    named = Label("amber", "own", NAMED, consent="C3")
    assert both(amber, named) == Label("amber", "own", NAMED)
    assert both(named, green) == named
    assert both(amber, Label("amber+strict", "own", NAMED)) == Label("amber+strict", "own", NAMED)
    assert both(named, Label("amber", "own", frozenset({"other"}))) == Label("amber+strict", "own")
    assert both(amber, Label("green", "stewards")) == amber
    assert both(amber, Label("amber", "stewards")) == amber
    assert both(amber, Label("amber", "stewards", NAMED)) is None
    assert both(amber, Label("green", "stewards", excluded=frozenset({"own"}))) is None
