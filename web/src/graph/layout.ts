/** Where nodes lie: force-directed, in a worker, until it has settled; pinned nodes stay. */

import { inferSettings } from "graphology-layout-forceatlas2";
import { graphToByteArrays } from "graphology-layout-forceatlas2/helpers.js";
import type { Order } from "./layout.worker";
import type { Shown } from "./shown";

const FIELDS = 10;
const FIXED = 9;
const DEFAULTS = {
  linLogMode: false,
  outboundAttractionDistribution: false,
  adjustSizes: false,
  edgeWeightInfluence: 0,
  scalingRatio: 1,
  strongGravityMode: false,
  gravity: 1,
  slowDown: 1,
  barnesHutOptimize: false,
  barnesHutTheta: 0.5,
};

export class Layout {
  private worker: Worker | undefined;
  private put: (() => void) | undefined;
  private hasEnded = false;

  constructor(
    private readonly graph: Shown,
    private readonly isBusy: () => boolean,
    private readonly settled: () => void,
  ) {}

  /** Shows where the worker has come meanwhile. */
  catchUp(): void {
    const { put, hasEnded } = this;
    this.put = undefined;
    this.hasEnded = false;
    put?.();
    if (hasEnded) this.settled();
  }

  get isRunning(): boolean {
    return this.worker !== undefined;
  }

  run(): void {
    this.stop();
    this.put = undefined;
    this.hasEnded = false;
    const refs = this.graph.nodes();
    if (refs.length < 2) return this.settled();
    const { nodes, edges } = graphToByteArrays(this.graph, () => 1);
    refs.forEach((ref, at) => (nodes[at * FIELDS + FIXED] = this.graph.getNodeAttribute(ref, "fixed") ? 1 : 0));
    const rounds = refs.length > 4000 ? 120 : refs.length > 800 ? 240 : 400;
    const settings = { ...DEFAULTS, ...inferSettings(refs.length), barnesHutOptimize: refs.length > 500 };
    const worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", (said: MessageEvent<Float32Array | null>) => {
      const places = said.data;
      if (places === null) {
        this.stop();
        this.hasEnded = true;
      } else this.put = () => this.take(refs, places);
      if (!this.isBusy()) this.catchUp();
    });
    worker.postMessage({ nodes, edges, settings, rounds } satisfies Order);
    this.worker = worker;
  }

  stop(): void {
    this.worker?.terminate();
    this.worker = undefined;
  }

  private take(refs: readonly string[], places: Float32Array): void {
    const at = new Map(refs.map((ref, index) => [ref, index * FIELDS]));
    this.graph.updateEachNodeAttributes(
      (ref, look) => {
        const place = at.get(ref);
        if (place === undefined || look.fixed) return look;
        return { ...look, x: places[place] ?? look.x, y: places[place + 1] ?? look.y };
      },
      { attributes: ["x", "y"] },
    );
  }
}
