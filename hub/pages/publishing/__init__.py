"""`/publish`: what a partner may say, and a form for each type, made from its contract."""
