/** Colours of nodes: by kind, by group, or by how much support reaches a lawyer. Read from the page's style sheet. */

import type { NodeLook } from "./shown";

export type Colouring = "kind" | "group" | "support";

const KINDS = ["lawyer", "partner", "body", "threat", "trial", "hearing", "case", "statement", "action", "need", "offer", "support"];

const style = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Colours {
  by: Colouring = "kind";
  groups: ReadonlyMap<string, number> = new Map();
  alone: ReadonlyMap<string, number> = new Map();

  of(look: NodeLook): string {
    if (this.by === "group") return this.numbered(this.groups.get(look.ref));
    if (this.by === "support") return this.standing(look);
    const place = KINDS.indexOf(look.kind);
    return style(place < 0 ? "--graph-other" : `--graph-${look.kind}`);
  }

  get ground(): string {
    return style("--ground");
  }

  get ink(): string {
    return style("--ink");
  }

  get line(): string {
    return style("--graph-line");
  }

  private numbered(group: number | undefined): string {
    return group === undefined ? style("--graph-other") : `hsl(${(group * 137) % 360} 55% 50%)`;
  }

  private standing(look: NodeLook): string {
    const support = this.alone.get(look.ref);
    if (support === undefined) return style("--graph-other");
    return style(support <= 0 ? "--graph-alone" : support < 2 ? "--graph-little" : "--graph-supported");
  }
}
