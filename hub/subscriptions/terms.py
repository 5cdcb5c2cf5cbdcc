"""The times that hold for subscriptions, each with its reason."""

from datetime import timedelta

ASKS_AFTER = timedelta(days=90)
"""A follow that nobody confirmed or looked at for so long asks: people leave, their webhooks and mails stay."""

ENDS_AFTER = timedelta(days=14)
"""So long it waits for the answer: two weeks, since people are away for one."""

OLD_SIGN = 4
"""Old secrets of one scheme that sign beside a new one; who rotates oftener in a day loses the oldest."""

OLD_SIGNS_FOR = timedelta(hours=24)
"""So long an old secret signs beside a new one: whoever rotates needs a working day to bring the new one around."""

REMEMBERED_FOR = timedelta(days=30)
"""So long deliveries stay in the log, and a subscription that ended in the list: long enough to find out why."""

TRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""How long after each failure the next try comes, as Standard Webhooks proposes: together three days."""

MOST_WAIT = timedelta(hours=24)
"""A target may ask for more patience by `Retry-After`, not for more than this."""

JITTER = 0.1
"""Waits grow by up to this share, so that targets that fell together are not called together."""

LONGEST_WAIT = max(MOST_WAIT, TRIES[-1] * (1 + JITTER))
"""A target is never called later than so long after a failure."""

MOST = 50
"""Subscriptions of one account."""

WITH_ENDED = 10
"""So many times `MOST` are remembered with those that ended: a target that always says 410 must not fill the list."""

MOST_DELIVERIES = 500
"""Deliveries of one subscription that are remembered."""

PERIODS = {"each": timedelta(0), "daily": timedelta(days=1), "weekly": timedelta(days=7)}
"""How long after a message the next one may come."""
