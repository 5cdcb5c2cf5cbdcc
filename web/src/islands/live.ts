/** Makes a list of events live: the page works without it. */

import { card, changedCard, type Titles, withdrawnCard } from "../feed/card";
import { follow } from "../feed/follow";
import type { ChangedMessage, CloudEvent, WithdrawnMessage } from "../feed/messages";
import { keepPlace } from "../feed/subscribe";

const KEPT = 200;

class LiveList {
  constructor(
    private readonly list: HTMLElement,
    private readonly none: HTMLElement | null,
    private readonly titles: Titles,
  ) {}

  put(event: CloudEvent): void {
    this.shown(event.source, event.id)?.remove();
    this.list.prepend(card(event, this.titles));
    this.settle();
  }

  change(message: ChangedMessage): void {
    const before = this.shown(message.source, message.id);
    const now = changedCard(message, this.titles);
    if (before === undefined) this.list.prepend(now);
    else before.replaceWith(now);
    this.settle();
  }

  take(message: WithdrawnMessage): void {
    this.shown(message.source, message.id)?.replaceWith(withdrawnCard(message));
  }

  clear(): void {
    this.list.replaceChildren();
    this.settle();
  }

  private shown(source: string, id: string): HTMLElement | undefined {
    const cards = [...this.list.children] as HTMLElement[];
    return cards.find((one) => one.dataset["source"] === source && one.dataset["id"] === id);
  }

  private settle(): void {
    while (this.list.children.length > KEPT) this.list.lastElementChild?.remove();
    if (this.none !== null) this.none.hidden = this.list.children.length > 0;
  }
}

async function titles(): Promise<Titles> {
  const answer = await fetch("/schemas");
  const { types } = (await answer.json()) as { types: { type: string; title: string }[] };
  return new Map(types.map((one) => [one.type, one.title]));
}

const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });

/** Says up to when nothing is missing: an observer must know whether silence is silence. */
function complete(): string {
  return `Live, and complete up to ${time.format(new Date())} on your clock.`;
}

async function begin(list: HTMLElement): Promise<void> {
  const state = document.querySelector<HTMLElement>("[data-state]");
  const shown = new LiveList(list, document.querySelector<HTMLElement>("[data-none]"), await titles());
  const say = (text: string, kind: "live" | "lost" | "ended"): void => {
    if (state === null) return;
    state.textContent = text;
    state.dataset["state"] = kind;
  };
  const current = (): void => say(complete(), "live");
  follow(
    list.dataset["feed"] ?? "",
    {
      event: ({ event }) => {
        shown.put(event);
        if (state?.dataset["state"] === "live") current();
      },
      changed: (message) => shown.change(message),
      withdrawn: (message) => shown.take(message),
      live: current,
      beat: current,
      bye: ({ reason }) => {
        if (reason !== "revoked") return;
        shown.clear();
        say("You were signed out. Reload this page.", "ended");
      },
    },
    {
      lost: () => say("The connection was lost; trying again. What you see may be incomplete.", "lost"),
      ended: () => say("Not live. Reload this page to try again.", "ended"),
    },
  );
}

function offerToFollow(place: HTMLElement, feed: string): void {
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

const list = document.querySelector<HTMLElement>("[data-feed]");
if (list !== null) {
  void begin(list);
  const place = document.querySelector<HTMLElement>("[data-follow]");
  if (place !== null) offerToFollow(place, list.dataset["feed"] ?? "");
}
