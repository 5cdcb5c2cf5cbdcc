"""Signed notes of C2SP: what is written is read back, by the hub and by the verifier; what was changed is not."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from events.notes import Head, NoteRefused, Signer, checkpoint_text, read_head, read_note, read_vkey
from verifier import notes as outside

SIGNER = Signer(b"s" * 32)
HEAD = Head(SIGNER.origin, 7, b"r" * 32)
TEXT = checkpoint_text(HEAD)

# The example of https://c2sp.org/tlog-cosignature.
GOLDEN = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\N{EM DASH} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\N{EM DASH} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501


def test_a_checkpoint_reads_back_with_signature_and_cosignature() -> None:
    note = SIGNER.sign(TEXT) + SIGNER.cosign(TEXT, 1_679_315_147)
    text, lines = read_note(note)
    assert (text, read_head(text)) == (TEXT, HEAD)
    assert SIGNER.key.has_signed(text, lines[0])
    assert SIGNER.witness_key.has_signed(text, lines[1])
    assert not SIGNER.key.has_signed(text, lines[1])
    assert not SIGNER.key.has_signed(text.replace("7", "8"), lines[0])
    assert not SIGNER.witness_key.has_signed(text.replace("7", "8"), lines[1])


def test_the_verifier_reads_the_same() -> None:
    note = SIGNER.sign(TEXT) + SIGNER.cosign(TEXT, 1_679_315_147)
    text, signatures = outside.read_note(note)
    assert tuple(outside.read_head(text)) == tuple(HEAD)
    for key in (SIGNER.key, SIGNER.witness_key):
        read = outside.read_key(key.text)
        assert (read.name, read.public, read.id()) == (key.name, key.public, key.id)
        assert outside.is_signed(text, signatures, read)
        assert not outside.is_signed(text + "x\n", signatures, read)


def test_the_example_of_the_specification_reads() -> None:
    for read, head in ((read_note, read_head), (outside.read_note, outside.read_head)):
        text, lines = read(GOLDEN)
        assert head(text)[:2] == ("example.com/behind-the-sofa", 20_852_163)
        assert len(lines) == 2


def test_keys_read_back() -> None:
    for key in (SIGNER.key, SIGNER.witness_key):
        assert read_vkey(f" {key.text}\n") == key
    assert SIGNER.key.public != SIGNER.witness_key.public
    assert Signer(b"s" * 32).key == SIGNER.key != Signer(b"t" * 32).key


BAD_KEYS = (
    "", "name", "a+b+c", SIGNER.key.text[:-4], SIGNER.key.text.replace("+", "-", 1), f"x{SIGNER.key.text}",
    SIGNER.key.text.replace("+A", "+C"),
)  # fmt: skip
BAD_NOTES = (
    "", TEXT, f"{TEXT}\n", f"{TEXT}\nno signature\n", SIGNER.sign(TEXT)[:-1], f"{TEXT}\n\N{EM DASH} x AAA\n",
    f"{TEXT}\n\N{EM DASH} x AAAA\n",
)  # fmt: skip
BAD_HEADS = ("", "a\n1\n", "a\n01\nAAAA\n", "a\nb\nAAAA\n", f"\n1\n{'A' * 43}=\n", "a\n1\nAAAA\n")


@pytest.mark.parametrize("said", BAD_KEYS)
def test_what_is_no_key_is_refused(said: str) -> None:
    refused(read_vkey, said, NoteRefused)
    refused(outside.read_key, said, outside.Unreadable)


@pytest.mark.parametrize("said", BAD_NOTES)
def test_what_is_no_note_is_refused(said: str) -> None:
    refused(read_note, said, NoteRefused)
    if not said.endswith("AAAA\n"):
        refused(outside.read_note, said, outside.Unreadable)


@pytest.mark.parametrize("said", BAD_HEADS)
def test_what_is_no_checkpoint_is_refused(said: str) -> None:
    refused(read_head, said, NoteRefused)
    if not said.startswith("\n"):
        refused(outside.read_head, said, outside.Unreadable)


def refused(read: Callable[[str], Any], said: str, how: type[Exception]) -> None:
    with pytest.raises(how):
        read(said)


def test_a_signature_of_another_length_is_none() -> None:
    text, lines = read_note(SIGNER.sign(TEXT))
    cut = lines[0].rpartition(" ")[0] + " " + "e" * 8 + "\n"
    assert not SIGNER.key.has_signed(text, cut)
    short = Signer(b"s" * 32).key.id + b"short"
    line = f"\N{EM DASH} {SIGNER.origin} {b64encode(short).decode()}\n"
    assert not SIGNER.key.has_signed(text, line)
    assert not outside.is_signed(text, [(SIGNER.origin, short)], outside.read_key(SIGNER.key.text))
