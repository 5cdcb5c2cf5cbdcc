"""What the pages say, in every language: catalogues (`fr/pages.po` and the like) and who reads them."""


def N_(text: str) -> str:  # noqa: N802  # the name by which gettext finds it
    """Mark a text that is said later, in the language of whoever reads it then."""
    return text
