/** Messages of the feed, as `GET /api/v1/feed` sends them (asyncapi.json describes them). */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export interface CloudEvent {
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly subject?: string;
  readonly tlp: string;
  readonly recordedtime: string;
  readonly data: { readonly [name: string]: Json };
}

/** Returns the slug of the partner whose source this is. */
export function publisherOf(source: string): string {
  return source.slice(source.lastIndexOf(":") + 1);
}

interface Told {
  readonly cursor: string;
}

export type EventMessage = Told & { readonly kind: "event"; readonly event: CloudEvent; readonly touches: readonly string[] };

export type ChangedMessage = Told & {
  readonly kind: "changed";
  readonly source: string;
  readonly id: string;
  readonly reason: "corrected" | "released";
  readonly event: CloudEvent;
};

export type WithdrawnMessage = Told & {
  readonly kind: "withdrawn";
  readonly source: string;
  readonly id: string;
  readonly reason: "retracted" | "narrowed" | "erased";
};

export type LiveMessage = Told & { readonly kind: "live"; readonly sent: number };
export type BeatMessage = Told & { readonly kind: "beat" };
export type ByeMessage = Told & { readonly kind: "bye"; readonly reason: "slow" | "revoked" | "restart" };

export type Message = EventMessage | ChangedMessage | WithdrawnMessage | LiveMessage | BeatMessage | ByeMessage;

export type MessageOf<Kind extends Message["kind"]> = Extract<Message, { kind: Kind }>;

export const KINDS = ["event", "changed", "withdrawn", "live", "beat", "bye"] as const satisfies readonly Message["kind"][];
