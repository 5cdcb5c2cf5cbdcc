/** Makes `/explore` a canvas. Without it the same page is a table and a form. */

import { follow } from "../feed/follow";
import { ask, type GraphPart, type Groups, type Introductions, type Question, Refused } from "../graph/api";
import { Colours, type Colouring } from "../graph/colours";
import { Layout } from "../graph/layout";
import { type Names, Panel } from "../graph/panel";
import { png, save, svg } from "../graph/pictures";
import { Screen } from "../graph/screen";
import { Canvas } from "../graph/shown";

const MORE = 500;
const FRAME_MILLISECONDS = 900;
const SETTLE_MILLISECONDS = 400;

function part<Kind extends HTMLElement>(name: string): Kind {
  const found = document.querySelector<Kind>(`[data-explore="${name}"]`);
  if (found === null) throw new Error(`The page lacks ${name}.`);
  return found;
}

class Explorer {
  private readonly canvas = new Canvas();
  private readonly colours = new Colours();
  private readonly screen: Screen;
  private readonly layout: Layout;
  private readonly panel: Panel;
  private readonly state = part("state");
  private readonly form = part<HTMLFormElement>("form");
  private readonly day = part<HTMLInputElement>("day");
  private start: string | undefined;
  private play: number | undefined;
  private sliding: number | undefined;
  private renewing: number | undefined;
  private readonly waiting = new Set<string>();

  constructor(names: { kinds: Names; ties: Names }) {
    this.panel = new Panel(part("panel"), names, {
      expand: (ref, ties) => void this.tell(() => this.expand(ref, ties)),
      hide: (ref) => this.act(() => this.canvas.hide(ref)),
      pin: (ref) => this.canvas.pin(ref),
      from: (ref) => {
        this.start = ref;
        this.say("Now choose where the path is to lead.");
      },
    });
    this.screen = new Screen(part("canvas"), this.canvas, this.colours, {
      node: (ref) => void this.tell(() => this.choose(ref)),
      open: (ref) => void this.tell(() => this.expand(ref)),
      tie: (key) => {
        const [from = "", kind = "", to = ""] = key.split("\n");
        this.screen.choose([from, to]);
        void this.tell(() => this.panel.tie(from, kind, to, this.moment));
      },
      nothing: () => {
        this.screen.choose([]);
        this.panel.clear();
      },
    });
    this.layout = new Layout(this.canvas.graph, () => this.screen.redraw());
    this.listen();
  }

  async begin(): Promise<void> {
    const found = await ask<GraphPart>("/graph", this.question);
    this.canvas.add(found);
    this.layout.run();
    this.screen.redraw();
    this.count(found.truncated);
    this.followChanges();
  }

  private get question(): Question {
    const asked = new FormData(this.form);
    const many = (name: string): string[] => asked.getAll(name).map(String).filter(Boolean);
    return {
      about: many("about"),
      hops: many("hops")[0],
      kinds: many("kinds"),
      country: many("country")[0],
      limit: many("limit")[0] ?? MORE,
      ...this.moment,
    };
  }

  private get moment(): { as_of?: string } {
    return this.day.value === "" ? {} : { as_of: this.day.value };
  }

  private async choose(ref: string): Promise<void> {
    if (this.start !== undefined && this.start !== ref) return this.path(this.start, ref);
    this.screen.choose([ref]);
    await this.panel.node(ref, this.moment);
  }

  private async expand(ref: string, ties?: string): Promise<void> {
    const found = await ask<GraphPart>("/graph", { about: [ref], hops: 1, ties, limit: MORE, ...this.moment });
    const added = this.canvas.add(found, ref);
    this.layout.run();
    this.count(found.truncated, added === 0 ? "All of that is shown already." : `${added} more.`);
  }

  private async path(from: string, to: string): Promise<void> {
    this.start = undefined;
    const found = await ask<Introductions>("/graph/paths", { from, to, k: 3 });
    const first = found.paths[0];
    if (first === undefined) return this.say("There is no way of introduction between these two that you may see.");
    const refs = first.nodes.map((one) => one.ref);
    this.canvas.add(await ask<GraphPart>("/graph", { about: refs, hops: 0, limit: MORE, ...this.moment }));
    this.layout.run();
    this.screen.choose(refs);
    this.say(`${found.paths.length} ways; the first has ${first.steps.length} steps.`);
  }

  private listen(): void {
    const on = (name: string, act: () => void | Promise<void>): void =>
      part(name).addEventListener("click", () => void this.tell(async () => act()));
    on("undo", () => this.act(() => this.canvas.undo()));
    on("whole", () => this.screen.whole());
    on("nearer", () => this.screen.zoom(0.7));
    on("farther", () => this.screen.zoom(1.4));
    on("arrange", () => this.layout.run());
    on("alone", () => this.showAlone());
    on("png", async () => save("solidarity.png", await png(this.screen.layers(), this.colours.ground)));
    on("svg", () => save("solidarity.svg", svg(this.canvas.graph, this.colours)));
    on("share", () => this.share());
    on("play", () => this.toggle());
    part<HTMLSelectElement>("colour").addEventListener("change", (happened) => {
      void this.tell(() => this.colour((happened.target as HTMLSelectElement).value as Colouring));
    });
    this.day.addEventListener("change", () => void this.tell(() => this.travel()));
    part<HTMLInputElement>("slide").addEventListener("input", (happened) => {
      this.lookAt(happened.target as HTMLInputElement);
      window.clearTimeout(this.sliding);
      this.sliding = window.setTimeout(() => void this.tell(() => this.travel()), SETTLE_MILLISECONDS);
    });
    part<HTMLFormElement>("search").addEventListener("submit", (happened) => {
      happened.preventDefault();
      this.search(part<HTMLInputElement>("words").value);
    });
  }

  /** Finds by label among what is shown. */
  private search(words: string): void {
    const wanted = words.trim().toLocaleLowerCase();
    const having = (text: (ref: string, label: string) => string): string | undefined =>
      wanted === "" ? undefined : this.canvas.graph.findNode((ref, look) => text(ref, look.label).toLocaleLowerCase().includes(wanted));
    const found = having((_, label) => label) ?? having((ref) => ref);
    if (found === undefined) return this.say("Nothing on the canvas is called so. The form above searches the whole graph.");
    this.screen.show(found);
    void this.tell(() => this.choose(found));
  }

  private async colour(by: Colouring): Promise<void> {
    if (by === "group") {
      const found = await ask<Groups>("/graph/communities", { limit: 100 });
      this.colours.groups = new Map(found.items.flatMap((one, at) => one.members.map((member) => [member.ref, at] as const)));
    }
    if (by === "support") this.colours.alone = await this.standings();
    this.colours.by = by;
    this.screen.redraw();
  }

  private async standings(): Promise<Map<string, number>> {
    const found = await ask<{ items: { lawyer: { ref: string }; support: number }[] }>("/graph/alone", { limit: 200 });
    return new Map(found.items.map((one) => [one.lawyer.ref, one.support]));
  }

  private async showAlone(): Promise<void> {
    const alone = [...(await this.standings()).keys()].slice(0, 50);
    if (alone.length === 0) return this.say("Nobody under threat stands alone, as far as you may see.");
    this.canvas.add(await ask<GraphPart>("/graph", { about: alone, hops: 1, limit: MORE, ...this.moment }));
    part<HTMLSelectElement>("colour").value = "support";
    await this.colour("support");
    this.layout.run();
    this.screen.choose(alone);
    this.say(`${alone.length} lawyers under threat, those first whom the least support reaches.`);
  }

  /** Takes the day of the slider; its end is now, where live changes flow in. */
  private lookAt(slide: HTMLInputElement): void {
    this.day.value = slide.value === slide.max ? "" : dayOf(Number(slide.value));
  }

  private async travel(): Promise<void> {
    const found = await ask<GraphPart>("/graph", this.question);
    this.canvas.keep(found);
    this.layout.run();
    this.screen.redraw();
    this.count(found.truncated, this.day.value === "" ? "Now." : `As of ${this.day.value}.`);
  }

  /** Lets the days go by, a month at a time, up to today. */
  private toggle(): void {
    const slide = part<HTMLInputElement>("slide");
    const stop = (): void => {
      window.clearInterval(this.play);
      this.play = undefined;
      part("play").textContent = "Play";
    };
    if (this.play !== undefined) return stop();
    part("play").textContent = "Stop";
    if (slide.value === slide.max) slide.value = slide.min;
    this.play = window.setInterval(() => {
      if (slide.value === slide.max) return stop();
      slide.value = String(Math.min(Number(slide.max), Number(slide.value) + 30));
      this.lookAt(slide);
      void this.tell(() => this.travel());
    }, FRAME_MILLISECONDS);
  }

  /** Puts what is asked into the address: whoever opens it sees as much of it as he may. */
  private async share(): Promise<void> {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...this.question, about: this.canvas.graph.nodes().slice(0, 20) })) {
      for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== "") asked.append(name, String(one));
    }
    history.replaceState(null, "", `?${asked}`);
    await navigator.clipboard?.writeText(location.href).catch(() => undefined);
    this.say("The address of this page now leads to this view. It shows each reader what that reader may see.");
  }

  /** Lets live changes flow in: what touches a node on the canvas is asked for anew, many together. */
  private followChanges(): void {
    const note = (refs: readonly string[]): void => {
      const shown = refs.filter((ref) => this.canvas.graph.hasNode(ref));
      if (shown.length === 0 || this.day.value !== "") return;
      for (const ref of refs) this.waiting.add(ref);
      this.renewing ??= window.setTimeout(() => {
        this.renewing = undefined;
        void this.tell(() => this.renew());
      }, SETTLE_MILLISECONDS);
    };
    const all = (): void => note(this.canvas.graph.nodes());
    follow(
      part("canvas").dataset["feed"] ?? "/api/v1/feed?after=now",
      { event: ({ touches }) => note(touches), changed: all, withdrawn: all },
      { lost: () => this.say("The connection was lost; trying again."), ended: () => this.say("Not live any more. Reload the page.") },
    );
  }

  private async renew(): Promise<void> {
    const refs = [...this.waiting].slice(0, 50);
    this.waiting.clear();
    const found = await ask<GraphPart>("/graph", { about: refs, hops: 1, limit: MORE });
    const before = this.canvas.graph.order;
    const near = refs.find((ref) => this.canvas.graph.hasNode(ref));
    this.canvas.add(found, near);
    this.canvas.renew(found);
    if (this.canvas.graph.order !== before) this.layout.run();
    this.screen.redraw();
    this.count(0, "Something new came in.");
  }

  private act(change: () => void): void {
    change();
    this.screen.redraw();
    this.count(0);
  }

  private count(truncated: number, first = ""): void {
    const more = truncated > 0 ? ` ${truncated} more are not shown: ask for less, or open what matters.` : "";
    this.say(`${first} ${this.canvas.graph.order} nodes, ${this.canvas.graph.size} ties.${more}`.trim());
    part<HTMLButtonElement>("undo").disabled = !this.canvas.canUndo;
  }

  private say(text: string): void {
    this.state.textContent = text;
  }

  private async tell(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.say(error.message);
    }
  }
}

function dayOf(number: number): string {
  return new Date(number * 86_400_000).toISOString().slice(0, 10);
}

const canvas = document.querySelector<HTMLElement>('[data-explore="canvas"]');
if (canvas !== null) {
  document.documentElement.classList.add("live");
  const names = JSON.parse(canvas.dataset["names"] ?? "{}") as { kinds: Names; ties: Names };
  void new Explorer(names).begin();
}
