/** Events that wait on the device until the hub has them. Each has its id from the start: sent twice, it is stored once. */

import type { Refusal } from "../feed/refusal";
import { Locked, type Vault } from "./vault";

export interface Entry {
  readonly id: string;
  /** Whose it is: id of the account, for names may be the same. Nobody else's session sends it. */
  readonly owner: string;
  /** What a person calls that account: `partner/account`. */
  readonly by?: string;
  /** What it is about, for the list. */
  readonly title: string;
  readonly at: string;
  readonly state: "waiting" | "sent" | "refused";
  /** The event as it is sent, to the byte; gone once the hub has it. */
  readonly body?: string;
  /** Why it still waits, or was refused. */
  readonly why?: Why;
  /** What the hub said, where it refused; the page says it in its own language. */
  readonly refusal?: Refusal;
}

export type Why = "offline" | "signed-out" | "other-account" | "busy" | "refused";

export const TAG = "hub-outbox";

interface Me {
  readonly partner: string | null;
  readonly account: string | null;
  readonly id: string | null;
}

/** Says who is signed in; undefined where the hub cannot be reached. */
export async function whoAmI(): Promise<Me | undefined> {
  try {
    const answer = await fetch("/api/v1/me", { cache: "no-store" });
    if (answer.ok) return (await answer.json()) as Me;
    return answer.status < 500 ? { partner: null, account: null, id: null } : undefined;
  } catch {
    return undefined;
  }
}

export async function entries(vault: Vault): Promise<Entry[]> {
  const all = (await vault.all("outbox")).map(([, value]) => value as Entry);
  return all.sort((one, other) => other.at.localeCompare(one.at));
}

function settled(entry: Entry, state: "sent" | "refused", refusal: Refusal = {}): Entry {
  const { body } = entry;
  const same = { id: entry.id, owner: entry.owner, title: entry.title, at: entry.at, ...(entry.by === undefined ? {} : { by: entry.by }) };
  if (state === "sent") return { ...same, state };
  return { ...same, state, ...(body === undefined ? {} : { body }), why: "refused", refusal };
}

function waiting(entry: Entry, why: Why): Entry {
  return { ...entry, state: "waiting", why };
}

async function whatItSaid(answer: Response): Promise<Refusal> {
  try {
    return (await answer.json()) as Refusal;
  } catch {
    return { detail: String(answer.status) };
  }
}

/** Tells whether an answer says that the hub has the event; a sign-in page of a network says nothing of the kind. */
async function isReceipt(answer: Response, id: string): Promise<boolean> {
  try {
    const said = (await answer.json()) as { readonly status?: unknown; readonly id?: unknown } | null;
    return (said?.status === "stored" || said?.status === "duplicate") && said.id === id;
  } catch {
    return false;
  }
}

/** Sends one; a lost answer is no harm: the same id again is recognised. What is no answer of a hub leaves it waiting. */
async function sendOne(entry: Entry): Promise<Entry> {
  let answer: Response;
  try {
    const headers = { "Content-Type": "application/cloudevents+json" };
    answer = await fetch("/api/v1/events", { method: "POST", headers, body: entry.body ?? "", cache: "no-store", redirect: "error" });
  } catch {
    return waiting(entry, "offline");
  }
  if (answer.ok) return (await isReceipt(answer, entry.id)) ? settled(entry, "sent") : waiting(entry, "offline");
  if (answer.status === 401) return waiting(entry, "signed-out");
  if (answer.status === 408 || answer.status === 429 || answer.status >= 500) return waiting(entry, "busy");
  const isOfHub = answer.headers.get("content-type")?.startsWith("application/problem+json") ?? false;
  return isOfHub ? settled(entry, "refused", await whatItSaid(answer)) : waiting(entry, "offline");
}

async function pass(vault: Vault): Promise<void> {
  const open = (await entries(vault)).filter((one) => one.state === "waiting").reverse();
  if (open.length === 0) return;
  const me = await whoAmI();
  const owner = me === undefined ? undefined : (me.id ?? "");
  for (const entry of open) {
    let after: Entry;
    if (owner === undefined) after = waiting(entry, "offline");
    else if (owner === "") after = waiting(entry, "signed-out");
    else if (owner !== entry.owner) after = waiting(entry, "other-account");
    else after = await sendOne(entry);
    // Whoever wiped the device meanwhile does not get it back.
    if ((await vault.get("outbox", entry.id)) !== undefined) await vault.put("outbox", entry.id, after);
  }
}

/**
 * Sends what waits, one page or worker at a time; does nothing while the device is locked.
 *
 * Returns whether the hub could be reached for everything, so that another try would change nothing.
 */
export async function sendWaiting(vault: Vault): Promise<boolean> {
  try {
    await navigator.locks.request(TAG, () => pass(vault));
    return !(await entries(vault)).some((one) => one.why === "offline" || one.why === "busy");
  } catch (fault) {
    if (!(fault instanceof Locked)) throw fault;
    return true;
  }
}
