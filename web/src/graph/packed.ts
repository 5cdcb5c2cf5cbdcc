/** Reads the part of the graph that the page brought along (`hub/pages/explore.py` writes it). */

import type { Tie, GraphPart } from "./api";

type PackedNode = readonly [ref: string, kind: string, label: string | null];
type PackedTie = readonly [
  from: number,
  to: number,
  kind: number,
  since: string | null,
  until: string | null,
  claims: number,
  status: number,
  weight?: number,
];

interface Packed {
  readonly nodes: readonly PackedNode[];
  readonly edges: readonly PackedTie[];
  readonly codes: readonly string[];
  readonly truncated: number;
}

export function unpacked(text: string): GraphPart {
  const { nodes, edges, codes, truncated } = JSON.parse(text) as Packed;
  const ref = (at: number): string => nodes[at]?.[0] ?? "";
  const code = (at: number): string => codes[at] ?? "";
  return {
    truncated,
    nodes: nodes.map(([name, kind, label]) => ({ ref: name, kind, label: label ?? name })),
    edges: edges.map(([from, to, kind, since, until, claims, status, weight]): Tie => {
      const tie = { from: ref(from), to: ref(to), kind: code(kind), since, until, claims, status: code(status) };
      return weight === undefined ? tie : { ...tie, weight };
    }),
  };
}
