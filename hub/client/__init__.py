"""What the commands that talk to a hub are made of: reading files, the outbox, pushing, following, exporting."""
