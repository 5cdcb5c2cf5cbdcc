/**
 * Lets the courtroom page open without network, and sends what waits when the network is back.
 *
 * It keeps that one page, which names no account, and the scripts and styles that it needs. It never keeps an answer of
 * the hub's interface, and no other page: those always come from the hub, for whoever is signed in now.
 */

import { sendWaiting, TAG } from "./courtroom/outbox";
import { Vault } from "./courtroom/vault";

interface Extended extends Event {
  waitUntil(what: Promise<unknown>): void;
}

interface Fetched extends Extended {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

interface Synced extends Extended {
  readonly tag: string;
}

interface Told extends Extended {
  readonly data: { readonly keep?: readonly string[]; readonly wipe?: true };
  readonly ports: readonly MessagePort[];
}

interface Worker {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(name: "install" | "activate", act: (event: Extended) => void): void;
  addEventListener(name: "fetch", act: (event: Fetched) => void): void;
  addEventListener(name: "sync", act: (event: Synced) => void): void;
  addEventListener(name: "message", act: (event: Told) => void): void;
}

const worker = self as unknown as Worker;

const CACHE = "hub-courtroom-1";
const PAGE = "/courtroom";
const PATIENCE_MS = 4000;

/** Tells whether the courtroom page needs it: its scripts, styles, pictures and texts. Nothing of these differs by reader. */
function isPart(path: string): boolean {
  return path.startsWith("/static/") || path.startsWith("/texts/") || path === "/hub.webmanifest";
}

/** What was on its way when the device was wiped must not come back after it. */
let isWiped = false;

async function put(address: string, answer: Response): Promise<void> {
  if (isWiped) return;
  await (await caches.open(CACHE)).put(address, answer);
  if (isWiped) await caches.delete(CACHE);
}

/** Keeps one part; returns whether it is kept. */
async function keep(address: string): Promise<boolean> {
  const answer = await fetch(address, { cache: "reload" });
  if (!answer.ok || answer.redirected) return false;
  await put(address, answer);
  return !isWiped;
}

async function kept(path: string): Promise<Response | undefined> {
  // To open a cache would make one where none is.
  return caches.match(path, { cacheName: CACHE, ignoreVary: true });
}

/** Answers from the hub; where it cannot be reached, or is too slow, what was kept. */
async function freshOrKept(request: Request, path: string): Promise<Response> {
  const before = await kept(path);
  if (before === undefined) return fetch(request);
  const fresh = fetch(request);
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(before), PATIENCE_MS));
  try {
    const answer = await Promise.race([fresh, late]);
    if (answer !== before && answer.ok && !answer.redirected) await put(path, answer.clone());
    return answer.status >= 500 ? before : answer;
  } catch {
    return before;
  } finally {
    fresh.catch(() => undefined);
  }
}

/** Sends what waits; fails where the hub was not reached, so that the browser calls again. */
async function send(): Promise<void> {
  const vault = await Vault.open();
  try {
    if (!vault.isLocked && !(await sendWaiting(vault))) throw new Error("not reached");
  } finally {
    vault.close();
  }
}

worker.addEventListener("install", (event) => event.waitUntil(keep(PAGE).then(() => worker.skipWaiting())));

worker.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((one) => one !== CACHE).map((one) => caches.delete(one))));
  event.waitUntil(old.then(() => worker.clients.claim()));
});

worker.addEventListener("message", (event) => {
  isWiped = event.data.wipe === true;
  if (isWiped) {
    event.waitUntil(caches.delete(CACHE));
    return;
  }
  const parts = (event.data.keep ?? []).filter((one) => one === PAGE || isPart(one));
  const all = Promise.all(parts.map((one) => keep(one).catch(() => false)));
  event.waitUntil(all.then((kept) => event.ports[0]?.postMessage(kept.every((one) => one))));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== worker.location.origin) return;
  const isPage = request.mode === "navigate" && address.pathname === PAGE;
  if (isPage || (request.mode !== "navigate" && isPart(address.pathname))) {
    event.respondWith(freshOrKept(request, address.pathname));
  }
});

worker.addEventListener("sync", (event) => {
  if (event.tag === TAG) event.waitUntil(send());
});
