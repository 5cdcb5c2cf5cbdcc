/** Says on a page that follows the feed how it stands: an observer must know whether silence is silence. */

import { _ } from "../texts";
import type { Connection } from "./follow";

export type Standing = "live" | "news" | "lost" | "ended";

const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });

function place(): HTMLElement | null {
  return document.querySelector<HTMLElement>("[data-state]");
}

export function say(text: string, standing: Standing): void {
  const state = place();
  if (state === null) return;
  // That all is as before is not read aloud every few seconds; that something is otherwise now, once.
  state.setAttribute("aria-live", state.dataset["state"] === standing ? "off" : "polite");
  state.textContent = text;
  state.dataset["state"] = standing;
}

/** Says up to when nothing is missing. */
export function current(): void {
  say(_("Live, and complete up to %(time)s on your clock.", { time: time.format(new Date()) }), "live");
}

export function isLive(): boolean {
  return place()?.dataset["state"] === "live";
}

export function signedOut(): void {
  say(_("You were signed out. Reload this page."), "ended");
}

/** What is said while the browser tries again, and when it does not any more. */
export const connection: Connection = {
  lost: () => say(_("The connection was lost; trying again. What you see may be incomplete."), "lost"),
  ended: () => say(_("Not live. Reload this page to try again."), "ended"),
};
