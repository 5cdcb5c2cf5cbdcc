/** What the hub answers about the graph, asked with the reader's own session. */

import type { Json } from "../feed/messages";
import { refusalOf, type Refusal } from "../feed/refusal";
import { _ } from "../texts";

export interface GraphNode {
  readonly ref: string;
  readonly kind: string;
  readonly label: string;
  readonly status?: Json;
}

export interface Tie {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  readonly since: string | null;
  readonly until: string | null;
  readonly claims: number;
  readonly status: string;
  readonly weight?: number;
}

export interface GraphPart {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly Tie[];
  readonly truncated: number;
}

export interface Step {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
}

export interface Introductions {
  readonly paths: readonly { readonly nodes: readonly GraphNode[]; readonly steps: readonly Step[] }[];
}

export interface Groups {
  readonly items: readonly { readonly members: readonly GraphNode[] }[];
}

/** The hub refused, or could not be reached; the message can be shown. */
export class Refused extends Error {}

const AGAIN_MILLISECONDS = 400;

export type Question = { readonly [name: string]: string | number | boolean | readonly string[] | undefined };

function address(path: string, question: Question): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(question)) {
    if (value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) asked.append(name, String(one));
  }
  return `/api/v1${path}?${asked}`;
}

/** Asks; an answer that takes long is computed by a job, which is waited for. */
export async function ask<Answer>(path: string, question: Question = {}): Promise<Answer> {
  let where = address(path, question);
  for (;;) {
    let answer: Response;
    try {
      answer = await fetch(where, { headers: { Accept: "application/json" } });
    } catch {
      throw new Refused(_("The hub cannot be reached. Try again in a moment."));
    }
    const body = (await answer.json()) as Answer & Refusal;
    if (answer.status === 202) {
      where = answer.headers.get("Location") ?? where;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MILLISECONDS));
      continue;
    }
    if (!answer.ok) throw new Refused(refusalOf(body));
    return body;
  }
}
