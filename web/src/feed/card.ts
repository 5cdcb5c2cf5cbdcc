/** An event as a card in a list: the same markup that the server writes (`hub/pages/templates/events.html`). */

import { element, inOneLanguage } from "../dom";
import { type ChangedMessage, type CloudEvent, type Json, publisherOf, type WithdrawnMessage } from "./messages";

export type Titles = ReadonlyMap<string, string>;

function row(term: string, value: string | HTMLElement): HTMLElement {
  const made = element("div");
  const detail = element("dd");
  detail.append(value);
  made.append(element("dt", term), detail);
  return made;
}

/** Returns a text, or of a map of languages the English or first one. */
function plain(value: Json | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const said = inOneLanguage(value);
  return typeof said === "string" ? said : undefined;
}

function about(event: CloudEvent): HTMLElement {
  if (event.subject === undefined) return element("span", "—");
  const link = element("a", event.subject, "ref");
  link.href = `/explore?about=${encodeURIComponent(event.subject)}`;
  return link;
}

function facts(event: CloudEvent): HTMLDListElement {
  const list = element("dl");
  const moment = element("time", `${event.recordedtime.slice(0, 16).replace("T", " ")} UTC`);
  moment.dateTime = event.recordedtime;
  const urgency = event.data["urgency"];
  list.append(
    row("About", about(event)),
    row("From", publisherOf(event.source)),
    ...(typeof urgency === "string" ? [row("Urgency", urgency)] : []),
    row("Recorded", moment),
    row("Label", element("span", event.tlp, "tlp")),
  );
  return list;
}

export function card(event: CloudEvent, titles: Titles): HTMLLIElement {
  const made = element("li", undefined, "event fresh");
  made.dataset["source"] = event.source;
  made.dataset["id"] = event.id;
  made.append(element("h3", titles.get(event.type) ?? event.type));
  const text = plain(event.data["title"] ?? event.data["name"]);
  if (text !== undefined) {
    const said = element("p", text, "said");
    said.dir = "auto";
    made.append(said);
  }
  made.append(facts(event));
  return made;
}

const WHY_CHANGED = { corrected: "Corrected by its publisher.", released: "More of it may be shown now." } as const;

/** The card of an event that reads differently from now on, and why. */
export function changedCard({ event, reason }: ChangedMessage, titles: Titles): HTMLLIElement {
  const made = card(event, titles);
  made.querySelector("h3")?.after(element("p", WHY_CHANGED[reason], "turn"));
  return made;
}

const WHY_WITHDRAWN = {
  retracted: "Withdrawn by its publisher. Do not use it any more.",
  narrowed: "Not shown to you any more. Do not use it.",
  erased: "Erased for a person's protection. Delete your copies.",
} as const;

/** What stays of an event that may no longer be used: that there was one, and what to do. */
export function withdrawnCard({ source, id, reason }: WithdrawnMessage): HTMLLIElement {
  const made = element("li", undefined, "event withdrawn");
  made.dataset["source"] = source;
  made.dataset["id"] = id;
  made.append(element("p", WHY_WITHDRAWN[reason], "turn"));
  return made;
}
