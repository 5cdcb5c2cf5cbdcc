/** Says up to when a page is complete, and offers what is newer: nothing moves under its reader's eyes. */

import { morph } from "../dom_morph";
import { followWhileSeen } from "../feed/follow";
import { readingOf } from "../feed/reading";
import { connection, current, say, signedOut } from "../feed/standing";
import { localiseAll } from "../moments";
import { _ } from "../texts";

const SOON_MS = 800;
const LEAST_MS = 3_000;
const MOST_MS = 60_000;

/** What an older page says of itself is left out: whether it may still be seen is found out by asking. */
async function newer(): Promise<Document | undefined> {
  const address = new URL(location.href);
  address.searchParams.delete("at_least");
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if ([401, 403, 404].includes(answer.status)) return undefined;
  if (!answer.ok) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

class Watch {
  private shown = readingOf(document);
  private pause = LEAST_MS;
  private last = -Infinity;
  private waiting: number | undefined;
  private hasNews = false;
  private isBusy = false;

  constructor(private readonly way: HTMLAnchorElement) {
    way.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      void this.show();
    });
    way.setAttribute("role", "button");
    way.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      void this.show();
    });
    this.offer(false);
  }

  /** All up to here was looked at, unless something came that was not yet compared. */
  upToHere(): void {
    if (!this.hasNews && this.waiting === undefined && !this.isBusy) current();
  }

  /** Something came: soon it is asked whether this page would read differently. Seldom if it mostly does not. */
  came(): void {
    if (this.hasNews || this.waiting !== undefined) return;
    const due = Math.max(SOON_MS, this.last + this.pause - performance.now());
    // Many who look at one page do not all ask at once.
    this.waiting = window.setTimeout(() => void this.compare(), due * (1 + Math.random() / 2));
  }

  private async compare(): Promise<void> {
    this.waiting = undefined;
    this.isBusy = true;
    this.last = performance.now();
    try {
      const now = await newer();
      if (now === undefined) this.ended();
      else if (readingOf(now) !== this.shown) this.news();
      else this.pause = Math.min(2 * this.pause, MOST_MS);
    } catch {
      connection.lost();
      this.came();
    }
    this.isBusy = false;
    this.upToHere();
  }

  private news(): void {
    this.hasNews = true;
    say(_("There is something new on this page."), "news");
    this.offer(true);
  }

  /** Puts what is new in place of what stands here; what somebody has typed or opened stays. */
  async show(): Promise<void> {
    try {
      const now = await newer();
      const [here, there] = [document.querySelector("main"), now?.querySelector("main")];
      if (here == null || there == null) {
        this.ended();
        return;
      }
      this.shown = readingOf(now as Document);
      morph(here, there);
      localiseAll(here);
      document.querySelector<HTMLElement>("[data-made]")?.setAttribute("data-made", String(Date.now()));
      this.hasNews = false;
      this.pause = LEAST_MS;
      this.offer(false);
      current();
      here.focus({ preventScroll: true });
    } catch {
      connection.lost();
    }
  }

  private ended(): void {
    this.hasNews = true;
    say(_("You may not see this any more. Do not use it."), "ended");
  }

  private offer(isNew: boolean): void {
    this.way.textContent = isNew ? _("Show what is new") : _("Look again");
    this.way.classList.toggle("quiet", !isNew);
  }
}

const place = document.querySelector<HTMLElement>("[data-watch]");
const way = place?.querySelector<HTMLAnchorElement>("[data-watch-show]");
if (place != null && way != null) {
  const watch = new Watch(way);
  const came = (): void => watch.came();
  const upToHere = (): void => watch.upToHere();
  followWhileSeen(
    place.dataset["watch"] ?? "",
    {
      event: came,
      changed: came,
      withdrawn: came,
      live: upToHere,
      beat: upToHere,
      bye: ({ reason }) => {
        if (reason === "revoked") signedOut();
      },
    },
    connection,
  );
}
