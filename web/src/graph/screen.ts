/** The canvas on the screen, drawn by WebGL. */

import Sigma from "sigma";
import { EdgeArrowProgram, EdgeLineProgram, type EdgeProgramType, NodeCircleProgram, NodePointProgram, type NodeProgramType } from "sigma/rendering";
import type { EdgeDisplayData, NodeDisplayData } from "sigma/types";
import type { Colours } from "./colours";
import { type Canvas, MANY, type NodeLook, type TieLook } from "./shown";

/** How the camera moves: at once for whoever asked for less motion. */
function moving(): { duration: number } {
  return { duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 300 };
}

/** From so many ties on, drawing all of them takes longer than a frame. */
const LARGE = 8000;

/** Lines one pixel wide are drawn several times as fast as the library's usual ones. */
const TIES = { arrow: EdgeArrowProgram, line: EdgeLineProgram };
const NODES = { circle: NodeCircleProgram, dot: NodePointProgram };

const LONGEST_LABEL = 40;

/** Longer names cover others; the panel and the table have them whole. */
function short(label: string): string {
  return label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label;
}

export interface Touched {
  node(ref: string): void;
  open(ref: string): void;
  tie(key: string): void;
  nothing(): void;
}

export class Screen {
  private readonly sigma: Sigma<NodeLook, TieLook>;
  private chosen: ReadonlySet<string> = new Set();
  private hovered: string | undefined;

  constructor(
    private readonly place: HTMLElement,
    private readonly canvas: Canvas,
    private readonly colours: Colours,
    touched: Touched,
  ) {
    this.sigma = new Sigma<NodeLook, TieLook>(canvas.graph, place, {
      allowInvalidContainer: true,
      // To find the tie below the pointer all ties are drawn once more; among so many nobody points at one.
      enableEdgeEvents: canvas.graph.size <= LARGE,
      nodeProgramClasses: NODES as unknown as Record<string, NodeProgramType<NodeLook, TieLook>>,
      edgeProgramClasses: TIES as unknown as Record<string, EdgeProgramType<NodeLook, TieLook>>,
      hideLabelsOnMove: true,
      labelRenderedSizeThreshold: 7,
      labelDensity: 0.6,
      labelFont: "system-ui, sans-serif",
      labelColor: { color: colours.ink },
      minEdgeThickness: 0.8,
      zIndex: true,
      nodeReducer: (ref, look) => this.node(ref, look),
      edgeReducer: (key, look) => this.tie(key, look),
    });
    this.sigma.on("clickNode", ({ node }) => touched.node(node));
    this.sigma.on("doubleClickNode", (happened) => {
      happened.preventSigmaDefault();
      touched.open(happened.node);
    });
    this.sigma.on("clickEdge", ({ edge }) => touched.tie(edge));
    this.sigma.on("clickStage", () => touched.nothing());
    this.sigma.on("enterNode", ({ node }) => this.hover(node));
    this.sigma.on("leaveNode", () => this.hover(undefined));
    this.letDrag();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      colours.read();
      this.redraw();
    });
  }

  /** Shows some nodes as chosen: their ties stand out, all else steps back. */
  choose(refs: Iterable<string>): void {
    this.chosen = new Set(refs);
    this.redraw();
  }

  redraw(): void {
    this.sigma.setSetting("labelColor", { color: this.colours.ink });
    this.sigma.setSetting("hideEdgesOnMove", this.isLarge);
    this.sigma.refresh();
  }

  /** Moves the camera to a node. */
  show(ref: string): void {
    const at = this.sigma.getNodeDisplayData(ref);
    if (at !== undefined) void this.sigma.getCamera().animate({ x: at.x, y: at.y, ratio: 0.4 }, moving());
  }

  whole(): void {
    void this.sigma.getCamera().animatedReset(moving());
  }

  zoom(factor: number): void {
    const camera = this.sigma.getCamera();
    camera.setState({ ratio: camera.getState().ratio * factor });
  }

  /** Returns the layers as they are drawn now. */
  layers(): HTMLCanvasElement[] {
    this.sigma.refresh();
    return [...this.place.querySelectorAll("canvas")].filter((one) => !one.classList.contains("sigma-mouse"));
  }

  private node(ref: string, look: NodeLook): Partial<NodeDisplayData> {
    const near = this.isNear(ref);
    return {
      type: this.canvas.graph.order > MANY ? "dot" : "circle",
      x: look.x,
      y: look.y,
      size: look.size,
      label: near ? short(look.label) : "",
      hidden: look.hidden,
      color: near ? this.colours.of(look) : this.colours.line,
      highlighted: this.chosen.has(ref) || look.fixed,
      forceLabel: this.chosen.has(ref),
      zIndex: near ? 1 : 0,
    };
  }

  private tie(key: string, look: TieLook): Partial<EdgeDisplayData> {
    const [from, to] = this.canvas.graph.extremities(key);
    const focus = this.focus();
    const stands = focus.size === 0 || focus.has(from) || focus.has(to);
    return {
      type: this.isLarge ? "line" : "arrow",
      color: this.colours.line,
      hidden: !stands && focus.size > 0 && this.canvas.graph.size > 3000,
      size: look.status === "active" ? Math.min(4, 1 + look.claims / 2) : 0.8,
      zIndex: stands ? 1 : 0,
    };
  }

  private get isLarge(): boolean {
    return this.canvas.graph.size > LARGE;
  }

  private focus(): ReadonlySet<string> {
    return this.hovered === undefined ? this.chosen : new Set([this.hovered]);
  }

  private isNear(ref: string): boolean {
    const focus = this.focus();
    if (focus.size === 0 || focus.has(ref)) return true;
    for (const one of focus) if (this.canvas.graph.hasNode(one) && this.canvas.graph.areNeighbors(one, ref)) return true;
    return false;
  }

  private hover(ref: string | undefined): void {
    // To look at every tie once more takes longer than a frame; then only what is chosen stands out.
    if (this.isLarge) return;
    this.hovered = ref;
    this.sigma.refresh({ skipIndexation: true });
  }

  private letDrag(): void {
    let dragged: string | undefined;
    this.sigma.on("downNode", ({ node }) => {
      dragged = node;
      if (!this.sigma.getCustomBBox()) this.sigma.setCustomBBox(this.sigma.getBBox());
    });
    this.sigma.on("moveBody", ({ event }) => {
      if (dragged === undefined) return;
      const at = this.sigma.viewportToGraph(event);
      this.canvas.graph.mergeNodeAttributes(dragged, { x: at.x, y: at.y });
      event.preventSigmaDefault();
      event.original.preventDefault();
    });
    const drop = (): void => {
      dragged = undefined;
    };
    this.sigma.on("upNode", drop);
    this.sigma.on("upStage", drop);
  }
}
