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
