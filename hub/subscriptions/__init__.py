"""Subscriptions: who follows what, through which channel, and the signed webhooks that come of it."""
