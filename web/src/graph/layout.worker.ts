/** Lays the graph out beside the page, so that nothing on it waits. */

import iterate from "graphology-layout-forceatlas2/iterate.js";

const FIELDS = 10;

export interface Order {
  readonly nodes: Float32Array;
  readonly edges: Float32Array;
  readonly settings: object;
  readonly rounds: number;
}

/** How long nothing is told: to show new places of very many nodes takes the page as long as a few rounds. */
const QUIET_MILLISECONDS = 120;
const QUIET_MILLISECONDS_A_NODE = 0.15;

self.addEventListener("message", (said: MessageEvent<Order>) => {
  const { nodes, edges, settings, rounds } = said.data;
  const quiet = QUIET_MILLISECONDS + (nodes.length / FIELDS) * QUIET_MILLISECONDS_A_NODE;
  let told = performance.now();
  for (let done = 0; done < rounds; done += 1) {
    iterate(settings, nodes, edges);
    if (performance.now() - told < quiet) continue;
    self.postMessage(nodes.slice());
    told = performance.now();
  }
  self.postMessage(nodes.slice());
  self.postMessage(null);
});
