/** Keeps a dossier true while somebody reads it: when the feed touches it, its parts are fetched anew. */

import { morph } from "../dom_morph";
import { followWhileSeen } from "../feed/follow";
import { connection, current, say, signedOut } from "../feed/standing";
import { offerToFollow } from "../feed/subscribe";
import { _ } from "../texts";
import { localise } from "../moments";

const PAUSE_MS = 250;

async function fetched(): Promise<Document | undefined> {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** Puts the parts of a newer page in place of what stands here; says so where the text to be signed is another. */
function renew(now: Document): void {
  for (const moment of now.querySelectorAll<HTMLTimeElement>("time[data-zone]")) localise(moment);
  const held = document.querySelector<HTMLElement>("[data-hold]");
  const other = now.querySelector<HTMLElement>("[data-hold]");
  if (held !== null && other !== null && held.dataset["hold"] !== other.dataset["hold"]) {
    const notice = held.querySelector<HTMLElement>("[data-held]");
    if (notice !== null) notice.hidden = false;
  }
  for (const part of now.querySelectorAll<HTMLElement>("[data-part]")) {
    const there = document.querySelector(`[data-part="${part.dataset["part"] ?? ""}"]`);
    if (there !== null) morph(there, part);
  }
  const here = new Set([...document.querySelectorAll<HTMLElement>("[data-part]")].map((one) => one.dataset["part"]));
  const wanted = [...now.querySelectorAll<HTMLElement>("[data-part]")].map((one) => one.dataset["part"]);
  // A part that came or went: the rest stands, and the reader is told.
  if (wanted.length !== here.size || wanted.some((one) => !here.has(one))) {
    say(_("There is more now than this page shows. Reload it."), "live");
    return;
  }
  current();
}

class Renewal {
  private waits = false;
  private again = false;

  ask(): void {
    if (this.waits) {
      this.again = true;
      return;
    }
    this.waits = true;
    setTimeout(() => void this.run(), PAUSE_MS);
  }

  private async run(): Promise<void> {
    this.again = false;
    try {
      const now = await fetched();
      if (now === undefined) say(_("You may not see this any more. Do not use it."), "ended");
      else renew(now);
    } catch {
      say(_("The connection was lost; trying again. What you see may be incomplete."), "lost");
    }
    this.waits = false;
    if (this.again) this.ask();
  }
}

function begin(dossier: HTMLElement): void {
  const renewal = new Renewal();
  const touched = (): void => renewal.ask();
  followWhileSeen(
    dossier.dataset["feed"] ?? "",
    {
      event: touched,
      changed: touched,
      withdrawn: touched,
      live: current,
      beat: current,
      bye: ({ reason }) => {
        if (reason === "revoked") signedOut();
      },
    },
    connection,
  );
}

const dossier = document.querySelector<HTMLElement>("[data-dossier]");
if (dossier !== null) {
  const isPast = dossier.dataset["past"] !== undefined;
  if (!isPast) begin(dossier);
  const place = document.querySelector<HTMLElement>("[data-follow]");
  if (place !== null) offerToFollow(place, dossier.dataset["feed"] ?? "");
  // A form that came back is read out from what is wrong with it.
  document.querySelector<HTMLElement>(".form [role=alert]")?.focus();
}
