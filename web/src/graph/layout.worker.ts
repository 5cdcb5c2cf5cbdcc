/** Lays the graph out beside the page, so that nothing on it waits. */

import iterate from "graphology-layout-forceatlas2/iterate.js";

export interface Order {
  readonly nodes: Float32Array;
  readonly edges: Float32Array;
  readonly settings: object;
  readonly rounds: number;
}

const ROUNDS_AT_A_TIME = 4;

self.addEventListener("message", (said: MessageEvent<Order>) => {
  const { nodes, edges, settings, rounds } = said.data;
  for (let done = 0; done < rounds; done += ROUNDS_AT_A_TIME) {
    for (let round = 0; round < ROUNDS_AT_A_TIME; round += 1) iterate(settings, nodes, edges);
    self.postMessage(nodes.slice());
  }
  self.postMessage(null);
});
