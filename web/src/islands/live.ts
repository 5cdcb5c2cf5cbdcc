/** Makes a list of events live: the page works without it. */

import { element, type Words, wordsOf } from "../dom";
import { card, changedCard, withdrawnCard } from "../feed/card";
import { follow } from "../feed/follow";
import type { ChangedMessage, CloudEvent, WithdrawnMessage } from "../feed/messages";
import { connection, current, isLive, signedOut } from "../feed/standing";
import { keepPlace, offerToFollow } from "../feed/subscribe";
import { _ } from "../texts";

const KEPT = 200;

class LiveList {
  constructor(
    private readonly list: HTMLElement,
    private readonly none: HTMLElement | null,
    private readonly words: Words,
  ) {}

  put(event: CloudEvent): void {
    this.shown(event.source, event.id)?.remove();
    this.list.prepend(card(event, this.words));
    this.settle();
  }

  change(message: ChangedMessage): void {
    const before = this.shown(message.source, message.id);
    const now = changedCard(message, this.words);
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

function begin(list: HTMLElement, came: () => void): void {
  const shown = new LiveList(list, document.querySelector<HTMLElement>("[data-none]"), wordsOf(document));
  follow(
    list.dataset["feed"] ?? "",
    {
      event: ({ event }) => {
        shown.put(event);
        came();
        if (isLive()) current();
      },
      changed: (message) => {
        shown.change(message);
        came();
      },
      withdrawn: (message) => {
        shown.take(message);
        came();
      },
      live: current,
      beat: current,
      bye: ({ reason }) => {
        if (reason !== "revoked") return;
        shown.clear();
        signedOut();
      },
    },
    connection,
  );
}

/** Offers to follow what one event is about, on each card as it is reached. */
function offerEach(list: HTMLElement): void {
  const offer = (happened: Event): void => {
    const only = (happened.target as HTMLElement).closest(".event")?.querySelector<HTMLElement>(".only");
    const link = only?.querySelector("a");
    if (only == null || link == null || only.querySelector("button") !== null) return;
    const button = element("button", _("Follow"), "quiet");
    button.type = "button";
    button.append(element("span", link.querySelector(".hidden")?.textContent ?? "", "hidden"));
    const told = element("span");
    told.setAttribute("role", "status");
    button.addEventListener("click", () => {
      button.disabled = true;
      void keepPlace(`/api/v1/feed${new URL(link.href).search}`).then((said) => (told.textContent = said));
    });
    only.append(button, told);
  };
  list.addEventListener("pointerover", offer);
  list.addEventListener("focusin", offer);
}

const list = document.querySelector<HTMLElement>("[data-feed]");
if (list !== null) {
  const world = document.querySelector<HTMLElement>("[data-world]");
  let came = (): void => undefined;
  begin(list, () => came());
  const place = document.querySelector<HTMLElement>("[data-follow]");
  if (place !== null) offerToFollow(place, list.dataset["feed"] ?? "");
  if (list.dataset["signedIn"] !== undefined) offerEach(list);
  // The map comes behind the feed: whoever waits for news does not wait for it.
  if (world !== null) void import("../world/around").then(({ showAround }) => (came = showAround()));
}
