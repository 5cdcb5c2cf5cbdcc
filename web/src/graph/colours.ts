/** Colours of nodes: by kind, by community, or by how much support reaches a lawyer. Read from the page's style sheet. */

import type { Words } from "../dom";
import { _ } from "../texts";
import type { NodeLook } from "./shown";

export type Colouring = "kind" | "group" | "support";

const KINDS = ["lawyer", "partner", "body", "threat", "trial", "hearing", "case", "statement", "action", "need", "offer", "support"];
const NAMES = [...KINDS, "other", "line", "alone", "little", "supported"].map((one) => `--graph-${one}`);

export class Colours {
  by: Colouring = "kind";
  groups: ReadonlyMap<string, number> = new Map();
  alone: ReadonlyMap<string, number> = new Map();
  /** Asking for a style is slow, and there are tens of thousands of nodes and ties. */
  private styles: ReadonlyMap<string, string> = new Map();

  constructor() {
    this.read();
  }

  /** Reads the style sheet anew: by day and by night it says something else. */
  read(): void {
    const sheet = getComputedStyle(document.documentElement);
    this.styles = new Map([...NAMES, "--ground", "--ink"].map((name) => [name, sheet.getPropertyValue(name).trim()]));
  }

  of(look: NodeLook): string {
    if (this.by === "group") return this.numbered(this.groups.get(look.ref));
    if (this.by === "support") return this.standing(look);
    return this.kind(look.kind);
  }

  get ground(): string {
    return this.style("--ground");
  }

  get ink(): string {
    return this.style("--ink");
  }

  get line(): string {
    return this.style("--graph-line");
  }

  /** Returns what the colours mean now, for the kinds that are shown. */
  key(kinds: ReadonlySet<string>, words: Words): [colour: string, meaning: string][] {
    if (this.by === "group") {
      const most = Math.min(5, new Set(this.groups.values()).size);
      const rows = Array.from({ length: most }, (_one, at): [string, string] => [
        this.numbered(at),
        _("Community %(number)s, by size", { number: at + 1 }),
      ]);
      return [...rows, [this.style("--graph-other"), _("In none of the communities")]];
    }
    if (this.by === "support") {
      return [
        [this.style("--graph-alone"), _("Under threat, and no support is known")],
        [this.style("--graph-little"), _("Under threat, and little support is known")],
        [this.style("--graph-supported"), _("Under threat, and supported")],
        [this.style("--graph-other"), _("All others")],
      ];
    }
    const named = KINDS.filter((one) => kinds.has(one)).map((one): [string, string] => [this.kind(one), words.get(`kind:${one}`) ?? one]);
    const hasOthers = [...kinds].some((one) => !KINDS.includes(one));
    return hasOthers ? [...named, [this.style("--graph-other"), _("All others")]] : named;
  }

  private kind(kind: string): string {
    return this.style(KINDS.includes(kind) ? `--graph-${kind}` : "--graph-other");
  }

  private style(name: string): string {
    return this.styles.get(name) ?? "#888888";
  }

  private numbered(group: number | undefined): string {
    return group === undefined ? this.style("--graph-other") : `hsl(${(group * 137) % 360} 55% 50%)`;
  }

  private standing(look: NodeLook): string {
    const support = this.alone.get(look.ref);
    if (support === undefined) return this.style("--graph-other");
    return this.style(support <= 0 ? "--graph-alone" : support < 2 ? "--graph-little" : "--graph-supported");
  }
}
