"""Records what a process asks of its disk: `python -m tests.faults.tracing LOG FOLDER command ...`.

The process runs under `ptrace`, stopped by a filter at those system calls alone that write, cut, sync, name or
send; no compiler, no further program and no privilege is needed. Linux on x86-64. Each line of the log is
JSON: what was done, to which path below FOLDER, at which place, and the bytes in hexadecimal.
"""

import ctypes
import json
import os
import platform
import signal
import struct
import sys
from pathlib import Path
from typing import IO, Any

WRITE, PWRITE, WRITEV, PWRITEV = 1, 18, 20, 296
CUT, FSYNC, FDATASYNC = 77, 74, 75
OPENAT, RENAME, RENAMEAT, RENAMEAT2, UNLINK, UNLINKAT = 257, 82, 264, 316, 87, 263
SENDTO, SENDMSG = 44, 46
CALLS = (WRITE, PWRITE, WRITEV, PWRITEV, CUT, FSYNC, FDATASYNC, OPENAT, RENAME, RENAMEAT, RENAMEAT2,
         UNLINK, UNLINKAT, SENDTO, SENDMSG)  # fmt: skip

_TRACEME, _CONT, _GETREGS, _SYSCALL, _SETOPTIONS = 0, 7, 12, 24, 0x4200
# Follow forks and threads, tell their beginning and the filter's stops, mark stops of calls, end with the tracer.
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100000
_SECCOMP_EVENT = 7
_WALL = 0x40000000
_WORDS = "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax".split()

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def can_trace() -> bool:
    """Tell whether a process here may be traced."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return False
    child = os.fork()
    if not child:
        is_allowed = _libc.ptrace(_TRACEME, 0, None, None) == 0 and _filter()
        os._exit(not is_allowed)
    return os.waitpid(child, 0)[1] == 0


def _filter() -> bool:
    """Have the calls of `CALLS` stopped, and no other."""
    count = len(CALLS)
    code = [struct.pack("HBBI", 0x20, 0, 0, 0)]  # the number of the call
    code += [struct.pack("HBBI", 0x15, count - place, 0, call) for place, call in enumerate(CALLS)]
    code += [struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000), struct.pack("HBBI", 0x06, 0, 0, 0x7FF00000)]
    raw = ctypes.create_string_buffer(b"".join(code))
    program = _Program(len(code), ctypes.cast(raw, ctypes.c_void_p))
    done = (_libc.prctl(38, 1, 0, 0, 0), _libc.prctl(22, 2, ctypes.byref(program), 0, 0))
    return done == (0, 0)


def _ptrace(request: int, thread: int, more: Any = None) -> None:
    _libc.ptrace(request, thread, None, more)


def _registers(thread: int) -> dict[str, int]:
    raw = (ctypes.c_ulonglong * 27)()
    _libc.ptrace(_GETREGS, thread, None, ctypes.byref(raw))
    return dict(zip(_WORDS, raw, strict=False))


def main(log: str, folder: str, *command: str) -> None:
    """Run the command and record it to its end."""
    child = os.fork()
    if not child:
        _libc.ptrace(_TRACEME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        if not _filter():
            os._exit(126)
        os.execvp(command[0], command)  # noqa: S606  # it becomes the process that is traced
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    os.waitpid(child, 0)
    _ptrace(_SETOPTIONS, child, _OPTIONS)
    _ptrace(_CONT, child)
    with Path(log).open("w", encoding="ascii", buffering=1) as file:
        _follow(child, Recorder(file, folder))


def _follow(child: int, recorder: "Recorder") -> None:
    while True:
        thread, status = os.waitpid(-1, _WALL)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if thread == child:
                return
            continue
        stop, event = os.WSTOPSIG(status), status >> 16
        if event == _SECCOMP_EVENT:
            is_over = recorder.enter(thread, _registers(thread))
            _ptrace(_CONT if is_over else _SYSCALL, thread)
        elif stop == signal.SIGTRAP | 0x80:
            recorder.leave(thread, _registers(thread))
            _ptrace(_CONT, thread)
        else:
            is_ours = event or stop in {signal.SIGTRAP, signal.SIGSTOP}
            _ptrace(_CONT, thread, None if is_ours else stop)


class Recorder:
    """Turns stops into lines."""

    def __init__(self, file: IO[str], folder: str) -> None:
        self._file = file
        self._folder = folder.rstrip("/") + "/"
        self._new: dict[int, bool] = {}

    def enter(self, thread: int, seen: dict[str, int]) -> bool:
        """Note what is told at once; return whether the end of the call tells nothing."""
        call = seen["orig_rax"]
        if call in {SENDTO, SENDMSG}:
            return self._sent(thread, call, seen)
        if call == OPENAT:
            path = self._named(thread, seen["rdi"], seen["rsi"])
            self._new[thread] = bool(seen["rdx"] & os.O_CREAT) and not Path(path).exists()
            return not self._is_here(path) or not (self._new[thread] or seen["rdx"] & os.O_TRUNC)
        return False

    def leave(self, thread: int, seen: dict[str, int]) -> None:
        """Note what was done."""
        call, result = seen["orig_rax"], seen["rax"]
        if result >> 63:
            return
        if call in {WRITE, PWRITE, WRITEV, PWRITEV}:
            self._wrote(thread, seen)
        elif call in {CUT, FSYNC, FDATASYNC}:
            path = self._open(thread, seen["rdi"])
            size = seen["rsi"] if call == CUT else 0
            self._tell("cut" if call == CUT else "sync", path, at=size)
        elif call == OPENAT:
            kind = "made" if self._new.pop(thread, False) else "cut"
            self._tell(kind, self._named(thread, seen["rdi"], seen["rsi"]))
        else:
            self._renamed(thread, seen)

    def _renamed(self, thread: int, seen: dict[str, int]) -> None:
        call = seen["orig_rax"]
        at = 0xFFFFFF9C
        if call == UNLINK:
            self._tell("gone", self._named(thread, at, seen["rdi"]))
        elif call == UNLINKAT:
            self._tell("gone", self._named(thread, seen["rdi"], seen["rsi"]))
        elif call == RENAME:
            first, then = self._named(thread, at, seen["rdi"]), self._named(thread, at, seen["rsi"])
            self._tell("renamed", first, to=then)
        else:
            first = self._named(thread, seen["rdi"], seen["rsi"])
            self._tell("renamed", first, to=self._named(thread, seen["rdx"], seen["r10"]))

    def _wrote(self, thread: int, seen: dict[str, int]) -> None:
        call, path = seen["orig_rax"], self._open(thread, seen["rdi"])
        if not self._is_here(path):
            return
        if call in {WRITEV, PWRITEV}:
            said = b"".join(self._pieces(thread, seen["rsi"], seen["rdx"]))[: seen["rax"]]
        else:
            said = self._memory(thread, seen["rsi"], seen["rax"])
        at = seen["r10"]
        if call in {WRITE, WRITEV}:
            lines = Path(f"/proc/{thread}/fdinfo/{seen['rdi']}").read_text("ascii")
            at = int(lines.split(maxsplit=2)[1]) - seen["rax"]
        self._tell("wrote", path, at=at, said=said)

    def _sent(self, thread: int, call: int, seen: dict[str, int]) -> bool:
        if call == SENDTO:
            said = self._memory(thread, seen["rsi"], seen["rdx"])
        else:
            start, count = struct.unpack("QQ", self._memory(thread, seen["rsi"] + 16, 16))
            said = b"".join(self._pieces(thread, start, count))
        self._file.write(json.dumps({"did": "sent", "said": said.hex()}) + "\n")
        return True

    def _pieces(self, thread: int, start: int, count: int) -> list[bytes]:
        raw = struct.unpack(f"{count * 2}Q", self._memory(thread, start, count * 16))
        return [self._memory(thread, raw[at], raw[at + 1]) for at in range(0, len(raw), 2)]

    def _tell(self, did: str, path: str, *, at: int = 0, to: str = "", said: bytes = b"") -> None:
        if self._is_here(path):
            row = {"did": did, "path": path, "at": at, "to": to, "said": said.hex()}
            self._file.write(json.dumps(row) + "\n")

    def _is_here(self, path: str) -> bool:
        return (path + "/").startswith(self._folder)

    @staticmethod
    def _open(thread: int, handle: int) -> str:
        try:
            return str(Path(f"/proc/{thread}/fd/{handle & 0xFFFFFFFF}").readlink())
        except OSError:
            return ""

    def _named(self, thread: int, at: int, place: int) -> str:
        raw = self._memory(thread, place, 4096 - place % 4096)
        if b"\0" not in raw:
            raw += self._memory(thread, place + len(raw), 4096)
        name = os.fsdecode(raw.split(b"\0", 1)[0])
        is_here = at & 0xFFFFFFFF == 0xFFFFFF9C
        base = Path(f"/proc/{thread}/cwd" if is_here else f"/proc/{thread}/fd/{at & 0xFFFFFFFF}")
        return name if name.startswith("/") else str(base.readlink() / name)

    @staticmethod
    def _memory(thread: int, place: int, size: int) -> bytes:
        with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
            memory.seek(place)
            return memory.read(size) or b""


if __name__ == "__main__":
    main(*sys.argv[1:])
