/** What the hub refused, in the language of the page: the hub's own words are English. */

import { _ } from "../texts";

export interface Refusal {
  readonly type?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly code: string; readonly detail: string; readonly hint?: string }[];
}

const URN = "urn:hub:problem:";

function ofAnswer(type: string): string | undefined {
  switch (type.slice(URN.length)) {
    case "rate-limited":
      return _("That was too much in a short time. Wait a little.");
    case "busy":
    case "too-many-connections":
      return _("The hub is busy. Try again in a moment.");
    case "not-found":
      return _("There is nothing here that you may see.");
    case "not-signed-in":
      return _("You were signed out. Reload this page.");
    default:
      return undefined;
  }
}

/** Returns what to tell a reader. */
export function refusalOf(said: Refusal): string {
  const words = ofAnswer(said.type ?? "");
  if (words !== undefined) return words;
  const english = said.errors?.map((one) => one.detail).join(" ") ?? said.detail;
  if (document.documentElement.lang === "en" && english !== undefined && english !== "") return english;
  if (said.errors?.some((one) => one.code === "too_many_items") === true) return _("You follow as much as one account may follow. End something first.");
  return _("The hub refused that.");
}
