"""The addresses of subscriptions."""

from hub.address import API, Address, Answer, ok
from hub.api import parameters as p
from hub.api import subscriptions


def subscription_addresses() -> tuple[Address, ...]:
    """Return the rows of `hub/routes.py` that are about subscriptions."""
    of, one = f"{API}/subscriptions", f"{API}/subscriptions/{{subscription}}"
    tag, shown = "Subscriptions", ok("Subscription", "The subscription.")
    made = (
        Answer(201, "It follows from now on; its secret is in this answer alone.", component="Subscribed"),
    )
    acts = (
        ("confirm", subscriptions.confirm_subscription, "Say that a follow is still wanted", "Nothing", shown),
        ("resume", subscriptions.resume_subscription, "Go on after a pause", "Nothing", shown),
        ("replay", subscriptions.replay_subscription, "Deliver again what comes after a cursor", "Replay", shown),
        ("rotate", subscriptions.rotate_subscription, "Make a new secret; the old one signs beside it for 24 hours",
         "Nothing", ok("Subscribed", "The new secret, in this answer alone.")),
        ("test", subscriptions.try_subscription, "Send a test delivery now", "Nothing",
         ok("TestDelivery", "What came back.")),
    )  # fmt: skip
    return (
        Address("POST", of, "postSubscription", subscriptions.follow, "Follow a reference or a filter", tag, (), made,
                takes="Follow"),
        Address("GET", of, "listSubscriptions", subscriptions.list_subscriptions, "What you follow", tag, (),
                ok("SubscriptionList", "Your subscriptions.")),
        Address("GET", one, "showSubscription", subscriptions.show_subscription, "One of your subscriptions", tag,
                (), shown),
        Address("DELETE", one, "endSubscription", subscriptions.end_subscription, "Follow no more", tag, (),
                (Answer(204, "Forgotten."),)),
        Address("GET", f"{one}/deliveries", "listDeliveries", subscriptions.list_deliveries,
                "What was delivered when, and what came of it", tag, (p.limit(50, p.MAX_LISTED), p.offset),
                ok("DeliveryList", "A page, newest first.")),
        Address("GET", f"{one}/news", "showNews", subscriptions.show_news, "What is new since your last visit", tag,
                (p.after, p.limit(50, p.MAX_LISTED)), ok("News", "Messages, as in the feed.")),
        *(Address("POST", f"{one}/{name}", f"{name}Subscription", endpoint, summary, tag, (), answers, takes=takes)
          for name, endpoint, summary, takes, answers in acts),
    )  # fmt: skip
