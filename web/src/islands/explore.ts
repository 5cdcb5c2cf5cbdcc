/** Makes `/explore` a canvas. Without it the same page is a table and a form. */

import { element, type Words, wordsOf } from "../dom";
import { follow } from "../feed/follow";
import { ask, type GraphPart, type Groups, type Introductions, type Question, Refused } from "../graph/api";
import { Colours, type Colouring } from "../graph/colours";
import { Days } from "../graph/days";
import { Layout } from "../graph/layout";
import { calledIn } from "../graph/called";
import { unpacked } from "../graph/packed";
import { Panel } from "../graph/panel";
import { png, save, svg } from "../graph/pictures";
import { Screen } from "../graph/screen";
import { addressOf, takeUp } from "../graph/sharing";
import { Canvas } from "../graph/shown";
import { Tables } from "../graph/table";
import { _, plural } from "../texts";

const MORE = 500;
const SETTLE_MILLISECONDS = 400;

function part<Kind extends HTMLElement>(name: string): Kind {
  const found = document.querySelector<Kind>(`[data-explore="${name}"]`);
  if (found === null) throw new Error(`The page lacks ${name}.`);
  return found;
}

class Explorer {
  private readonly canvas: Canvas;
  private readonly colours = new Colours();
  private readonly screen: Screen;
  private readonly layout: Layout;
  private readonly panel: Panel;
  private readonly tables: Tables;
  private readonly days: Days;
  private readonly state = part("state");
  private readonly form = part<HTMLFormElement>("form");
  private start: string | undefined;
  private renewing: number | undefined;
  private readonly waiting = new Set<string>();

  /** Shows what the page brought along. */
  constructor(
    private readonly words: Words,
    private readonly brought: GraphPart,
  ) {
    this.canvas = new Canvas(calledIn(words));
    // Before it is drawn: each node that is added to a drawing costs more.
    this.canvas.add(brought);
    this.canvas.begin();
    part<HTMLSelectElement>("colour").value = takeUp(this.canvas, location.hash);
    this.panel = new Panel(part("panel"), {
      expand: (ref, ties) => void this.tell(() => this.expand(ref, ties)),
      hide: (ref) => this.act(() => this.canvas.hide(ref)),
      pin: (ref) => {
        const pinned = this.canvas.pin(ref);
        this.act(() => undefined);
        return pinned;
      },
      isPinned: (ref) => this.canvas.isPinned(ref),
      from: (ref) => {
        this.start = ref;
        this.say(_("Now choose where the path is to lead: on the canvas, in the table, or by finding it."));
      },
    });
    const choosing = { node: (ref: string) => void this.tell(() => this.choose(ref)), tie: (key: string) => this.read(key) };
    this.screen = new Screen(part("canvas"), this.canvas, this.colours, {
      ...choosing,
      open: (ref) => void this.tell(() => this.expand(ref)),
      nothing: () => {
        this.screen.choose([]);
        this.panel.clear();
      },
      rested: () => this.layout.catchUp(),
    });
    const isBusy = (): boolean => this.screen.isMoving;
    this.layout = new Layout(this.canvas.graph, isBusy, () => performance.mark("settled"));
    const places = { nodes: part("nodes"), ties: part("ties"), whole: part<HTMLDetailsElement>("table") };
    this.tables = new Tables(places, this.canvas, words, choosing);
    this.days = new Days(part("slide"), part("day"), part("play"), () => void this.tell(() => this.travel()));
    this.listen();
  }

  async begin(): Promise<void> {
    this.count(this.brought.truncated);
    performance.mark("drawn");
    const by = part<HTMLSelectElement>("colour").value as Colouring;
    if (by !== this.colours.by) await this.tell(() => this.colour(by));
    this.layout.run();
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
      ...this.days.moment,
    };
  }

  private async choose(ref: string): Promise<void> {
    if (this.start !== undefined && this.start !== ref) return this.path(this.start, ref);
    this.screen.choose([ref]);
    await this.panel.node(ref, this.days.moment);
  }

  private read(key: string): void {
    const [from = "", kind = "", to = ""] = key.split("\n");
    this.screen.choose([from, to]);
    void this.tell(() => this.panel.tie(from, kind, to, this.days.moment));
  }

  private async expand(ref: string, ties?: string, limit = MORE): Promise<void> {
    const found = await ask<GraphPart>("/graph", { about: [ref], hops: 1, ties, limit, ...this.days.moment });
    const added = this.canvas.add(found, ref);
    this.layout.run();
    this.panel.offer(found.truncated, () => void this.tell(() => this.expand(ref, ties, limit + MORE)));
    this.count(found.truncated, added === 0 ? _("All of that is shown already.") : plural("%(n)s more.", "%(n)s more.", added));
  }

  private async path(from: string, to: string): Promise<void> {
    this.start = undefined;
    const found = await ask<Introductions>("/graph/paths", { from, to, k: 3 });
    const first = found.paths[0];
    if (first === undefined) return this.say(_("There is no way of introduction between these two that you may see."));
    const refs = first.nodes.map((one) => one.ref);
    this.canvas.add(await ask<GraphPart>("/graph", { about: refs, hops: 0, limit: MORE, ...this.days.moment }));
    this.layout.run();
    this.screen.choose(refs);
    const ways = plural("%(n)s way was found.", "%(n)s ways were found.", found.paths.length);
    this.count(0, `${ways} ${plural("The first has %(n)s step.", "The first has %(n)s steps.", first.steps.length)}`);
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
    part<HTMLSelectElement>("colour").addEventListener("change", (happened) => {
      void this.tell(() => this.colour((happened.target as HTMLSelectElement).value as Colouring));
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
    const found = having((_ref, label) => label) ?? having((ref) => ref);
    if (found === undefined) return this.say(_("Nothing on the canvas is called so. The form above searches the whole graph."));
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
    this.explain();
  }

  /** Says what the colours mean: nobody should have to guess. */
  private explain(): void {
    const kinds = new Set(this.canvas.graph.mapNodes((_ref, look) => look.kind));
    const rows = this.colours.key(kinds, this.words).map(([colour, meaning]) => {
      const row = element("li");
      const dot = element("span");
      dot.style.background = colour;
      row.append(dot, meaning);
      return row;
    });
    part("key").replaceChildren(...rows);
  }

  private async standings(): Promise<Map<string, number>> {
    const found = await ask<{ items: { lawyer: { ref: string }; support: number }[] }>("/graph/alone", { limit: 200 });
    return new Map(found.items.map((one) => [one.lawyer.ref, one.support]));
  }

  private async showAlone(): Promise<void> {
    const alone = [...(await this.standings()).keys()].slice(0, 50);
    if (alone.length === 0) return this.say(_("Nobody under threat stands alone, as far as you may see."));
    this.canvas.add(await ask<GraphPart>("/graph", { about: alone, hops: 1, limit: MORE, ...this.days.moment }));
    part<HTMLSelectElement>("colour").value = "support";
    await this.colour("support");
    this.layout.run();
    this.screen.choose(alone);
    const first = plural("%(n)s lawyer under threat.", "%(n)s lawyers under threat, those first whom the least support reaches.", alone.length);
    this.count(0, first);
  }

  private async travel(): Promise<void> {
    const found = await ask<GraphPart>("/graph", this.question);
    this.canvas.keep(found);
    this.layout.run();
    this.screen.redraw();
    const { as_of: day } = this.days.moment;
    this.count(found.truncated, day === undefined ? _("Now.") : _("As of %(day)s.", { day }));
  }

  /** Puts what is asked into the address: whoever opens it sees as much of it as he may. */
  private async share(): Promise<void> {
    history.replaceState(null, "", addressOf(this.canvas, this.question, this.colours.by));
    await navigator.clipboard?.writeText(location.href).catch(() => undefined);
    this.say(_("The address of this page now leads to this view. It shows each reader what that reader may see."));
  }

  /** Lets live changes flow in: what touches a node on the canvas is asked for anew, many together. */
  private followChanges(): void {
    const note = (refs: readonly string[]): void => {
      const shown = refs.filter((ref) => this.canvas.graph.hasNode(ref));
      if (shown.length === 0 || !this.days.isNow) return;
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
      {
        lost: () => this.say(_("The connection was lost; trying again.")),
        ended: () => this.say(_("Not live any more. Reload the page.")),
      },
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
    this.count(0, _("Something new came in."));
  }

  private act(change: () => void): void {
    change();
    this.screen.redraw();
    this.count(0);
  }

  private count(truncated: number, first = ""): void {
    const { order, size } = this.canvas.graph;
    const said = [
      first,
      plural("%(n)s node.", "%(n)s nodes.", order),
      plural("%(n)s tie.", "%(n)s ties.", size),
      truncated > 0 ? plural("%(n)s more node is not shown: ask for less, or open what matters.", "%(n)s more nodes are not shown: ask for less, or open what matters.", truncated) : "",
    ];
    this.say(said.filter(Boolean).join(" "));
    part<HTMLButtonElement>("undo").disabled = !this.canvas.canUndo;
    this.tables.renew();
    this.explain();
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

const brought = document.querySelector<HTMLTemplateElement>("template[data-graph]");
if (brought !== null) {
  document.documentElement.classList.add("live");
  void new Explorer(wordsOf(document), unpacked(brought.content.textContent ?? "{}")).begin();
}
