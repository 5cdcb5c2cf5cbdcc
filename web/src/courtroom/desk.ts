/** The notes form of the courtroom page: reads and writes what stands on it. */

import { element } from "../dom";
import { _ } from "../texts";
import type { Hearing } from "./hearings";
import { clock, isHeld, type Line, type Notes, phrases, stamp } from "./notes";

function must<Kind extends Element>(selector: string): Kind {
  const found = document.querySelector<Kind>(selector);
  if (found === null) throw new Error(selector);
  return found;
}

/** Shows one set of notes; tells `changed` when anything on it is. */
export class Desk {
  private readonly form = must<HTMLFormElement>("[data-notes]");
  private readonly log = must<HTMLOListElement>("[data-log]");
  private lines: Line[] = [];
  private times: { started?: string; ended?: string } = {};
  private id = crypto.randomUUID() as string;

  constructor(private readonly changed: () => void) {
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("change", () => {
      this.settle();
      this.changed();
    });
    // Enter in a field must not send the report.
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
      event.preventDefault();
      if (event.target.id === "line") this.addLine();
    });
    must("[data-add-line]").addEventListener("click", () => this.addLine());
    must("[data-add-right]").addEventListener("click", () => this.addRight());
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-now]")) {
      button.addEventListener("click", () => this.now(button.dataset["now"] as "started" | "ended"));
    }
    this.offerPhrases();
    this.settle();
  }

  get current(): string {
    return this.id;
  }

  get isEmpty(): boolean {
    return this.lines.length === 0 && this.fields().every(([name]) => name === "status") && Object.keys(this.times).length === 0;
  }

  private fields(): [string, string][] {
    return [...new FormData(this.form)].flatMap(([name, value]) =>
      typeof value === "string" && value !== "" ? [[name, value] as [string, string]] : [],
    );
  }

  read(owner: string): Notes {
    const select = must<HTMLSelectElement>("#hearing");
    const other = must<HTMLInputElement>("[name=other]").value.trim();
    const title = other || (select.value === "" ? _("No hearing chosen yet") : (select.selectedOptions[0]?.text ?? ""));
    return { id: this.id, owner, at: new Date().toISOString(), title, fields: this.fields(), lines: this.lines, ...this.times };
  }

  write(notes: Notes | undefined): void {
    this.form.reset();
    this.id = notes?.id ?? crypto.randomUUID();
    this.lines = [...(notes?.lines ?? [])];
    this.times = {
      ...(notes?.started === undefined ? {} : { started: notes.started }),
      ...(notes?.ended === undefined ? {} : { ended: notes.ended }),
    };
    for (const [name, value] of notes?.fields ?? []) this.fill(name, value, notes?.title ?? value);
    this.settle();
    this.showLines();
  }

  private fill(name: string, value: string, title: string): void {
    for (const one of this.form.querySelectorAll<HTMLInputElement>(`[name="${CSS.escape(name)}"]`)) {
      if (one.type === "checkbox") one.checked ||= one.value === value;
      else {
        // A hearing that is no longer near is still the one of these notes.
        if (name === "hearing" && one.value !== value) this.offer([{ ref: value, label: title, starts: "" }], true);
        one.value = value;
      }
    }
  }

  /** Shows the hearings that can be chosen, and keeps the one that is. */
  offer(hearings: readonly Hearing[], isMore = false): void {
    const select = must<HTMLSelectElement>("#hearing");
    const chosen = select.value;
    const known = new Set([...select.options].map((one) => one.value));
    const fresh = hearings.filter((one) => !isMore || !known.has(one.ref)).map(({ ref, label, starts }) => {
      const option = element("option", starts === "" ? label : `${starts} · ${label}`);
      option.value = ref;
      return option;
    });
    const before = [...select.options].filter((one) => isMore || one.value === "" || (one.value === chosen && !hearings.some(({ ref }) => ref === chosen)));
    select.replaceChildren(...before, ...fresh);
    select.value = chosen;
  }

  private settle(): void {
    const held = isHeld(must<HTMLSelectElement>("#status").value);
    for (const one of document.querySelectorAll<HTMLElement>("[data-held]")) one.hidden = !held;
    for (const one of document.querySelectorAll<HTMLElement>("[data-not-held]")) one.hidden = held;
    for (const name of ["started", "ended"] as const) {
      must(`[data-time=${name}]`).textContent = this.times[name] === undefined ? "" : clock(this.times[name]);
    }
  }

  private now(name: "started" | "ended"): void {
    this.times = { ...this.times, [name]: stamp(new Date()) };
    this.settle();
    this.changed();
  }

  private add(line: Line): void {
    this.lines.push(line);
    this.showLines();
    this.changed();
  }

  private addLine(): void {
    const input = must<HTMLInputElement>("#line");
    const text = input.value.trim();
    if (text !== "") this.add({ at: stamp(new Date()), text });
    input.value = "";
    input.focus();
  }

  private addRight(): void {
    const [right, rating] = [must<HTMLSelectElement>("#right"), must<HTMLSelectElement>("#rating")];
    const seen = must<HTMLInputElement>("#seen");
    if (right.value === "") return;
    const text = seen.value.trim() || `${right.selectedOptions[0]?.text ?? ""}: ${rating.selectedOptions[0]?.text ?? ""}`;
    this.add({ at: stamp(new Date()), text, right: right.value, rating: rating.value });
    seen.value = right.value = "";
  }

  private offerPhrases(): void {
    const buttons = phrases().map(({ text, right, rating }) => {
      const button = element("button", text, "quiet phrase");
      button.type = "button";
      button.dataset["rating"] = rating;
      button.addEventListener("click", () => this.add({ at: stamp(new Date()), text, right, rating }));
      return button;
    });
    must("[data-phrases]").replaceChildren(...buttons);
  }

  private showLines(): void {
    must<HTMLElement>("[data-log-none]").hidden = this.lines.length > 0;
    this.log.replaceChildren(
      ...this.lines.map((line) => {
        const made = element("li");
        const moment = element("time", clock(line.at));
        moment.dateTime = line.at;
        const said = element("span", line.text);
        said.dir = "auto";
        const gone = element("button", _("Remove"), "quiet");
        gone.type = "button";
        gone.setAttribute("aria-label", _("Remove: %(text)s", { text: line.text }));
        gone.addEventListener("click", () => {
          this.lines = this.lines.filter((one) => one !== line);
          this.showLines();
          this.changed();
        });
        made.append(moment, " ", said, " ", gone);
        return made;
      }),
    );
  }

  refuse(text: string): void {
    const place = must<HTMLElement>("[data-wrong]");
    place.textContent = text;
    place.hidden = text === "";
    if (text !== "") must<HTMLElement>("#hearing").focus();
  }
}
