/** A form to publish by: keeps what is typed on the device, adds rows in place, and says who would read it. */

import { Vault } from "../courtroom/vault";
import { keepDraft } from "../publish/drafts";
import { pickers } from "../publish/pickers";
import { _ } from "../texts";

const PAUSE_MS = 700;

function fieldsOf(form: HTMLFormElement): [string, string][] {
  return [...new FormData(form)].flatMap(([name, value]) => (typeof value === "string" && value !== "" ? [[name, value] as [string, string]] : []));
}

async function answered(form: HTMLFormElement, act: string): Promise<Document> {
  const body = new URLSearchParams([...fieldsOf(form), ["act", act]]);
  const answer = await fetch(form.action, { method: "POST", body });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

class Filled {
  private vault: Vault | undefined;
  private waiting: number | undefined;
  private asked = 0;
  private isSent = false;

  constructor(private readonly form: HTMLFormElement) {}

  async begin(): Promise<void> {
    pickers(this.form);
    document.querySelector<HTMLElement>("[data-focus]")?.focus();
    this.form.addEventListener("input", () => this.later());
    this.form.addEventListener("change", () => this.later());
    this.form.addEventListener("click", (event) => this.press(event));
    try {
      this.vault = await Vault.open();
      this.say(this.vault.isLocked ? _("No draft is kept: this device is locked by a passphrase. Unlock it in courtroom mode.") : "");
    } catch {
      this.say(_("This browser keeps no drafts."));
    }
    // Another browser's clock may not run at all: what was shown stays true only for what was checked.
    addEventListener("pagehide", () => void (this.isSent || this.keep()));
    addEventListener("pageshow", () => { this.isSent = false; });
    // Kept now and not when the page goes: the next one drops the draft of what was published.
    this.form.addEventListener("submit", () => { this.isSent = true; void this.keep(); });
  }

  private say(text: string): void {
    const place = this.form.querySelector<HTMLElement>("[data-draft-state]");
    if (place !== null) place.textContent = text;
  }

  private later(): void {
    this.stale();
    clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => {
      void this.keep();
      void this.look();
    }, PAUSE_MS);
  }

  /** Takes away the button that publishes: what it showed is not what stands here now. */
  private stale(): void {
    this.form.querySelector(".ready")?.remove();
  }

  private name(): string {
    const input = this.form.elements.namedItem("id") as HTMLInputElement;
    if (input.value === "") input.value = `form-${crypto.randomUUID()}`;
    return input.value;
  }

  private async keep(): Promise<void> {
    if (this.vault === undefined || this.vault.isLocked) return;
    const id = this.name();
    const at = new Date().toISOString();
    const title = document.querySelector("h1")?.textContent ?? "";
    const { owner } = this.form.dataset;
    await keepDraft(this.vault, { id, owner: owner ?? "", action: new URL(this.form.action).pathname, title, at, fields: fieldsOf(this.form) });
    const time = new Date(at).toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
    this.say(_("Kept on this device at %(time)s. Nothing was sent.", { time }));
  }

  private async look(): Promise<void> {
    const place = this.form.querySelector<HTMLElement>("[data-preview]");
    if (place === null) return;
    this.asked += 1;
    const mine = this.asked;
    try {
      const shown = await answered(this.form, "check");
      if (mine !== this.asked) return;
      const ready = shown.querySelector(".readers");
      place.replaceChildren(...(ready === null ? [] : [...(ready.parentElement?.querySelectorAll(".readers, .readers ~ .help:not(:last-child)") ?? [])]));
    } catch {
      place.replaceChildren();
    }
  }

  private press(event: Event): void {
    const button = event.target instanceof HTMLElement ? event.target.closest<HTMLButtonElement>("button[name=act]") : null;
    if (button === null || !/^(add|remove) /.test(button.value)) return;
    event.preventDefault();
    void this.change(button.value);
  }

  /** Lets the hub write the form anew with one row more or less, and keeps the place. */
  private async change(act: string): Promise<void> {
    let shown: Document;
    try {
      shown = await answered(this.form, act);
    } catch {
      this.say(_("The hub cannot be reached. Try again in a moment."));
      return;
    }
    const fresh = shown.querySelector(".sheet");
    const sheet = this.form.querySelector(".sheet");
    if (fresh === null || sheet === null) return;
    const before = new Set([...sheet.querySelectorAll<HTMLElement>("[id]")].map((one) => one.id));
    const open = new Set([...sheet.querySelectorAll<HTMLElement>("details[open]")].map((one) => one.id));
    sheet.replaceWith(fresh);
    for (const one of fresh.querySelectorAll<HTMLDetailsElement>("details")) if (open.has(one.id)) one.open = true;
    pickers(fresh);
    const place = act.slice(act.indexOf(" ") + 1).replaceAll("/", ".");
    const inputs = [...fresh.querySelectorAll<HTMLElement>("input, select, textarea")];
    const made = inputs.find((one) => one.id !== "" && !before.has(one.id));
    const list = fresh.querySelector<HTMLElement>(`[id="${CSS.escape(place.replace(/\.\d+$/, ""))}"] button[name=act]`);
    (made ?? list)?.focus();
    this.later();
  }
}

const form = document.querySelector<HTMLFormElement>("form[data-form]");
if (form !== null) void new Filled(form).begin();
