/** What is on the canvas as tables: each row can be chosen, so that whoever uses no mouse has all of it. */

import { element, type Words } from "../dom";
import { _ } from "../texts";
import { button } from "./panel";
import type { Canvas } from "./shown";

const ROWS = 200;

export interface Choosing {
  readonly node: (ref: string) => void;
  readonly tie: (key: string) => void;
}

function cell(content: string | HTMLElement): HTMLTableCellElement {
  const made = element("td");
  made.dir = "auto";
  made.append(content);
  return made;
}

export class Tables {
  private waiting: number | undefined;

  constructor(
    private readonly place: { readonly nodes: HTMLElement; readonly ties: HTMLElement; readonly whole: HTMLDetailsElement },
    private readonly canvas: Canvas,
    private readonly words: Words,
    private readonly choosing: Choosing,
  ) {
    place.whole.addEventListener("toggle", () => this.renew());
  }

  /** Writes them anew when the page has nothing better to do; not while they are closed. */
  renew(): void {
    if (!this.place.whole.open) return;
    window.clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => this.write(), 200);
  }

  private write(): void {
    const { graph } = this.canvas;
    const refs = graph.filterNodes((_ref, look) => !look.hidden);
    const first = refs.slice(0, ROWS);
    this.place.nodes.replaceChildren(...first.map((ref) => this.node(ref)));
    const shown = new Set(refs);
    const keys = graph.filterEdges((_key, _look, from, to) => shown.has(from) && shown.has(to));
    this.place.ties.replaceChildren(...keys.slice(0, ROWS).map((key) => this.tie(key)));
  }

  private node(ref: string): HTMLTableRowElement {
    const { label, kind } = this.canvas.graph.getNodeAttributes(ref);
    const row = element("tr");
    const head = element("th");
    head.scope = "row";
    head.dir = "auto";
    head.append(button(label, () => this.choosing.node(ref)));
    const link = element("a", ref, "ref");
    link.href = `/explore?about=${encodeURIComponent(ref)}`;
    row.append(head, cell(this.words.get(`kind:${kind}`) ?? kind), cell(link));
    return row;
  }

  private tie(key: string): HTMLTableRowElement {
    const { graph } = this.canvas;
    const look = graph.getEdgeAttributes(key);
    const [from, to] = graph.extremities(key).map((ref) => graph.getNodeAttribute(ref, "label"));
    const kind = this.words.get(`tie:${look.kind}`) ?? look.kind;
    const row = element("tr");
    const read = button(look.claims.toLocaleString(document.documentElement.lang), () => this.choosing.tie(key));
    read.append(element("span", ` ${_("Read the events behind it: %(from)s, %(tie)s, %(to)s", { from: from ?? "", tie: kind, to: to ?? "" })}`, "hidden"));
    row.append(cell(from ?? ""), cell(kind), cell(to ?? ""), cell(look.since ?? ""), cell(look.until ?? ""), cell(read));
    return row;
  }
}

