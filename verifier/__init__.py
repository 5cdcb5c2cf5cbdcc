"""Checks a hub's evidence without a hub: nothing here imports anything of it, only Python and `cryptography`.

Run it as `python -m verifier FILE`, or as `hub verify`. What is checked, and against what, is written down in
docs/tamper-evidence.md, so that anybody can write another one.
"""
