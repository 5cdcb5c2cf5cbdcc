/** Makes a list of events live: the page works without it. */

import { card, type Titles } from "../feed/card";
import { follow } from "../feed/follow";
import type { CloudEvent } from "../feed/messages";

const KEPT = 200;

class LiveList {
  constructor(
    private readonly list: HTMLElement,
    private readonly none: HTMLElement | null,
    private readonly titles: Titles,
  ) {}

  put(event: CloudEvent): void {
    this.take(event.source, event.id);
    this.list.prepend(card(event, this.titles));
    this.settle();
  }

  change(event: CloudEvent): void {
    const before = this.shown(event.source, event.id);
    if (before === undefined) this.put(event);
    else before.replaceWith(card(event, this.titles));
  }

  take(source: string, id: string): void {
    this.shown(source, id)?.remove();
    this.settle();
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

async function begin(list: HTMLElement): Promise<void> {
  const state = document.querySelector<HTMLElement>("[data-state]");
  const shown = new LiveList(list, document.querySelector<HTMLElement>("[data-none]"), await titles());
  const say = (text: string): void => {
    if (state !== null) state.textContent = text;
  };
  follow(
    list.dataset["feed"] ?? "",
    {
      event: ({ event }) => shown.put(event),
      changed: ({ event }) => shown.change(event),
      withdrawn: ({ source, id }) => shown.take(source, id),
      live: () => say("Live: new events appear by themselves."),
      bye: ({ reason }) => {
        if (reason !== "revoked") return;
        shown.clear();
        say("You were signed out. Reload this page.");
      },
    },
    {
      lost: () => say("The connection was lost; trying again."),
      ended: () => say("Not live. Reload this page to try again."),
    },
  );
}

const list = document.querySelector<HTMLElement>("[data-feed]");
if (list !== null) void begin(list);
