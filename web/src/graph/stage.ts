/**
 * The drawing of a large graph, that stays smooth without a graphics card: while the camera moves, the picture that is there is moved;
 * when it rests, and when too little of the picture is left, it is drawn anew. All that is on the screen at rest is drawn for that place.
 */

import Sigma from "sigma";
import { NodePointProgram } from "sigma/rendering";
import type { CameraState, RenderParams } from "sigma/types";
import type { NodeLook, Shown, TieLook } from "./shown";

const REST_MILLISECONDS = 160;
const AGAIN_MILLISECONDS = 700;

/** How much of the picture may have left the screen, and how much larger or smaller it may be shown, before it is drawn anew. */
const MOST_LEFT = 0.3;
const MOST_SCALED = 1.8;

type Nodes = Sigma<NodeLook, TieLook>;

/** Sigma that can hold still. */
export class Stage extends Sigma<NodeLook, TieLook> {
  held = false;

  override clear(): this {
    return this.held ? this : super.clear();
  }
}

/** Dots that stay as they were drawn while the stage holds still. */
export class Dots extends NodePointProgram<NodeLook, TieLook> {
  override render(params: RenderParams): void {
    if (!(this.renderer instanceof Stage && this.renderer.held)) super.render(params);
  }
}

/** The graph without its ties, for they are drawn elsewhere: to index them takes the page as long as all else. */
export function withoutTies(graph: Shown): Shown {
  const listens = (name: string): boolean => !/edge/i.test(name);
  const seen = Object.create(graph) as Shown;
  const own: Partial<Record<keyof Shown, unknown>> = {
    edges: () => [],
    forEachEdge: () => undefined,
    on: (name: "cleared", act: () => void) => {
      if (listens(name)) graph.on(name, act);
      return seen;
    },
    removeListener: (name: "cleared", act: () => void) => {
      graph.removeListener(name, act);
      return seen;
    },
  };
  return Object.assign(seen, own);
}

interface Layer {
  readonly element: HTMLElement;
  readonly taken: CameraState | undefined;
}

/** Moves pictures with the camera. */
export class Moving {
  /** Whether it may hold still: a small graph is drawn in each frame. */
  enabled = false;
  private taken: CameraState;
  private at = 0;
  private due = false;
  private timer: number | undefined;
  private moves = 0;

  constructor(
    private readonly stage: Stage,
    private readonly ties: { readonly layer: HTMLElement; readonly taken: CameraState | undefined },
    private readonly drawn: (isAtRest: boolean) => void,
  ) {
    this.taken = stage.getCamera().getState();
    stage.getCamera().on("updated", () => this.moved());
    stage.getMouseCaptor().on("mouseup", () => {
      if (this.timer !== undefined) this.moved();
    });
    stage.on("afterRender", () => this.rendered());
  }

  get isMoving(): boolean {
    return this.timer !== undefined;
  }

  /** Puts the pictures where the camera would see them. */
  place(): void {
    const now = this.stage.getCamera().getState();
    for (const { element, taken } of this.layers()) element.style.transform = taken === undefined ? "" : carried(this.stage, taken, now).css;
  }

  /** Has all drawn for where the camera is. */
  rest(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    this.stage.held = false;
    this.stage.scheduleRender();
  }

  private moved(): void {
    if (!this.enabled) return;
    this.stage.held = !this.due;
    window.clearTimeout(this.timer);
    this.moves += 1;
    const { moves } = this;
    // Two frames later: on a slow machine what the reader did meanwhile is told by then.
    const look = (): void => void requestAnimationFrame(() => requestAnimationFrame(() => (moves === this.moves ? this.rest() : undefined)));
    this.timer = window.setTimeout(look, REST_MILLISECONDS);
  }

  private rendered(): void {
    if (!this.stage.held) {
      this.taken = this.stage.getCamera().getState();
      this.at = performance.now();
      this.due = false;
      this.drawn(!this.isMoving);
    } else if (performance.now() - this.at > AGAIN_MILLISECONDS && this.isWorn()) {
      this.due = true;
      this.stage.held = false;
      this.stage.scheduleRender();
    }
    this.place();
  }

  private isWorn(): boolean {
    const { scale, left } = carried(this.stage, this.taken, this.stage.getCamera().getState());
    return left > MOST_LEFT || scale > MOST_SCALED || scale < 1 / MOST_SCALED;
  }

  private layers(): Layer[] {
    const { ties, mouse, ...drawn } = this.stage.getCanvases();
    void [ties, mouse];
    return [...Object.values(drawn).map((element) => ({ element, taken: this.taken })), { element: this.ties.layer, taken: this.ties.taken }];
  }
}

/** Says how a picture that was taken at one place of the camera is to lie at another. */
function carried(stage: Nodes, taken: CameraState, now: CameraState): { css: string; scale: number; left: number } {
  const where = (cameraState: CameraState, x: number): { x: number; y: number } => stage.framedGraphToViewport({ x, y: x }, { cameraState });
  const [from, to, then, still] = [where(now, 0), where(now, 1), where(taken, 0), where(taken, 1)];
  const scale = (to.x - from.x) / (still.x - then.x);
  const [x, y] = [from.x - scale * then.x, from.y - scale * then.y];
  const { width, height } = stage.getDimensions();
  const seen = (begin: number, whole: number): number => Math.max(0, Math.min(whole, begin + whole * scale) - Math.max(0, begin)) / whole;
  const isThere = scale === 1 && x === 0 && y === 0;
  return { css: isThere ? "" : `translate(${x}px, ${y}px) scale(${scale})`, scale, left: 1 - seen(x, width) * seen(y, height) };
}
