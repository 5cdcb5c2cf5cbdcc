"""The addresses of joint actions, beside their list."""

from hub.address import API, Address, Answer, ok
from hub.api import actions
from hub.api import parameters as p


def action_addresses() -> tuple[Address, ...]:
    """Return the rows of the table; before those of the lists, whose dossiers would take `board` for a reference."""
    form = p.choice(
        "format", "Of the letter; `accept`: what `Accept` says.", ("accept", "html", "pdf", "json"), "accept"
    )
    printed = (
        Answer(200, "The letter as a page.", "text/html", "Page"),
        Answer(200, "On paper.", "application/pdf", "LetterFile"),
        Answer(200, "As data.", "application/json", "Letter"),
    )
    verified = (
        Answer(200, "What is known of the text.", "application/json", "Verification"),
        Answer(200, "The same as a page.", "text/html", "Page"),
    )
    return (
        Address("GET", f"{API}/actions/board", "showSignOnTracker", actions.show_tracker,
                "Open actions, the one to be joined soonest first, and what each still lacks", "Lists",
                (p.limit(50, p.MAX_LISTED), p.offset), ok("SignOnTracker", "A page.")),
        Address("GET", f"{API}/actions/{{ref}}/letter", "showLetter", actions.show_letter,
                "The letter of an action, as far as you may see it", "Letters", (form, p.language),
                printed),
        Address("GET", "/verify/{hash}", "verifyLetter", actions.show_verification,
                "Whether a text with this fingerprint went out, and who had signed it", "Letters", (), verified),
    )  # fmt: skip
