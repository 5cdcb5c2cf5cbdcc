/** The ties of a large graph as one picture below the nodes: drawn by a worker, moved with the camera until it is drawn anew. */

import type Sigma from "sigma";
import type { CameraState } from "sigma/types";
import type { NodeLook, Shown, TieLook } from "./shown";
import type { Drawing, Drawn } from "./ties.worker";

const THICKNESS = 1;

export class Ties {
  readonly layer: HTMLCanvasElement;
  /** Where the camera stood when the picture was taken. */
  taken: CameraState | undefined;
  private readonly pen: CanvasRenderingContext2D | null;
  private readonly worker = new Worker(new URL("./ties.worker.ts", import.meta.url), { type: "module" });
  private number = 0;
  private standing: CameraState | undefined;

  constructor(
    private readonly sigma: Sigma<NodeLook, TieLook>,
    private readonly placed: () => void,
  ) {
    this.layer = sigma.createCanvas("ties", { afterLayer: "edges" });
    this.pen = this.layer.getContext("2d");
    this.worker.addEventListener("message", (said: MessageEvent<Drawn>) => this.take(said.data));
  }

  /** Whether the camera has gone elsewhere since they were last asked for. */
  get isElsewhere(): boolean {
    const [then, now] = [this.standing, this.sigma.getCamera().getState()];
    return then === undefined || then.x !== now.x || then.y !== now.y || then.ratio !== now.ratio;
  }

  /** Has those ties drawn that stand out, as the camera sees them now. */
  draw(graph: Shown, colour: string, stands: (from: string, to: string) => boolean): void {
    const { width, height } = this.sigma.getDimensions();
    const ratio = devicePixelRatio;
    this.number += 1;
    this.standing = this.sigma.getCamera().getState();
    const places = this.places(graph, ratio, stands);
    const size = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    const order: Drawing = { number: this.number, ...size, colour, thickness: THICKNESS * ratio, places };
    this.worker.postMessage(order, [places.buffer]);
  }

  /** Shows none. */
  clear(): void {
    this.number += 1;
    this.taken = undefined;
    this.pen?.clearRect(0, 0, this.layer.width, this.layer.height);
  }

  private take({ number, picture }: Drawn): void {
    if (number === this.number && this.pen !== null) {
      const { width, height } = this.sigma.getDimensions();
      // To set a size clears it.
      this.layer.width = picture.width;
      this.layer.height = picture.height;
      this.layer.style.width = `${width}px`;
      this.layer.style.height = `${height}px`;
      this.pen.drawImage(picture, 0, 0);
      this.taken = this.standing;
      this.placed();
    }
    picture.close();
  }

  /** Where the ties are on the screen; not those that lie beside it. */
  private places(graph: Shown, ratio: number, stands: (from: string, to: string) => boolean): Float32Array<ArrayBuffer> {
    const { width, height } = this.sigma.getDimensions();
    const zero = this.sigma.graphToViewport({ x: 0, y: 0 });
    const one = this.sigma.graphToViewport({ x: 1, y: 1 });
    const [across, up] = [one.x - zero.x, one.y - zero.y];
    const beside = (from: number, to: number, most: number): boolean => (from < 0 && to < 0) || (from > most && to > most);
    const places = new Float32Array(graph.size * 4);
    let at = 0;
    graph.forEachEdge((_key, _look, from, to, source, target) => {
      if (source.hidden || target.hidden || !stands(from, to)) return;
      const [left, top] = [zero.x + source.x * across, zero.y + source.y * up];
      const [right, bottom] = [zero.x + target.x * across, zero.y + target.y * up];
      if (beside(left, right, width) || beside(top, bottom, height)) return;
      places[at] = left * ratio;
      places[at + 1] = top * ratio;
      places[at + 2] = right * ratio;
      places[at + 3] = bottom * ratio;
      at += 4;
    });
    return places.slice(0, at);
  }
}
