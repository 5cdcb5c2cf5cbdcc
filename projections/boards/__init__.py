"""Boards: what follows from visible events about a matter, each a pure function of what its readers may see."""
