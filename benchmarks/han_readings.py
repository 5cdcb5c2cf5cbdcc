"""Rebuilds projections/names/data/han.json: how Han characters are read in Mandarin, Cantonese and Korean.

    python -m venv scratch && scratch/bin/pip install pypinyin==0.55.0 ToJyutping==3.2.0 hanja==0.15.1
    scratch/bin/python benchmarks/han_readings.py projections/names/data/han.json

Sources: pypinyin (MIT), ToJyutping (BSD-2-Clause), hanja (MIT). Only the characters that national standards list as
common are kept: GB 2312, KS X 1001 and level 1 of Big5.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path


def common() -> Iterator[str]:
    for number in range(0x4E00, 0xA000):
        one = chr(number)
        if _in(one, "gb2312") or _in(one, "euc_kr") or b"\xa4" <= _big5(one) < b"\xc9":
            yield one


def _in(one: str, standard: str) -> bool:
    try:
        return bool(one.encode(standard))
    except UnicodeEncodeError:
        return False


def _big5(one: str) -> bytes:
    try:
        return one.encode("big5")
    except UnicodeEncodeError:
        return b""


def rows() -> Iterator[tuple[str, str]]:
    import ToJyutping
    from hanja.table import hanja_table
    from pypinyin import Style, pinyin

    for one in common():
        mandarin = [sound.replace("ü", "v") for sound in pinyin(one, heteronym=True, style=Style.NORMAL)[0]]
        cantonese = [sound.rstrip("0123456789") for sound in ToJyutping.get_jyutping_candidates(one)[0][1]]
        readings = [" ".join(dict.fromkeys(each).keys()) for each in (mandarin[:4], cantonese[:3])]
        yield one, "|".join((*readings, hanja_table.get(one, "")))


if __name__ == "__main__":
    text = json.dumps(dict(rows()), ensure_ascii=False, indent=0, separators=(",", ":"))
    Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")
