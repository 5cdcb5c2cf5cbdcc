/** Elements of a page, made from texts: what partners send is never read as markup. */

import type { Json } from "./feed/messages";

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text?: string,
  className?: string,
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  return made;
}

/** Returns of a map of languages the reader's text, else the English one, else the first. */
export function inOneLanguage(texts: { readonly [language: string]: Json }): Json | undefined {
  return texts[document.documentElement.lang] ?? texts["en"] ?? Object.values(texts)[0];
}

export type Words = ReadonlyMap<string, string>;

/** Returns the words that the hub wrote into the page for codes, in its language: `type:threat.reported` and the like. */
export function wordsOf(place: ParentNode): Words {
  const found = place.querySelector<HTMLTemplateElement>("template[data-words]")?.content.querySelectorAll("data") ?? [];
  return new Map([...found].map((one) => [one.value, one.textContent ?? ""]));
}

/** Returns a link to where a person reads all about a thing (`hub/pages/addressing.py` says it for the hub). */
export function linkTo(ref: string, name = ref): HTMLAnchorElement {
  const link = element("a", undefined, "ref");
  link.append(element("bdi", name));
  link.href = addressOf(ref);
  return link;
}

const LISTS: { readonly [kind: string]: string } = { policy: "policies" };
const LISTED = new Set(["lawyer", "case", "trial", "hearing", "statement", "action", "need", "offer", "policy", "commitment", "indicator", "partner"]);

function addressOf(ref: string): string {
  const [kind = "", local = ""] = ref.split(":", 2);
  if (kind === "place" && local.length === 2) return `/countries/${encodeURIComponent(local)}`;
  const written = encodeURIComponent(ref).replaceAll("%3A", ":");
  return LISTED.has(kind) ? `/${LISTS[kind] ?? `${kind}s`}/${written}` : `/explore?about=${written}`;
}
