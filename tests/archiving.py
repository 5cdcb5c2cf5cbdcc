"""A PostgreSQL that archives its write-ahead log, and one that goes to a moment by a base backup and the archive."""

import subprocess
from pathlib import Path

from tests.postgres import Server


class Archiving(Server):
    """One running PostgreSQL whose write-ahead log is copied away, as docs/backup.md says it by hand."""

    @property
    def archive(self) -> Path:
        return self.folder / "wal"

    @property
    def base(self) -> Path:
        return self.folder / "base"

    def start(self) -> None:
        """Make a cluster that archives, and wait until it answers."""
        # Written by the server, which runs as a user of its own.
        command = f"mkdir -p {self.archive} && test ! -f {self.archive}/%f && cp %p {self.archive}/%f"
        self.options = (*self.options, "archive_mode=on", "archive_timeout=60", f"archive_command={command}")
        super().start()

    def save_base(self) -> None:
        """Make a base backup while the server runs."""
        self.run(
            "pg_basebackup", "-h", str(self.folder), "-U", "postgres", "-D", str(self.base), "-X", "stream"
        )

    def ship(self) -> str:
        """Have all that was written until now archived, and return that moment, by the server's clock."""
        moment = str(self.ask("SELECT clock_timestamp()"))
        segment = str(self.ask("SELECT pg_walfile_name(pg_switch_wal())"))
        asked = f"SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver"
        self.wait_until(asked)
        return moment

    def wait_until(self, asked: str) -> None:
        """Ask until the answer is yes."""
        while not self.ask(f"SELECT true FROM pg_sleep(0.02) WHERE coalesce(({asked}), false)"):
            pass


class Restored(Server):
    """A server that takes a base backup of another one, and plays its archive up to a moment.

    Args:
        lost: the other one.
        until: the moment; empty: to the end of the archive.
    """

    def __init__(self, lost: Archiving, until: str = "") -> None:
        super().__init__()
        self._lost = lost
        target = (f"recovery_target_time={until}",) if until else ()
        play = f"restore_command=cp {lost.archive}/%f %p"
        self.options = (*self.options, play, "recovery_target_action=promote", *target)

    def start(self) -> None:
        """Put the base in place, play the archive, and wait until the server takes writes."""
        self._own_folder()
        data = self.folder / "data"
        subprocess.run(["cp", "-a", str(self._lost.base), str(data)], check=True, **self.as_user)
        subprocess.run(["touch", str(data / "recovery.signal")], check=True, **self.as_user)
        self.launch()
        while self.ask("SELECT pg_is_in_recovery() FROM pg_sleep(0.02)"):
            pass
