"""Live feeds over WebSocket and server-sent events."""
