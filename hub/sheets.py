"""Closes the Merkle log from time to time, whether anything was recorded or not, and has witnesses cosign it.

How often it does so tells nobody how much there is.
"""

import logging
from datetime import timedelta

import anyio
import anyio.to_thread

from events.clock import Clock
from events.ledger import ForeignKey, Ledger
from events.submission import StoreUnavailable
from events.witness import Witness
from hub.cosigning import gather
from hub.state import HubState
from hub.subscriptions.turn import Duty


async def keep_sheets(hub: HubState, every_seconds: float, turn: Duty) -> None:
    """Close a sheet when it is time and ask the witnesses, while it is this hub's turn, until cancelled."""
    while True:
        if await anyio.to_thread.run_sync(turn.is_mine):
            await anyio.to_thread.run_sync(close_now, hub["ledger"], hub["clock"], every_seconds)
            await anyio.to_thread.run_sync(ask_now, hub["ledger"], hub["witness"], abandon_on_cancel=True)
        await anyio.sleep(every_seconds)


def ask_now(ledger: Ledger, witness: Witness) -> None:
    """Ask the witnesses; who refuses is said in the hub's own log, and asked again next time."""
    try:
        asked = gather(ledger, witness)
    except StoreUnavailable:
        return
    for one in asked:
        if not one.is_cosigned:
            logging.getLogger("hub").warning("witness %s: %s", one.name, one.said)


def close_now(ledger: Ledger, clock: Clock, every_seconds: float) -> bool:
    """Close a sheet if it is time; False if it is not, or this hub cannot."""
    try:
        return ledger.close_due(clock(), timedelta(seconds=every_seconds))
    except StoreUnavailable:
        return False
    except ForeignKey as foreign:
        logging.getLogger("hub").warning("%s", foreign)
        return False
