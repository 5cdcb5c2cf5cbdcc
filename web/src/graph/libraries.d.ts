/** Parts of libraries that have no types of their own. */

declare module "graphology-layout-forceatlas2/iterate.js" {
  export default function iterate(settings: object, nodes: Float32Array, edges: Float32Array): void;
}

declare module "graphology-layout-forceatlas2/helpers.js" {
  import type Graph from "graphology-types";
  export function graphToByteArrays(
    graph: Graph,
    weight: (edge: string, attributes: object) => number,
  ): { nodes: Float32Array; edges: Float32Array };
}
