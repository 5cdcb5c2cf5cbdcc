/** Makes a list of events live: the page works without it. */

import { element, type Words, wordsOf } from "../dom";
import { card, changedCard, withdrawnCard } from "../feed/card";
import { follow } from "../feed/follow";
import type { ChangedMessage, CloudEvent, WithdrawnMessage } from "../feed/messages";
import { keepPlace } from "../feed/subscribe";
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

const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });

/** Says up to when nothing is missing: an observer must know whether silence is silence. */
function complete(): string {
  return _("Live, and complete up to %(time)s on your clock.", { time: time.format(new Date()) });
}

function begin(list: HTMLElement, came: () => void): void {
  const state = document.querySelector<HTMLElement>("[data-state]");
  const shown = new LiveList(list, document.querySelector<HTMLElement>("[data-none]"), wordsOf(document));
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
        came();
        if (state?.dataset["state"] === "live") current();
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
        say(_("You were signed out. Reload this page."), "ended");
      },
    },
    {
      lost: () => say(_("The connection was lost; trying again. What you see may be incomplete."), "lost"),
      ended: () => say(_("Not live. Reload this page to try again."), "ended"),
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
