/** The panel beside the canvas: what is known of what was chosen, and the events behind it, as the hub's own pages say it. */

import { element } from "../dom";
import { localiseAll } from "../moments";
import { _, plural } from "../texts";
import { Refused } from "./api";

export interface Acts {
  readonly expand: (ref: string, ties?: string) => void;
  readonly hide: (ref: string) => void;
  readonly pin: (ref: string) => boolean;
  readonly isPinned: (ref: string) => boolean;
  readonly from: (ref: string) => void;
}

export function button(text: string, act: () => void): HTMLButtonElement {
  const one = element("button", text, "quiet");
  one.type = "button";
  one.addEventListener("click", act);
  return one;
}

async function reading(address: string): Promise<HTMLElement> {
  const answer = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => undefined);
  if (answer === undefined) throw new Refused(_("The hub cannot be reached. Try again in a moment."));
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector<HTMLElement>("[data-reading]");
  if (!answer.ok || found === null) throw new Refused(_("There is nothing here, or nothing that you may see."));
  const head = found.querySelector("h1");
  if (head !== null) {
    // The page has a heading of its own already.
    const lower = element("h2");
    lower.append(...head.childNodes);
    lower.dir = "auto";
    head.replaceWith(lower);
  }
  localiseAll(found);
  return found;
}

export class Panel {
  constructor(
    private readonly place: HTMLElement,
    private readonly acts: Acts,
  ) {}

  clear(): void {
    this.place.replaceChildren(element("p", _("Choose a node or a tie to read what is known of it."), "state"));
  }

  /** Offers what a part that did not fit leaves out. */
  offer(left: number, more: () => void): void {
    this.place.querySelector("[data-left]")?.remove();
    if (left <= 0) return;
    const line = element("p");
    line.dataset["left"] = "";
    line.append(button(plural("Show %(n)s more", "Show %(n)s more", left), more));
    this.place.prepend(line);
  }

  async node(ref: string, moment: { as_of?: string }): Promise<void> {
    const found = await reading(`/things/${encodeURIComponent(ref)}?${new URLSearchParams(moment)}`);
    found.querySelector("h2")?.after(this.deeds(ref));
    for (const ties of found.querySelectorAll<HTMLElement>("[data-ties]")) {
      ties.append(button(_("Show these on the canvas"), () => this.acts.expand(ref, ties.dataset["ties"])));
    }
    this.show(found);
  }

  async tie(from: string, kind: string, to: string, moment: { as_of?: string }): Promise<void> {
    this.show(await reading(`/ties?${new URLSearchParams({ from, kind, to, ...moment })}`));
  }

  private show(found: HTMLElement): void {
    this.place.replaceChildren(found);
    this.place.scrollTop = 0;
    this.place.focus({ preventScroll: true });
  }

  private deeds(ref: string): HTMLElement {
    const row = element("p", undefined, "acts");
    const pin = button("", () => say(this.acts.pin(ref)));
    const say = (pinned: boolean): void => {
      pin.textContent = pinned ? _("Unpin") : _("Pin");
    };
    say(this.acts.isPinned(ref));
    row.append(
      button(_("Show all that is tied to it"), () => this.acts.expand(ref)),
      pin,
      button(_("Hide"), () => this.acts.hide(ref)),
      button(_("Find a path from here"), () => this.acts.from(ref)),
    );
    return row;
  }
}
