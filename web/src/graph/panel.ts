/** The panel beside the canvas: what is known of what was chosen, and the events behind it. */

import { element, inOneLanguage } from "../dom";
import { type Json, publisherOf } from "../feed/messages";
import { ask, type NodeDossier, type Proof, type TieDossier } from "./api";

export interface Acts {
  readonly expand: (ref: string, ties?: string) => void;
  readonly hide: (ref: string) => void;
  readonly pin: (ref: string) => boolean;
  readonly from: (ref: string) => void;
}

function button(text: string, act: () => void): HTMLButtonElement {
  const one = element("button", text, "quiet");
  one.type = "button";
  one.addEventListener("click", act);
  return one;
}

export class Panel {
  constructor(
    private readonly place: HTMLElement,
    private readonly names: { readonly kinds: Names; readonly ties: Names },
    private readonly acts: Acts,
  ) {}

  clear(): void {
    this.place.replaceChildren(element("p", "Choose a node or a tie to read what is known of it.", "state"));
  }

  say(text: string): void {
    this.place.replaceChildren(element("p", text, "state"));
  }

  async node(ref: string, moment: { as_of?: string }): Promise<void> {
    const found = await ask<NodeDossier>(`/graph/nodes/${encodeURIComponent(ref)}`, moment);
    const head = element("h2", found.label);
    head.dir = "auto";
    const what = element("p", `${this.names.kinds[found.kind] ?? found.kind} · `);
    what.append(element("span", found.ref, "ref"));
    this.place.replaceChildren(head, what, this.deeds(ref), this.values(found), this.kinds(found));
    head.tabIndex = -1;
  }

  async tie(from: string, kind: string, to: string, moment: { as_of?: string }): Promise<void> {
    const found = await ask<TieDossier>("/graph/edges", { from, kind, to, ...moment });
    const lasts = [found.since ?? "?", found.until ?? ""].filter(Boolean).join(" – ");
    const list = element("ol");
    list.append(...found.claims.map((one) => this.proof(one)));
    this.place.replaceChildren(
      element("h2", this.names.ties[kind] ?? kind),
      element("p", `${from} → ${to}`, "ref"),
      element("p", `${found.status} · ${lasts}`),
      element("h3", `The events behind it (${found.claims.length})`),
      list,
    );
  }

  private proof(one: Proof): HTMLLIElement {
    const item = element("li");
    const link = element("a", `${one.event.type} of ${publisherOf(one.event.source)}`);
    link.href = `/api/v1/events/${encodeURIComponent(one.event.source)}/${encodeURIComponent(one.event.id)}`;
    item.append(link, element("span", ` ${one.as_of ?? ""} · graded ${one.reliability}/${one.credibility}, ${one.verification}`));
    return item;
  }

  private deeds(ref: string): HTMLElement {
    const row = element("p", undefined, "acts");
    const pin = button("Pin", () => (pin.textContent = this.acts.pin(ref) ? "Unpin" : "Pin"));
    row.append(
      button("Show all that is tied to it", () => this.acts.expand(ref)),
      pin,
      button("Hide", () => this.acts.hide(ref)),
      button("Find a path from here", () => this.acts.from(ref)),
    );
    return row;
  }

  private values(found: NodeDossier): HTMLElement {
    const list = element("dl");
    for (const [name, said] of Object.entries(found.props)) {
      if (name === "label") continue;
      const row = element("div");
      const shown = element("dd", (said.values ?? [said.value ?? null]).map(plain).join(" / "));
      shown.dir = "auto";
      if (said.disputed) shown.append(element("strong", " disputed"));
      row.append(element("dt", name.replaceAll("_", " ")), shown);
      list.append(row);
    }
    return list;
  }

  private kinds(found: NodeDossier): HTMLElement {
    const list = element("ul", undefined, "kinds");
    for (const [kind, ties] of Object.entries(found.ties)) {
      const item = element("li");
      item.append(button(`${this.names.ties[kind] ?? kind}: ${ties.length}`, () => this.acts.expand(found.ref, kind)));
      list.append(item);
    }
    if (found.truncated > 0) list.append(element("li", `${found.truncated} more ties are not listed here.`));
    return list;
  }
}

export type Names = { readonly [code: string]: string };

function plain(value: Json): string {
  if (value === null) return "—";
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (typeof value !== "object") return String(value);
  const said = inOneLanguage(value);
  return said === undefined ? "—" : plain(said);
}
