"""The reading rooms: the tail, the views folded from the log, and the sights that answer from them."""
