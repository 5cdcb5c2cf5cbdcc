"""Time is an argument: the kinds of clock the archive takes."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""Returns the present moment, zone-aware, in UTC."""
