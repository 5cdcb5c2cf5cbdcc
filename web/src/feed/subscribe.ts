/** Keeps a place in the feed for whoever is signed in: a subscription of the channel `page`. */

import { _ } from "../texts";
import { refusalOf, type Refusal } from "./refusal";

const MANY = new Set(["type", "country", "about", "partner", "urgency"]);

/** Asks the hub to keep a place in the feed that an address follows; returns what to tell the reader. */
export async function keepPlace(feed: string): Promise<string> {
  const asked = new URL(feed, location.origin).searchParams;
  const filter: Record<string, string | string[]> = {};
  for (const name of new Set(asked.keys())) if (MANY.has(name)) filter[name] = asked.getAll(name);
  try {
    const answer = await fetch("/api/v1/subscriptions", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ channel: "page", ...filter }),
    });
    const said = (await answer.json()) as { id?: string } & Refusal;
    if (answer.ok) return _("You follow this now: the hub keeps your place in it.");
    return refusalOf(said);
  } catch {
    return _("The hub cannot be reached. Try again in a moment.");
  }
}

/** Makes the button of a page live that keeps a place in the feed which the page follows. */
export function offerToFollow(place: HTMLElement, feed: string): void {
  place.hidden = false;
  const button = place.querySelector<HTMLButtonElement>("[data-follow-act]");
  button?.addEventListener("click", () => {
    button.disabled = true;
    void keepPlace(feed).then((said) => {
      const told = place.querySelector<HTMLElement>("[data-follow-state]");
      if (told !== null) told.textContent = said;
    });
  });
}
