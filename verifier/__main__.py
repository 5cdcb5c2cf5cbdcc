"""`python -m verifier WHAT [--key VKEY] [--witness VKEY]... [--sent FILE]`: exit 0 if it verifies, 1 if not."""

import argparse
import os
import sys
from pathlib import Path

from verifier.files import verify_file
from verifier.hubs import Unreachable, getting, verify_hub
from verifier.notes import Unreadable, read_key


def main() -> int:
    """Verify what the command line names; a token for a hub is taken from HUB_TOKEN."""
    parser = argparse.ArgumentParser(
        prog="verifier", description="Verify an export, a log, a receipt or a hub."
    )
    parser.add_argument("what", help="a file, or the address of a hub")
    parser.add_argument("--key", help="key of the log, from somebody you trust")
    parser.add_argument(
        "--witness", action="append", default=[], help="key of a witness that must have cosigned"
    )
    parser.add_argument("--sent", type=Path, help="of a receipt: what was sent")
    said = parser.parse_args()
    try:
        key = None if said.key is None else read_key(said.key)
        witnesses = [read_key(one) for one in said.witness]
        if said.what.startswith(("http://", "https://")):
            get = getting(said.what.rstrip("/"), os.environ.get("HUB_TOKEN", ""))
            found, _ = verify_hub(get, said.what, key, witnesses)
        else:
            found = verify_file(Path(said.what), key, witnesses, sent=said.sent)
    except (Unreadable, OSError) as odd:
        sys.stderr.write(f"{odd}\n")
        return 1
    except Unreachable as lost:
        sys.stderr.write(f"{lost}\n")
        return 3
    sys.stdout.write("\n".join(found.lines()) + "\n")
    return 0 if found.is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
