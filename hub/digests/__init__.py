"""Digests by mail: daily or weekly, to addresses that said yes; nothing but links for what is not public."""
