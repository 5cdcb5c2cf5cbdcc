/** Courtroom mode: notes at a hearing that are kept on the device, and sent when the network is back. */

import { Desk } from "../courtroom/desk";
import { fetchHearings, keptHearings } from "../courtroom/hearings";
import { eventOf, hearingOf, isHeld, type Notes, stamp } from "../courtroom/notes";
import { type Entry, entries, sendWaiting, TAG, whoAmI } from "../courtroom/outbox";
import { Vault, wipe } from "../courtroom/vault";
import { element, wordsOf } from "../dom";
import type { Refusal } from "../feed/refusal";
import { _ } from "../texts";

const PAUSE_MS = 400;
const AGAIN_MS = 20_000;
const NOTES = "notes ";
const ME = "me";

interface Kept {
  readonly partner: string;
  readonly account: string;
  readonly id: string;
}

function place<Kind extends HTMLElement>(selector: string): Kind {
  const found = document.querySelector<Kind>(selector);
  if (found === null) throw new Error(selector);
  return found;
}

function when(at: string): string {
  return new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
}

/** What the hub said is told by the words that the page brings along for its codes; a place stands before each. */
function saidOf({ type, detail, errors }: Refusal): string {
  const words = wordsOf(document);
  if (errors === undefined || errors.length === 0) return words.get(type ?? "") ?? detail ?? "";
  return errors.map((one) => `${one.pointer.replace("/data/", "")}: ${words.get(one.code) ?? one.detail}`).join(" ");
}

function whyOf(entry: Entry): string {
  if (entry.state === "sent") return _("Sent: the hub has it.");
  if (entry.why === "signed-out") return _("Waits: you are not signed in. Sign in, and it is sent.");
  if (entry.why === "other-account") return _("Waits: it was written by %(owner)s. Only that account sends it.", { owner: entry.by ?? entry.owner });
  if (entry.why === "busy") return _("Waits: the hub is busy. It is tried again.");
  if (entry.state === "refused") return _("Refused by the hub: %(said)s", { said: saidOf(entry.refusal ?? {}) });
  if (!("SyncManager" in window)) return _("Waits for the network. It is sent when there is network and this page is open.");
  return _("Waits for the network. It is sent by itself.");
}

class Courtroom {
  private readonly desk: Desk;
  private waiting: number | undefined;
  private me: Kept | undefined;
  isWiped = false;

  constructor(private readonly vault: Vault) {
    this.desk = new Desk(() => this.later());
  }

  private get owner(): string {
    return this.me?.id ?? "";
  }

  private get name(): string {
    return this.me === undefined ? "" : `${this.me.partner}/${this.me.account}`;
  }

  async begin(): Promise<void> {
    this.listen();
    if (!this.vault.isLocked) {
      await this.enter();
      return;
    }
    place("[data-unlock]").hidden = false;
    this.state();
    place("[data-unlock-form]").addEventListener("submit", (event) => {
      event.preventDefault();
      const input = place<HTMLInputElement>("#passphrase");
      void this.vault.unlock(input.value).then((isRight) => {
        place("[data-unlock-wrong]").hidden = isRight;
        input.value = "";
        if (isRight) void this.enter();
      });
    });
  }

  private async enter(): Promise<void> {
    place("[data-unlock]").hidden = true;
    place("[data-desk]").hidden = false;
    const me = (await this.vault.get("kept", ME)) as Partial<Kept> | undefined;
    // Whom an older page kept has a name alone, which others may have too: nobody, until somebody is signed in.
    this.me = me?.id === undefined ? undefined : (me as Kept);
    this.desk.offer(await keptHearings(this.vault, this.owner));
    const begun = (await this.begun())[0];
    if (begun !== undefined) this.desk.write(begun);
    this.protection();
    await this.show();
    await this.refresh();
    window.setInterval(() => void this.refresh(), AGAIN_MS);
  }

  private listen(): void {
    addEventListener("online", () => void this.refresh());
    addEventListener("offline", () => this.state());
    document.addEventListener("visibilitychange", () => (document.hidden ? void this.keep() : void this.refresh()));
    place("[data-notes]").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.queue();
    });
    place("[data-new]").addEventListener("click", () => void this.keep().then(() => this.fresh(undefined)));
    place("[data-send-now]").addEventListener("click", () => void this.refresh());
    place("[data-lock-form]").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.lock();
    });
  }

  /** Finds out who is signed in, takes hearings along, and sends what waits. */
  private async refresh(): Promise<void> {
    if (this.isWiped || this.vault.isLocked) return;
    const said = await whoAmI();
    if (said?.partner != null && said.account !== null && said.id != null && !this.isWiped) {
      const now = { partner: said.partner, account: said.account, id: said.id };
      const isOther = this.owner !== now.id;
      this.me = now;
      await this.vault.put("kept", ME, now);
      const hearings = await fetchHearings(this.vault, this.owner);
      if (hearings !== undefined) this.desk.offer(hearings);
      // What another account has begun is not shown to this one.
      if (isOther) this.desk.write((await this.begun())[0]);
    }
    if (!this.isWiped) await sendWaiting(this.vault);
    await this.show();
    this.state(said === undefined ? "offline" : said.partner === null ? "signed-out" : "online");
  }

  private state(how: "offline" | "signed-out" | "online" = navigator.onLine ? "online" : "offline"): void {
    const said = {
      offline: _("No network. Everything is kept on this device."),
      "signed-out": _("Network is here, but you are not signed in."),
      online: _("Network is here."),
    };
    const shown = place("[data-state]");
    shown.textContent = said[how];
    shown.dataset["state"] = how === "online" ? "live" : "lost";
    const account = place("[data-account]");
    account.dataset["tone"] = how === "signed-out" ? "care" : "";
    if (this.me === undefined) account.textContent = _("Nobody has signed in on this device yet. Sign in once while there is network: until then nothing can be sent.");
    else account.textContent = _("You write as %(owner)s.", { owner: this.name });
    if (how !== "offline" && (this.me === undefined || how === "signed-out")) {
      const way = element("a", _("Sign in"));
      way.href = "/sign-in";
      account.append(" ", way);
    }
  }

  private later(): void {
    this.desk.refuse("");
    clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => void this.keep(), PAUSE_MS);
  }

  private async keep(): Promise<void> {
    clearTimeout(this.waiting);
    if (this.isWiped || this.vault.isLocked || this.desk.isEmpty) return;
    const notes = this.desk.read(this.owner);
    await this.vault.put("drafts", NOTES + notes.id, notes);
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { timeStyle: "medium" });
    place("[data-kept]").textContent = _("Kept on this device at %(time)s.", { time });
    await this.showBegun();
  }

  private async begun(): Promise<Notes[]> {
    const all = (await this.vault.all("drafts")).filter(([id]) => id.startsWith(NOTES)).map(([, value]) => value as Notes);
    const own = all.filter((one) => one.owner === this.owner || one.owner === "");
    return own.sort((one, other) => other.at.localeCompare(one.at));
  }

  private async queue(): Promise<void> {
    await this.keep();
    const notes = this.desk.read(this.owner);
    if (hearingOf(notes) === "") {
      this.desk.refuse(_("Choose the hearing first, or write its reference."));
      return;
    }
    if (this.me === undefined) {
      this.desk.refuse(_("Sign in once while there is network: until then nothing can be sent. Your notes are kept."));
      return;
    }
    const at = stamp(new Date());
    const body = eventOf(notes, this.me.partner, at);
    const entry: Entry = { id: notes.id, owner: this.owner, by: this.name, title: notes.title, at: new Date().toISOString(), state: "waiting", body };
    await this.vault.put("outbox", entry.id, entry);
    const status = notes.fields.find(([name]) => name === "status")?.[1] ?? "";
    // A session that was put off has no place for lines: they stay here, under a name of their own.
    await this.vault.delete("drafts", NOTES + notes.id);
    if (!isHeld(status) && notes.lines.length > 0) {
      const left = { ...notes, id: crypto.randomUUID() as string };
      await this.vault.put("drafts", NOTES + left.id, left);
    }
    this.fresh(undefined);
    await this.show();
    place("[data-outbox-section] h2").scrollIntoView();
    await this.askToSync();
    await this.refresh();
  }

  /** Asks the browser to send it even if this page is closed, where it can. */
  private async askToSync(): Promise<void> {
    try {
      const ready = (await navigator.serviceWorker.ready) as ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } };
      await ready.sync?.register(TAG);
    } catch {
      // It is sent when this page is open and there is network.
    }
  }

  private fresh(notes: Notes | undefined): void {
    this.desk.write(notes);
    place("[data-kept]").textContent = "";
    void this.showBegun();
  }

  private async show(): Promise<void> {
    if (this.isWiped) return;
    const all = await entries(this.vault);
    place("[data-outbox-section]").hidden = all.length === 0;
    place("[data-send-now]").hidden = !all.some((one) => one.state === "waiting");
    place("[data-outbox]").replaceChildren(...all.map((one) => this.entry(one)));
    await this.showBegun();
  }

  private entry(one: Entry): HTMLLIElement {
    const made = element("li", undefined, "card");
    made.dataset["entry"] = one.state;
    const tag = element("span", { waiting: _("Waits"), sent: _("Sent"), refused: _("Refused") }[one.state], "tag");
    tag.dataset["tone"] = { waiting: "care", sent: "good", refused: "warn" }[one.state];
    // What another account has written is not told to this one; only that it is there, so that it can be deleted.
    const title = one.owner === this.owner ? one.title : _("Written by another account");
    made.append(tag, " ", element("strong", title), " ", element("span", when(one.at), "soft"), element("p", whyOf(one), "help"));
    if (one.state === "sent" && one.owner === this.owner) {
      const way = element("a", _("See it, correct it, withdraw it"));
      way.href = `/published/${encodeURIComponent(one.id)}`;
      made.append(way, " ");
    }
    const drop = element("button", one.state === "sent" ? _("Take it off this list") : _("Delete it: it is not sent"), "quiet");
    drop.type = "button";
    drop.addEventListener("click", () => void this.vault.delete("outbox", one.id).then(() => this.show()));
    made.append(drop);
    return made;
  }

  private async showBegun(): Promise<void> {
    const all = (await this.begun()).filter((one) => one.id !== this.desk.current);
    place("[data-begun-section]").hidden = all.length === 0;
    place("[data-begun]").replaceChildren(
      ...all.map((notes) => {
        const made = element("li", undefined, "card");
        const open = element("button", notes.title, "quiet");
        open.type = "button";
        open.addEventListener("click", () => void this.keep().then(() => this.fresh(notes)));
        const drop = element("button", _("Delete these notes"), "quiet");
        drop.type = "button";
        drop.addEventListener("click", () => void this.vault.delete("drafts", NOTES + notes.id).then(() => this.showBegun()));
        made.append(open, " ", element("span", when(notes.at), "soft"), " ", drop);
        return made;
      }),
    );
  }

  private protection(): void {
    place("[data-lock]").hidden = this.vault.hasPassphrase;
    place("[data-protection]").textContent = this.vault.hasPassphrase
      ? _("Notes and what waits are encrypted by your passphrase. Close this page to lock it.")
      : _("Notes and what waits are encrypted by a key that this browser keeps. Whoever can unlock this device and open this browser can read them. A passphrase protects better.");
  }

  private async lock(): Promise<void> {
    const input = place<HTMLInputElement>("#new");
    if (input.value.length < input.minLength) return;
    await this.keep();
    await this.vault.lockWith(input.value);
    input.value = "";
    this.protection();
  }

  /** Forgets everything, at once; then tells the hub to end the session, as soon as it can be reached. */
  async wipe(): Promise<void> {
    this.isWiped = true;
    clearTimeout(this.waiting);
    this.vault.close();
    await gone();
  }
}

async function signOut(): Promise<boolean> {
  try {
    return (await fetch("/sign-out", { method: "POST", redirect: "manual" })).type === "opaqueredirect";
  } catch {
    return false;
  }
}

async function gone(): Promise<void> {
  await wipe();
  for (const one of document.querySelectorAll<HTMLElement>("main > *")) one.hidden = true;
  for (const one of document.querySelectorAll<HTMLElement>("[data-desk], [data-unlock], .wipe")) one.remove();
  const told = place("[data-wiped]");
  told.hidden = false;
  told.focus();
  const shown = place("[data-state]");
  shown.textContent = _("Nothing is left on this device.");
  const session = place("[data-wiped-session]");
  const end = async (): Promise<void> => {
    const isOut = await signOut();
    session.textContent = isOut
      ? _("You are signed out.")
      : _("There is no network, so the hub could not be told to sign you out. Keep this page open until there is, or clear this browser's cookies.");
    if (!isOut) window.setTimeout(() => void end(), AGAIN_MS);
  };
  addEventListener("online", () => void end(), { once: true });
  await end();
}

function offerToWipe(act: () => Promise<void>): void {
  const sure = place("[data-wipe-sure]");
  const ask = place("[data-wipe]");
  ask.addEventListener("click", () => {
    sure.hidden = false;
    place("[data-wipe-yes]").focus();
  });
  place("[data-wipe-no]").addEventListener("click", () => {
    sure.hidden = true;
    ask.focus();
  });
  place("[data-wipe-yes]").addEventListener("click", () => void act());
}

/** Lets the page open without network: it and what it was made from are kept, nothing else. */
async function keepPage(room: Courtroom): Promise<void> {
  if (!("serviceWorker" in navigator) || room.isWiped) return;
  const made = await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  const { active } = await navigator.serviceWorker.ready;
  // Whoever wiped the device meanwhile does not get it back.
  if (room.isWiped) {
    await made.unregister();
    return;
  }
  const used = performance.getEntriesByType("resource").map((one) => new URL(one.name));
  const parts = [...document.querySelectorAll<HTMLLinkElement>("link[href]")].map((one) => new URL(one.href));
  const keep = [...used, ...parts].filter((one) => one.origin === location.origin).map((one) => one.pathname);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => (place("[data-offline]").hidden = data !== true);
  active?.postMessage({ keep: ["/courtroom", ...new Set(keep)] }, [port2]);
}

async function begin(): Promise<void> {
  let room: Courtroom | undefined;
  offerToWipe(() => room?.wipe() ?? gone());
  const vault = await Vault.open().catch(() => undefined);
  if (vault === undefined) {
    place("[data-state]").textContent = _("This browser keeps nothing on the device: courtroom mode does not work here.");
    return;
  }
  room = new Courtroom(vault);
  await room.begin();
  await keepPage(room).catch(() => undefined);
}

void begin();
