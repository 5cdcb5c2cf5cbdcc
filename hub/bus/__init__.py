"""The bus between hubs: what is in the log travels by NATS JetStream, and what is clear to the public edges."""
