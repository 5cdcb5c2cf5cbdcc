/** Forms that somebody has begun, kept on the device and nowhere else. */

import type { Vault } from "../courtroom/vault";

export interface Draft {
  readonly id: string;
  /** Whose it is: id of the account, for names may be the same. Of what is kept under a name nobody knows whose it is. */
  readonly owner: string;
  /** Address of the form. */
  readonly action: string;
  readonly title: string;
  readonly at: string;
  readonly fields: readonly (readonly [string, string])[];
}

const FORM = "form ";

export async function keepDraft(vault: Vault, draft: Draft): Promise<void> {
  await vault.put("drafts", FORM + draft.id, draft);
}

export async function dropDraft(vault: Vault, id: string): Promise<void> {
  await vault.delete("drafts", FORM + id);
}

/** Returns the begun forms of one account, the newest first, and how many are others'. */
export async function draftsOf(vault: Vault, owner: string): Promise<{ own: Draft[]; others: string[] }> {
  const all = (await vault.all("drafts")).filter(([id]) => id.startsWith(FORM)).map(([, value]) => value as Draft);
  const own = all.filter((one) => one.owner === owner).sort((one, other) => other.at.localeCompare(one.at));
  return { own, others: all.filter((one) => one.owner !== owner).map((one) => one.id) };
}

/** Opens a draft: the hub writes the form again with everything that was typed, and publishes nothing. */
export function openDraft(draft: Draft): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = draft.action;
  form.hidden = true;
  for (const [name, value] of [...draft.fields, ["act", "add "] as const]) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}
