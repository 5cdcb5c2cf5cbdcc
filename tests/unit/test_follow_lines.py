import asyncio
import io
import json
import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.client.lines import (
    LineFile,
    LineStream,
    Output,
    StateInUse,
    alone,
    line_file,
    standard_output,
)
from hub.client.messages import message_of
from hub.client.state import FileState

Json = Any


def text(cursor: str) -> str:
    return json.dumps({"kind": "beat", "cursor": cursor})


LONG = json.dumps({"kind": "beat", "cursor": "c", "more": "m" * 300_000})


def write(out: Output, *cursors: str) -> None:
    for cursor in cursors:
        asyncio.run(out.write(message_of(text(cursor))))


@contextmanager
def opened(folder: Path) -> Iterator[Output]:
    with line_file(folder / "feed", FileState(folder / "state")) as out:
        yield out


def cursors(folder: Path) -> list[str]:
    return [json.loads(line)["cursor"] for line in (folder / "feed").read_text().splitlines()]


class TestState:
    def test_a_cursor_is_kept_whole(self, tmp_path: Path) -> None:
        state = FileState(tmp_path / "state")
        assert (state.read(), state.output_bytes()) == (None, None)
        state.write("c1")
        assert (tmp_path / "state").read_text() == "c1\n"
        state.write("c2", 17)
        again = FileState(tmp_path / "state")
        assert (again.read(), again.output_bytes()) == ("c2", 17)
        assert [one.name for one in tmp_path.iterdir()] == ["state"]

    def test_an_empty_file_is_no_cursor(self, tmp_path: Path) -> None:
        (tmp_path / "state").write_text("\n")
        assert FileState(tmp_path / "state").read() is None

    def test_the_same_again_is_not_written(self, tmp_path: Path) -> None:
        state = FileState(tmp_path / "state")
        state.write("c1")
        (tmp_path / "state").unlink()
        state.write("c1")
        assert not (tmp_path / "state").exists()

    def test_a_cursor_is_noted_without_a_sync_and_then_kept(self, tmp_path: Path) -> None:
        state = FileState(tmp_path / "state")
        state.note("c1")
        place = (tmp_path / "state").stat().st_ino
        state.note("c2")
        state.note("c2")
        assert (tmp_path / "state").read_text() == "c2\n"
        assert (tmp_path / "state").stat().st_ino == place
        state.write("c2")
        assert (tmp_path / "state").stat().st_ino != place
        state.note("longer")
        assert (tmp_path / "state").read_text() == "longer\n"
        state.write("c3456", 7)
        state.note("c4567")
        assert (tmp_path / "state").read_text() == "c4567\n"

    def test_two_do_not_go_on_from_one_cursor(self, tmp_path: Path) -> None:
        with alone(tmp_path / "state"), pytest.raises(StateInUse), alone(tmp_path / "state"):
            pass
        with alone(tmp_path / "state") as state:
            assert state.read() is None


class TestLineFile:
    def test_it_goes_on_after_the_last_line(self, tmp_path: Path) -> None:
        with opened(tmp_path) as out:
            assert out.resume("begin") == "begin"
            write(out, "c1", "c2")
            out.settle()
        with opened(tmp_path) as out:
            assert out.resume("begin") == "c2"
            write(out, "c3")
        assert cursors(tmp_path) == ["c1", "c2", "c3"]

    @pytest.mark.parametrize("settled", [0, 1, 2, 3])
    @pytest.mark.parametrize("torn", ["", '{"kind": "be', text("c9"), "\0\0\0\n" + text("c9") + "\n"])
    def test_a_kill_at_any_moment_loses_and_doubles_nothing(
        self, tmp_path: Path, settled: int, torn: str
    ) -> None:
        with opened(tmp_path) as out:
            out.resume("begin")
            write(out, *[f"c{number}" for number in range(settled)])
            out.settle()
            write(out, *[f"c{number}" for number in range(settled, 3)])
        with (tmp_path / "feed").open("a") as file:
            file.write(torn)
        with opened(tmp_path) as out:
            assert out.resume("begin") == "c2"
            write(out, "c3")
        assert cursors(tmp_path) == ["c0", "c1", "c2", "c3"]

    def test_what_was_there_before_stays(self, tmp_path: Path) -> None:
        (tmp_path / "feed").write_text("# mine")
        with opened(tmp_path) as out:
            assert out.resume("begin") == "begin"
            write(out, "c1")
        with opened(tmp_path) as out:
            assert out.resume("begin") == "c1"
        assert (tmp_path / "feed").read_text() == f"# mine\n{text('c1')}\n"

    @pytest.mark.parametrize("put", ["", "# a new day\n", "x" * 500])
    def test_a_file_that_was_put_aside_is_not_written_again(self, tmp_path: Path, put: str) -> None:
        with opened(tmp_path) as out:
            out.resume("begin")
            write(out, "c1", "c2")
            out.settle()
        (tmp_path / "feed").rename(tmp_path / "feed.1")
        (tmp_path / "feed").write_text(put)
        with opened(tmp_path) as out:
            assert out.resume("begin") == "c2"
            write(out, "c3")
        assert (tmp_path / "feed").read_text().splitlines()[-1] == text("c3")

    def test_without_a_state_nothing_is_cut(self, tmp_path: Path) -> None:
        (tmp_path / "feed").write_text(text("c1") + "\nhalf a")
        with line_file(tmp_path / "feed", None) as out:
            assert out.resume("now") == "now"
            write(out, "c2")
            out.settle()
        assert (tmp_path / "feed").read_text().splitlines() == [text("c1"), "half a", text("c2")]

    def test_it_is_for_its_owner_alone(self, tmp_path: Path) -> None:
        with opened(tmp_path):
            assert (tmp_path / "feed").stat().st_mode & 0o077 == 0


class TestStandardOutput:
    def test_a_file_is_compared_with_the_state_and_lines_of_others_stay(self, tmp_path: Path) -> None:
        state = FileState(tmp_path / "state")
        with (tmp_path / "feed").open("ab") as file:
            out = standard_output(file, state)
            assert isinstance(out, LineFile)
            assert out.resume("begin") == "begin"
            write(out, "c1")
        with (tmp_path / "feed").open("ab") as file:
            file.write(b"a line of somebody else\n" + text("c2").encode() + b"\n" + text("c3").encode())
        with (tmp_path / "feed").open("ab") as file:
            assert standard_output(file, state).resume("begin") == "c2"
        lines = (tmp_path / "feed").read_text().splitlines()
        assert lines == [text("c1"), "a line of somebody else", text("c2")]

    def test_a_pipe_keeps_the_cursor_after_each_line(self, tmp_path: Path) -> None:
        reading, writing = os.pipe()
        state = FileState(tmp_path / "state")
        with closing(os.fdopen(reading, "rb")) as reader, closing(os.fdopen(writing, "wb")) as writer:
            out = standard_output(writer, state)
            assert isinstance(out, LineStream)
            assert out.resume("now") == "now"
            write(out, "c1")
            assert reader.readline() == text("c1").encode() + b"\n"
            assert (state.read(), out.resume("now")) == ("c1", "c1")
            out.settle()

    def test_a_long_line_goes_through_a_pipe_as_its_reader_takes_it(self) -> None:
        reading, writing = os.pipe()
        found: list[bytes] = []
        with closing(os.fdopen(reading, "rb")) as reader, closing(os.fdopen(writing, "wb")) as writer:
            taking = threading.Thread(target=lambda: found.append(reader.readline()))
            taking.start()
            asyncio.run(standard_output(writer, None).write(message_of(LONG)))
            taking.join(20)
        assert found == [LONG.encode() + b"\n"]

    def test_a_reader_that_takes_nothing_does_not_keep_from_stopping(self, tmp_path: Path) -> None:
        reading, writing = os.pipe()
        state = FileState(tmp_path / "state")

        async def stop_at_once() -> None:
            writer = os.fdopen(writing, "wb")
            task = asyncio.create_task(standard_output(writer, state).write(message_of(LONG)))
            await asyncio.sleep(0)
            while not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=0.05)
            assert task.cancelled()
            writer.close()

        asyncio.run(stop_at_once())
        os.close(reading)
        assert state.read() is None

    def test_a_device_takes_all(self) -> None:
        with Path(os.devnull).open("wb") as nothing:
            write(standard_output(nothing, None), "c1")

    def test_what_is_no_file_at_all_takes_lines(self) -> None:
        out = io.BytesIO()
        write(standard_output(out, None), "c1", "c2")
        assert out.getvalue().decode().splitlines() == [text("c1"), text("c2")]
