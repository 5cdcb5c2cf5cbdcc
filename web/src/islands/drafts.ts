/** The forms that were begun on this device: opened again, deleted, and gone once they are published. */

import { Vault } from "../courtroom/vault";
import { element } from "../dom";
import { type Draft, draftsOf, dropDraft, openDraft } from "../publish/drafts";
import { _, plural } from "../texts";

function row(draft: Draft, drop: () => void): HTMLLIElement {
  const made = element("li", undefined, "card");
  const open = element("button", draft.title, "quiet");
  open.type = "button";
  open.addEventListener("click", () => openDraft(draft));
  const when = element("span", new Date(draft.at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }), "soft");
  const gone = element("button", _("Delete this draft"), "quiet");
  gone.type = "button";
  gone.addEventListener("click", drop);
  made.append(open, " ", when, " ", gone);
  return made;
}

async function show(place: HTMLElement, vault: Vault): Promise<void> {
  const list = place.querySelector("ul");
  if (list === null) return;
  if (vault.isLocked) {
    const locked = element("li");
    const way = element("a", _("Locked by a passphrase. Unlock it in courtroom mode."));
    way.href = "/courtroom";
    locked.append(way);
    list.replaceChildren(locked);
    place.hidden = false;
    return;
  }
  const { own, others } = await draftsOf(vault, place.dataset["owner"] ?? "");
  const rows: HTMLElement[] = own.map((one) => row(one, () => void dropDraft(vault, one.id).then(() => show(place, vault))));
  if (others.length > 0) {
    const note = element("li", plural("One draft of another account is on this device.", "%(n)s drafts of other accounts are on this device.", others.length), "card");
    const drop = element("button", _("Delete what is not mine"), "quiet");
    drop.type = "button";
    drop.addEventListener("click", () => void Promise.all(others.map((id) => dropDraft(vault, id))).then(() => show(place, vault)));
    note.append(" ", drop);
    rows.push(note);
  }
  list.replaceChildren(...rows);
  place.hidden = rows.length === 0;
}

async function begin(): Promise<void> {
  const vault = await Vault.open();
  const sent = document.querySelector<HTMLElement>("[data-sent]")?.dataset["sent"];
  if (sent !== undefined && !vault.isLocked) await dropDraft(vault, sent);
  const place = document.querySelector<HTMLElement>("[data-drafts]");
  if (place !== null) await show(place, vault);
}

if ("indexedDB" in globalThis) void begin();
