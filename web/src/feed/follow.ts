/** Follows the feed. The browser resumes by itself: it sends the cursor of the last message that it was given. */

import { KINDS, type Message, type MessageOf } from "./messages";

export type Ears = { readonly [Kind in Message["kind"]]?: (message: MessageOf<Kind>) => void };

export interface Connection {
  /** Calls `lost` while the browser tries again, `ended` when it does not any more. */
  readonly lost: () => void;
  readonly ended: () => void;
}

/** Tells `ears` what comes, until the hub takes the right away. */
export function follow(address: string, ears: Ears, connection: Connection): EventSource {
  const feed = new EventSource(address);
  for (const kind of KINDS) {
    feed.addEventListener(kind, (said: MessageEvent<string>) => {
      const message = JSON.parse(said.data) as Message;
      const ear = ears[kind] as ((message: Message) => void) | undefined;
      ear?.(message);
      if (message.kind === "bye" && message.reason === "revoked") feed.close();
    });
  }
  feed.addEventListener("error", () => {
    if (feed.readyState === EventSource.CLOSED) connection.ended();
    else connection.lost();
  });
  return feed;
}

/** Follows the feed while somebody looks at the page, so that pages in the background keep no connection. */
export function followWhileSeen(address: string, ears: Ears, connection: Connection): void {
  let feed: EventSource | undefined;
  let after: string | undefined;
  const keep = <Kind extends Message["kind"]>(kind: Kind) => (message: MessageOf<Kind>): void => {
    after = message.cursor ?? after;
    (ears[kind] as ((message: MessageOf<Kind>) => void) | undefined)?.(message);
  };
  const all = Object.fromEntries(KINDS.map((kind) => [kind, keep(kind)])) as Ears;
  const settle = (): void => {
    if (document.hidden) {
      feed?.close();
      feed = undefined;
    } else if (feed === undefined) {
      const place = new URL(address, location.origin);
      if (after !== undefined) place.searchParams.set("after", after);
      feed = follow(place.href, all, connection);
    }
  };
  document.addEventListener("visibilitychange", settle);
  settle();
}
