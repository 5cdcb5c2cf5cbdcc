/**
 * What lies on the device: IndexedDB, every record encrypted with AES-GCM.
 *
 * The key is one that the browser never gives out, or one made from a passphrase that is kept nowhere. What that
 * protects, and what not: docs/decisions/0031.
 */

export type Store = "drafts" | "outbox" | "kept";

const NAME = "hub-desk";
const STORES = ["keys", "drafts", "outbox", "kept"] as const;
const ROUNDS = 600_000;
const DEVICE = "device";
const LOCK = "lock";
const PROOF = "proof";

interface Sealed {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly body: ArrayBuffer;
}

interface Lock {
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly proof: Sealed;
}

/** The device is locked by a passphrase that nobody has typed yet. */
export class Locked extends Error {}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    for (const store of STORES) request.result.createObjectStore(store);
  };
  return done(request);
}

async function seal(key: CryptoKey, value: unknown): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(value));
  return { iv, body: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain) };
}

async function unseal(key: CryptoKey, { iv, body }: Sealed): Promise<unknown> {
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, body);
  return JSON.parse(new TextDecoder().decode(plain)) as unknown;
}

async function derived(passphrase: string, salt: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const typed = new TextEncoder().encode(passphrase.normalize("NFKC"));
  const from = await crypto.subtle.importKey("raw", typed, "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS };
  return crypto.subtle.deriveKey(how, from, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

export class Vault {
  private constructor(
    private readonly db: IDBDatabase,
    private key: CryptoKey | undefined,
    private lock: Lock | undefined,
  ) {
    db.onversionchange = () => db.close();
  }

  static async open(): Promise<Vault> {
    const db = await opened();
    const keys = db.transaction("keys").objectStore("keys");
    const [key, lock] = await Promise.all([done(keys.get(DEVICE)), done(keys.get(LOCK))]);
    const vault = new Vault(db, key as CryptoKey | undefined, lock as Lock | undefined);
    if (key === undefined && lock === undefined) await vault.begin();
    return vault;
  }

  get isLocked(): boolean {
    return this.key === undefined;
  }

  get hasPassphrase(): boolean {
    return this.lock !== undefined;
  }

  private async begin(): Promise<void> {
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    // Two pages may begin at once: the first key counts for both.
    const keys = this.db.transaction("keys", "readwrite").objectStore("keys");
    const known = (await done(keys.get(DEVICE))) as CryptoKey | undefined;
    if (known === undefined) await done(keys.put(made, DEVICE));
    this.key = known ?? made;
  }

  /** Opens what a passphrase locks; returns whether it was the right one. */
  async unlock(passphrase: string): Promise<boolean> {
    if (this.lock === undefined) return true;
    const key = await derived(passphrase, this.lock.salt);
    try {
      await unseal(key, this.lock.proof);
    } catch {
      return false;
    }
    this.key = key;
    return true;
  }

  /** Locks the device by a passphrase from now on; everything is encrypted anew. */
  async lockWith(passphrase: string): Promise<void> {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const key = await derived(passphrase, salt);
    const lock: Lock = { salt, proof: await seal(key, PROOF) };
    const again: [Store, string, Sealed][] = [];
    for (const store of ["drafts", "outbox", "kept"] as const) {
      for (const [id, value] of await this.all(store)) again.push([store, id, await seal(key, value)]);
    }
    const all = this.db.transaction([...STORES], "readwrite");
    for (const [store, id, sealed] of again) all.objectStore(store).put(sealed, id);
    all.objectStore("keys").delete(DEVICE);
    await done(all.objectStore("keys").put(lock, LOCK));
    this.key = key;
    this.lock = lock;
  }

  private opener(): CryptoKey {
    if (this.key === undefined) throw new Locked();
    return this.key;
  }

  async put(store: Store, id: string, value: unknown): Promise<void> {
    const sealed = await seal(this.opener(), value);
    await done(this.db.transaction(store, "readwrite").objectStore(store).put(sealed, id));
  }

  async get(store: Store, id: string): Promise<unknown> {
    const sealed = (await done(this.db.transaction(store).objectStore(store).get(id))) as Sealed | undefined;
    return sealed === undefined ? undefined : unseal(this.opener(), sealed);
  }

  async all(store: Store): Promise<[string, unknown][]> {
    const place = this.db.transaction(store).objectStore(store);
    const [ids, sealed] = await Promise.all([done(place.getAllKeys()), done(place.getAll())]);
    const key = this.opener();
    return Promise.all(sealed.map(async (one, no) => [String(ids[no]), await unseal(key, one as Sealed)] as [string, unknown]));
  }

  async delete(store: Store, id: string): Promise<void> {
    await done(this.db.transaction(store, "readwrite").objectStore(store).delete(id));
  }

  close(): void {
    this.db.close();
  }
}

/** Removes everything that this hub's pages keep on the device: database, caches, worker, local storage. */
export async function wipe(): Promise<void> {
  // The keys first: without them nothing that may be left of the rest can be read.
  const db = await opened();
  await done(db.transaction("keys", "readwrite").objectStore("keys").clear());
  db.close();
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(NAME);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
  const workers = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  for (const one of workers) one.active?.postMessage({ wipe: true });
  for (const one of workers) await one.unregister();
  if ("caches" in globalThis) for (const name of await caches.keys()) await caches.delete(name);
  localStorage.clear();
  sessionStorage.clear();
}
