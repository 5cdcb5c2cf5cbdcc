"""What backups refuse; each message is for the technician who stands before it."""


class BackupRefused(Exception):
    """A backup cannot be made or put back like this. The message says what to do."""


class BackupNotProven(BackupRefused):
    """A backup was altered, or does not have all that somebody has seen of the log; nothing was put back."""
