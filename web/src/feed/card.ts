/** An event as a card in a list: the same markup that the server writes (`hub/pages/templates/events.html`). */

import type { CloudEvent, Json } from "./messages";

export type Titles = ReadonlyMap<string, string>;

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text?: string,
  className?: string,
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  // Always as text: what partners send is never read as markup.
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  return made;
}

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
  const said = value["en"] ?? Object.values(value)[0];
  return typeof said === "string" ? said : undefined;
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
  const moment = element("time", `${event.recordedtime.slice(0, 16).replace("T", " ")} UTC`);
  moment.dateTime = event.recordedtime;
  const facts = element("dl");
  facts.append(
    row("About", element("span", event.subject ?? "—", "ref")),
    row("From", event.source.slice(event.source.lastIndexOf(":") + 1)),
    row("Recorded", moment),
    row("Label", element("span", event.tlp, "tlp")),
  );
  made.append(facts);
  return made;
}
