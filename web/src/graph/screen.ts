/** The canvas on the screen, drawn by WebGL. */

import { drawDiscNodeHover, EdgeArrowProgram, type EdgeProgramType, NodeCircleProgram, type NodeProgramType } from "sigma/rendering";
import type { EdgeDisplayData, NodeDisplayData } from "sigma/types";
import type { Colours } from "./colours";
import { Names } from "./names";
import { type Canvas, MANY, type NodeLook, type Shown, type TieLook } from "./shown";
import { Dots, Moving, Stage, withoutTies } from "./stage";
import { Ties } from "./ties";

/** How the camera moves: at once for whoever asked for less motion. */
function moving(): { duration: number } {
  return { duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 300 };
}

/** From so many ties on, drawing all of them takes longer than a frame: then they are a picture (`ties.ts`), and move as one (`stage.ts`). */
const LARGE = 8000;

const TIES = { arrow: EdgeArrowProgram };
const NODES = { circle: NodeCircleProgram, dot: Dots };

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
  /** The camera rests: what was put off while it moved can be done. */
  rested(): void;
}

export class Screen {
  private readonly sigma: Stage;
  private readonly bare: Shown;
  private readonly ties: Ties;
  private readonly moving: Moving;
  private readonly names = new Names();
  private areTiesStale = true;
  private chosen: ReadonlySet<string> = new Set();
  private hovered: string | undefined;

  constructor(
    private readonly place: HTMLElement,
    private readonly canvas: Canvas,
    private readonly colours: Colours,
    touched: Touched,
  ) {
    this.bare = withoutTies(canvas.graph);
    const whileStill = <Given extends unknown[]>(draw: (...given: Given) => void) => (...given: Given): void => {
      if (!(this.sigma as Stage | undefined)?.held) draw(...given);
    };
    this.sigma = new Stage(this.isLarge ? this.bare : canvas.graph, place, {
      allowInvalidContainer: true,
      enableCameraRotation: false,
      // To find the tie below the pointer all ties are drawn once more; among so many nobody points at one.
      enableEdgeEvents: !this.isLarge,
      defaultDrawNodeLabel: whileStill(this.names.draw),
      defaultDrawNodeHover: whileStill(drawDiscNodeHover),
      nodeProgramClasses: NODES as unknown as Record<string, NodeProgramType<NodeLook, TieLook>>,
      edgeProgramClasses: TIES as unknown as Record<string, EdgeProgramType<NodeLook, TieLook>>,
      hideLabelsOnMove: true,
      labelRenderedSizeThreshold: 7,
      labelDensity: 1,
      labelFont: "system-ui, sans-serif",
      labelColor: { color: colours.ink },
      minEdgeThickness: 0.8,
      zIndex: true,
      nodeReducer: (ref, look) => this.node(ref, look),
      edgeReducer: (key, look) => this.tie(key, look),
    });
    this.sigma.on("beforeRender", () => this.names.begin());
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
    this.ties = new Ties(this.sigma, () => this.moving.place());
    this.moving = new Moving(this.sigma, this.ties, (isAtRest) => this.drawn(isAtRest, touched));
    this.moving.enabled = this.isLarge;
    this.sigma.on("afterProcess", () => this.stale());
    this.sigma.on("resize", () => this.stale());
    this.sigma.scheduleRender();
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
    const graph = this.isLarge ? this.bare : this.canvas.graph;
    this.moving.enabled = this.isLarge;
    if (!this.isLarge) this.ties.clear();
    // Each setting draws all anew.
    if (this.sigma.getSetting("labelColor").color !== this.colours.ink) this.sigma.setSetting("labelColor", { color: this.colours.ink });
    if (this.sigma.getGraph() === graph) this.sigma.refresh({ schedule: true });
    else this.sigma.setGraph(graph);
  }

  /** Whether the camera moves: whoever has much to draw waits until it rests. */
  get isMoving(): boolean {
    return this.moving.isMoving;
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
    this.moving.rest();
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
      type: "arrow",
      color: this.colours.line,
      hidden: !stands && focus.size > 0 && this.canvas.graph.size > 3000,
      size: look.status === "active" ? Math.min(4, 1 + look.claims / 2) : 0.8,
      zIndex: stands ? 1 : 0,
    };
  }

  private stale(): void {
    this.areTiesStale = true;
  }

  private drawn(isAtRest: boolean, touched: Touched): void {
    if (this.isLarge && (this.areTiesStale || this.ties.isElsewhere)) {
      const focus = this.focus();
      this.ties.draw(this.canvas.graph, this.colours.line, (from, to) => focus.size === 0 || focus.has(from) || focus.has(to));
      this.areTiesStale = false;
    }
    if (isAtRest) touched.rested();
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

  /** Moves one node. Among very many, to tell the graph would index all of them in each frame; its ties follow when it is put down. */
  private carry(ref: string, at: { x: number; y: number }): void {
    if (this.isLarge) {
      Object.assign(this.canvas.graph.getNodeAttributes(ref), { x: at.x, y: at.y });
      this.sigma.refresh({ partialGraph: { nodes: [ref] }, skipIndexation: true, schedule: true });
    } else this.canvas.graph.mergeNodeAttributes(ref, { x: at.x, y: at.y });
  }

  private letDrag(): void {
    let dragged: string | undefined;
    this.sigma.on("downNode", ({ node }) => {
      dragged = node;
      if (!this.sigma.getCustomBBox()) this.sigma.setCustomBBox(this.sigma.getBBox());
    });
    this.sigma.on("moveBody", ({ event }) => {
      if (dragged === undefined) return;
      this.carry(dragged, this.sigma.viewportToGraph(event));
      event.preventSigmaDefault();
      event.original.preventDefault();
    });
    const drop = (): void => {
      if (dragged !== undefined && this.isLarge) this.sigma.refresh({ schedule: true });
      dragged = undefined;
    };
    this.sigma.on("upNode", drop);
    this.sigma.on("upStage", drop);
  }
}
