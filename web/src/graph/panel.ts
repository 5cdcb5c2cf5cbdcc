/** The panel beside the canvas: what is known of what was chosen, and the events behind it. */

import type { Json } from "../feed/messages";
import { ask, type NodeDossier, type Proof, type TieDossier } from "./api";

export interface Acts {
  readonly expand: (ref: string, ties?: string) => void;
  readonly hide: (ref: string) => void;
  readonly pin: (ref: string) => boolean;
  readonly from: (ref: string) => void;
}

function made<Name extends keyof HTMLElementTagNameMap>(name: Name, text = "", className = ""): HTMLElementTagNameMap[Name] {
  const one = document.createElement(name);
  one.textContent = text;
  if (className !== "") one.className = className;
  return one;
}

function button(text: string, act: () => void): HTMLButtonElement {
  const one = made("button", text, "quiet");
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
    this.place.replaceChildren(made("p", "Choose a node or a tie to read what is known of it.", "state"));
  }

  say(text: string): void {
    this.place.replaceChildren(made("p", text, "state"));
  }

  async node(ref: string, moment: { as_of?: string }): Promise<void> {
    const found = await ask<NodeDossier>(`/graph/nodes/${encodeURIComponent(ref)}`, moment);
    const head = made("h2", found.label);
    head.dir = "auto";
    const what = made("p", `${this.names.kinds[found.kind] ?? found.kind} · `);
    what.append(made("span", found.ref, "ref"));
    this.place.replaceChildren(head, what, this.deeds(ref), this.values(found), this.kinds(found));
    head.tabIndex = -1;
  }

  async tie(from: string, kind: string, to: string, moment: { as_of?: string }): Promise<void> {
    const found = await ask<TieDossier>("/graph/edges", { from, kind, to, ...moment });
    const lasts = [found.since ?? "?", found.until ?? ""].filter(Boolean).join(" – ");
    const list = made("ol");
    list.append(...found.claims.map((one) => this.proof(one)));
    this.place.replaceChildren(
      made("h2", this.names.ties[kind] ?? kind),
      made("p", `${from} → ${to}`, "ref"),
      made("p", `${found.status} · ${lasts}`),
      made("h3", `The events behind it (${found.claims.length})`),
      list,
    );
  }

  private proof(one: Proof): HTMLLIElement {
    const item = made("li");
    const link = made("a", `${one.event.type} of ${one.event.source.slice(one.event.source.lastIndexOf(":") + 1)}`);
    link.href = `/api/v1/events/${encodeURIComponent(one.event.source)}/${encodeURIComponent(one.event.id)}`;
    item.append(link, made("span", ` ${one.as_of ?? ""} · graded ${one.reliability}/${one.credibility}, ${one.verification}`));
    return item;
  }

  private deeds(ref: string): HTMLElement {
    const row = made("p", "", "acts");
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
    const list = made("dl");
    for (const [name, said] of Object.entries(found.props)) {
      if (name === "label") continue;
      const row = made("div");
      const shown = made("dd", (said.values ?? [said.value ?? null]).map(plain).join(" / "));
      shown.dir = "auto";
      if (said.disputed) shown.append(made("strong", " disputed"));
      row.append(made("dt", name.replaceAll("_", " ")), shown);
      list.append(row);
    }
    return list;
  }

  private kinds(found: NodeDossier): HTMLElement {
    const list = made("ul", "", "kinds");
    for (const [kind, ties] of Object.entries(found.ties)) {
      const item = made("li");
      item.append(button(`${this.names.ties[kind] ?? kind}: ${ties.length}`, () => this.acts.expand(found.ref, kind)));
      list.append(item);
    }
    if (found.truncated > 0) list.append(made("li", `${found.truncated} more ties are not listed here.`));
    return list;
  }
}

export type Names = { readonly [code: string]: string };

function plain(value: Json): string {
  if (value === null) return "—";
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (typeof value !== "object") return String(value);
  const said = value["en"] ?? Object.values(value)[0];
  return said === undefined ? "—" : plain(said);
}
