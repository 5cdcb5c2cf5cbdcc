/** The hearings that an observer can choose from, as they were when there was network. */

import type { Vault } from "./vault";

export interface Hearing {
  readonly ref: string;
  readonly label: string;
  readonly starts: string;
}

interface Item {
  readonly ref: string;
  readonly label?: unknown;
  readonly starts?: unknown;
}

interface Kept {
  readonly owner: string;
  readonly hearings: readonly Hearing[];
}

const KEPT = "hearings";
const MOST = 100;

function told(item: Item): Hearing {
  const { ref, label, starts } = item;
  return { ref, label: typeof label === "string" ? label : ref, starts: typeof starts === "string" ? starts : "" };
}

/** Asks the hub for hearings of these days, and keeps them for the way; undefined where it cannot be reached. */
export async function fetchHearings(vault: Vault, owner: string): Promise<readonly Hearing[] | undefined> {
  try {
    const [near, last] = await Promise.all(
      ["within=14d", "sort=-starts"].map(async (asked) => {
        const answer = await fetch(`/api/v1/hearings?${asked}&limit=${MOST}`, { cache: "no-store" });
        return answer.ok ? ((await answer.json()) as { items: Item[] }).items : [];
      }),
    );
    const byRef = new Map([...(near ?? []), ...(last ?? [])].map((one) => [one.ref, told(one)]));
    const hearings = [...byRef.values()];
    await vault.put("kept", KEPT, { owner, hearings } satisfies Kept);
    return hearings;
  } catch {
    return undefined;
  }
}

/** Returns the hearings that were kept for an account. */
export async function keptHearings(vault: Vault, owner: string): Promise<readonly Hearing[]> {
  const kept = (await vault.get("kept", KEPT)) as Kept | undefined;
  return kept !== undefined && kept.owner === owner ? kept.hearings : [];
}
