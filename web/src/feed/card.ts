/** An event as a card in a list: the same markup that the server writes (`hub/pages/templates/events.html`). */

import { element, inOneLanguage, linkTo, type Words } from "../dom";
import { localise } from "../moments";
import { _ } from "../texts";
import { type ChangedMessage, type CloudEvent, type Json, publisherOf, type WithdrawnMessage } from "./messages";

function row(term: string, value: string | HTMLElement): HTMLElement {
  const made = element("div");
  const detail = element("dd");
  detail.append(value);
  made.append(element("dt", term), detail);
  return made;
}

/** Returns a text, or of a map of languages the one that this reader reads. */
function plain(value: Json | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const said = inOneLanguage(value);
  return typeof said === "string" ? said : undefined;
}

function titleOf(event: CloudEvent): string | undefined {
  return plain(event.data["title"] ?? event.data["name"]);
}

function recorded(event: CloudEvent): HTMLTimeElement {
  const moment = element("time", `${event.recordedtime.slice(0, 16).replace("T", " ")} UTC`);
  moment.dateTime = event.recordedtime;
  moment.dataset["zone"] = "UTC";
  localise(moment);
  return moment;
}

function label(event: CloudEvent): HTMLElement {
  const made = element("span", event.tlp, "tlp");
  made.dataset["tlp"] = event.tlp;
  return made;
}

/** Returns a link to all about a thing, by the name that the page has for it already. */
function named(ref: string, otherwise: string): HTMLAnchorElement {
  const link = linkTo(ref, document.querySelector(`a.ref[title="${CSS.escape(ref)}"]`)?.textContent ?? otherwise);
  link.title = ref;
  return link;
}

/** Returns what a thing is called that nobody named: its kind and its own number. */
function unnamed(ref: string, words: Words): string {
  const [kind = "", local = ""] = ref.split(":", 2);
  return `${words.get(`kind:${kind}`) ?? kind} ${local.slice(local.indexOf(".") + 1)}`;
}

/** Returns what an event is about, by the title that it gives to it if the page has no other name. */
function subjectOf(event: CloudEvent, words: Words): string | HTMLElement {
  if (event.subject === undefined) return "—";
  const isItsOwn = event.subject.split(":", 1)[0] === event.type.split(".", 1)[0];
  return named(event.subject, (isItsOwn ? titleOf(event) : undefined) ?? unnamed(event.subject, words));
}

const days = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeZone: "UTC" });
const regions = new Intl.DisplayNames([document.documentElement.lang], { type: "region" });

function when(text: string): HTMLElement {
  const made = element("time", text);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) made.textContent = days.format(new Date(text));
  if (text.includes("T")) {
    made.dateTime = text;
    made.dataset["zone"] = "UTC";
    localise(made);
  } else {
    made.title = text;
  }
  return made;
}

function countryOf(code: string): string {
  return /^[A-Z]{2}$/.test(code) ? (regions.of(code) ?? code) : code;
}

const TOLD = ["country", "trial", "starts", "new_starts", "join_by", "needed_by", "consultation_closes"];

/** What decides whether somebody reads on (`hub/pages/cards.py` tells the same). */
function told(event: CloudEvent, words: Words): HTMLElement[] {
  const place = event.data["place"];
  const said = { ...(place !== null && typeof place === "object" && !Array.isArray(place) ? place : {}), ...event.data };
  const rows: HTMLElement[] = [];
  for (const name of TOLD) {
    const value = said[name];
    if (typeof value !== "string") continue;
    const shown = name === "trial" ? named(value, unnamed(value, words)) : name === "country" ? countryOf(value) : when(value);
    rows.push(row(words.get(`field:${name}`) ?? name, shown));
  }
  return rows;
}

function facts(event: CloudEvent, words: Words): HTMLDListElement {
  const list = element("dl");
  const urgency = event.data["urgency"];
  list.append(
    row(_("About"), subjectOf(event, words)),
    ...told(event, words),
    row(_("From"), named(`partner:${publisherOf(event.source)}`, publisherOf(event.source))),
    ...(typeof urgency === "string" ? [row(_("Urgency"), words.get(`urgency:${urgency}`) ?? urgency)] : []),
    row(_("Recorded"), recorded(event)),
    row(_("Label"), label(event)),
  );
  return list;
}

function only(subject: string, words: Words): HTMLParagraphElement {
  const made = element("p", undefined, "only");
  const link = element("a", _("Only this"));
  link.href = `/live?about=${encodeURIComponent(subject)}`;
  link.append(element("span", `: ${unnamed(subject, words)}`, "hidden"));
  made.append(link);
  return made;
}

export function card(event: CloudEvent, words: Words): HTMLLIElement {
  const made = element("li", undefined, "event fresh");
  made.dataset["family"] = event.type.split(".", 1)[0] ?? "";
  made.dataset["source"] = event.source;
  made.dataset["id"] = event.id;
  made.append(element("h3", words.get(`type:${event.type}`) ?? event.type));
  const text = titleOf(event);
  if (text !== undefined) {
    const said = element("p", text, "said");
    said.dir = "auto";
    made.append(said);
  }
  made.append(facts(event, words));
  if (event.subject !== undefined) made.append(only(event.subject, words));
  return made;
}

function whyChanged(reason: ChangedMessage["reason"]): string {
  return reason === "corrected" ? _("Corrected by its publisher.") : _("More of it may be shown now.");
}

/** The card of an event that reads differently from now on, and why. */
export function changedCard({ event, reason }: ChangedMessage, words: Words): HTMLLIElement {
  const made = card(event, words);
  made.querySelector("h3")?.after(element("p", whyChanged(reason), "turn"));
  return made;
}

function whyWithdrawn(reason: WithdrawnMessage["reason"]): string {
  if (reason === "retracted") return _("Withdrawn by its publisher. Do not use it any more.");
  if (reason === "narrowed") return _("Not shown to you any more. Do not use it.");
  return _("Erased for a person's protection. Delete your copies.");
}

/** What stays of an event that may no longer be used: that there was one, and what to do. */
export function withdrawnCard({ source, id, reason }: WithdrawnMessage): HTMLLIElement {
  const made = element("li", undefined, "event withdrawn");
  made.dataset["source"] = source;
  made.dataset["id"] = id;
  made.append(element("p", whyWithdrawn(reason), "turn"));
  return made;
}
