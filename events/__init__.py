"""The archive: what an event is, intake, the store, decisions, and who may see what."""
