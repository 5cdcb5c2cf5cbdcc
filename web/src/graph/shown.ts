/** What is on the canvas: nodes and ties that were fetched, what is hidden or pinned, and the way back. Knows no screen. */

import { MultiDirectedGraph } from "graphology";
import type { GraphNode, GraphPart, Tie } from "./api";

/** From so many nodes on they are drawn as dots. */
export const MANY = 3000;

export interface NodeLook {
  ref: string;
  kind: string;
  label: string;
  x: number;
  y: number;
  size: number;
  fixed: boolean;
  hidden: boolean;
}

export interface TieLook {
  kind: string;
  since: string | null;
  until: string | null;
  claims: number;
  status: string;
  weight: number;
}

export type Shown = MultiDirectedGraph<NodeLook, TieLook>;

interface Step {
  readonly added: readonly string[];
  readonly ties: readonly string[];
  readonly hidden: readonly string[];
  readonly pinned?: string;
}

export function keyOf(tie: Pick<Tie, "from" | "to" | "kind">): string {
  return `${tie.from}\n${tie.kind}\n${tie.to}`;
}

/** The graph on the canvas. Each change is one step that can be taken back. */
export class Canvas {
  readonly graph: Shown = new MultiDirectedGraph<NodeLook, TieLook>();
  private readonly steps: Step[] = [];

  constructor(private readonly called: (node: GraphNode) => string) {}

  /** Adds a part beside a node, or in the middle; returns how many nodes are new. */
  add(part: GraphPart, beside?: string): number {
    const added: string[] = [];
    const ties: string[] = [];
    for (const node of part.nodes) if (this.place(node, beside)) added.push(node.ref);
    for (const tie of part.edges) if (this.join(tie)) ties.push(keyOf(tie));
    this.measure();
    if (added.length + ties.length > 0) this.steps.push({ added, ties, hidden: [] });
    return added.length;
  }

  /** Brings what is shown up to date, without a step: it is not the reader who changed it. */
  renew(part: GraphPart): void {
    const there = new Set(part.edges.map(keyOf));
    const nodes = new Set(part.nodes.map((node) => node.ref));
    for (const node of part.nodes) if (this.graph.hasNode(node.ref)) this.graph.mergeNodeAttributes(node.ref, { label: this.called(node) });
    for (const tie of part.edges) this.join(tie);
    for (const key of this.graph.edges()) {
      const [from, to] = this.graph.extremities(key);
      if (nodes.has(from) && nodes.has(to) && !there.has(key)) this.graph.dropEdge(key);
    }
    this.measure();
  }

  /** Takes everything away that is not in `refs`, as when another day is looked at. */
  keep(part: GraphPart): void {
    const nodes = new Set(part.nodes.map((node) => node.ref));
    const ties = new Set(part.edges.map(keyOf));
    for (const key of this.graph.edges()) if (!ties.has(key)) this.graph.dropEdge(key);
    for (const ref of this.graph.nodes()) if (!nodes.has(ref)) this.graph.dropNode(ref);
    for (const node of part.nodes) this.place(node);
    for (const tie of part.edges) this.join(tie);
    this.measure();
    this.steps.length = 0;
  }

  hide(ref: string): void {
    this.graph.setNodeAttribute(ref, "hidden", true);
    this.steps.push({ added: [], ties: [], hidden: [ref] });
  }

  pin(ref: string): boolean {
    const pinned = !this.graph.getNodeAttribute(ref, "fixed");
    this.graph.setNodeAttribute(ref, "fixed", pinned);
    this.steps.push({ added: [], ties: [], hidden: [], pinned: ref });
    return pinned;
  }

  isPinned(ref: string): boolean {
    return this.graph.hasNode(ref) && this.graph.getNodeAttribute(ref, "fixed");
  }

  get canUndo(): boolean {
    return this.steps.length > 0;
  }

  undo(): void {
    const step = this.steps.pop();
    if (step === undefined) return;
    for (const key of step.ties) if (this.graph.hasEdge(key)) this.graph.dropEdge(key);
    for (const ref of step.added) if (this.graph.hasNode(ref)) this.graph.dropNode(ref);
    for (const ref of step.hidden) if (this.graph.hasNode(ref)) this.graph.setNodeAttribute(ref, "hidden", false);
    const { pinned } = step;
    if (pinned !== undefined && this.graph.hasNode(pinned)) this.graph.updateNodeAttribute(pinned, "fixed", (fixed) => !fixed);
    this.measure();
  }

  /** Forgets the way back: what is shown now is where the reader begins. */
  begin(): void {
    this.steps.length = 0;
  }

  private place(node: GraphNode, beside?: string): boolean {
    if (this.graph.hasNode(node.ref)) {
      this.graph.mergeNodeAttributes(node.ref, { label: this.called(node) });
      return false;
    }
    const near = beside !== undefined && this.graph.hasNode(beside) ? this.graph.getNodeAttributes(beside) : { x: 0, y: 0 };
    const [x, y] = scattered(node.ref, beside === undefined ? Math.sqrt(this.graph.order + 1) * 10 : 4);
    this.graph.addNode(node.ref, {
      ref: node.ref,
      kind: node.kind,
      label: this.called(node),
      x: near.x + x,
      y: near.y + y,
      size: 3,
      fixed: false,
      hidden: false,
    });
    return true;
  }

  private join(tie: Tie): boolean {
    const key = keyOf(tie);
    const look: TieLook = {
      kind: tie.kind,
      since: tie.since,
      until: tie.until,
      claims: tie.claims,
      status: tie.status,
      weight: tie.weight ?? 1,
    };
    if (!this.graph.hasNode(tie.from) || !this.graph.hasNode(tie.to)) return false;
    if (this.graph.hasEdge(key)) {
      this.graph.mergeEdgeAttributes(key, look);
      return false;
    }
    this.graph.addEdgeWithKey(key, tie.from, tie.to, look);
    return true;
  }

  private measure(): void {
    // Among very many, dots are small: they would cover each other, and drawing them takes as long as they are large.
    const scale = this.graph.order > MANY ? 0.4 : 1;
    const size = (ref: string): number => scale * (3 + Math.min(12, Math.sqrt(this.graph.degree(ref)) * 1.4));
    this.graph.updateEachNodeAttributes((ref, look) => ({ ...look, size: size(ref) }));
  }
}

/** Returns a place that is the same for the same reference every time: a shared view looks the same to both. */
function scattered(ref: string, radius: number): [number, number] {
  let hash = 2166136261;
  for (let at = 0; at < ref.length; at += 1) hash = Math.imul(hash ^ ref.charCodeAt(at), 16777619);
  const angle = ((hash >>> 0) / 4294967296) * Math.PI * 2;
  const distance = radius * Math.sqrt(((Math.imul(hash, 2654435761) >>> 0) % 1000) / 1000 + 0.05);
  return [Math.cos(angle) * distance, Math.sin(angle) * distance];
}
