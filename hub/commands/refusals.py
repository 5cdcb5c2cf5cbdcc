"""What the commands themselves refuse."""


class AlreadyThere(Exception):
    """What was to be made exists; nothing was changed. The message is one sentence."""


class NotHere(Exception):
    """What is asked for is somewhere else. The message is one sentence."""


class ViewsRefused(Exception):
    """Views cannot be sent, or taken, like this; none were changed. The message is one sentence."""


class NoSuchPartner(Exception):
    """No partner of this slug was ever admitted."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"No partner {slug} was admitted; see `hub partner list`.")


class NoSuchToken(Exception):
    """There is no token of this id."""

    def __init__(self) -> None:
        super().__init__("There is no token of this id; see `hub token list`.")


class NothingNamed(Exception):
    """No event names this reference."""

    def __init__(self) -> None:
        super().__init__("No event of this hub names that reference; nothing was done.")
