/** Pickers: long lists get a field to search in, references are looked up in the hub, dates say what they mean. */

import { element } from "../dom";
import { _ } from "../texts";

const PAUSE_MS = 300;
const LEAST = 2;

function later(act: () => void): () => void {
  let waiting: number | undefined;
  return () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(act, PAUSE_MS);
  };
}

function search(label: string): { place: HTMLLabelElement; input: HTMLInputElement } {
  const place = element("label", label, "of search");
  const input = element("input");
  input.type = "search";
  place.append(input);
  // Enter in a search field must not send the form.
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  return { place, input };
}

function holds(text: string, words: readonly string[]): boolean {
  const folded = text.toLocaleLowerCase();
  return words.every((one) => folded.includes(one));
}

function wordsOf(input: HTMLInputElement): string[] {
  return input.value.toLocaleLowerCase().split(/\s+/).filter((one) => one !== "");
}

function narrowSelect(select: HTMLSelectElement): void {
  const every = [...select.options];
  const { place, input } = search(_("Search in this list"));
  select.before(place);
  input.addEventListener("input", () => {
    const chosen = select.value;
    const words = wordsOf(input);
    const fitting = every.filter((one) => one.value === "" || one.value === chosen || holds(one.text, words));
    select.replaceChildren(...fitting);
    select.value = chosen;
    const found = fitting.filter((one) => one.value !== "" && one.value !== chosen);
    if (words.length > 0 && found.length === 1 && found[0] !== undefined) select.value = found[0].value;
  });
}

function narrowTicks(fieldset: HTMLFieldSetElement): void {
  const ticks = fieldset.querySelector<HTMLElement>(".ticks");
  if (ticks === null) return;
  const { place, input } = search(_("Search in this list"));
  ticks.before(place);
  input.addEventListener("input", () => {
    const words = wordsOf(input);
    for (const one of ticks.querySelectorAll<HTMLLabelElement>(".tick")) {
      const isChosen = one.querySelector("input")?.checked === true;
      one.hidden = !isChosen && !holds(one.textContent ?? "", words);
    }
  });
}

interface Hit {
  readonly ref: string | null;
  readonly snippet: string;
}

async function found(words: string, kinds: string): Promise<readonly Hit[]> {
  const asked = new URLSearchParams({ q: words, kinds: kinds.split(" ").join(","), limit: "20" });
  try {
    const answer = await fetch(`/api/v1/search?${asked}`);
    return answer.ok ? ((await answer.json()) as { hits: Hit[] }).hits : [];
  } catch {
    return [];
  }
}

function listOf(input: HTMLInputElement): HTMLDataListElement {
  const known = input.list;
  if (known instanceof HTMLDataListElement) return known;
  const made = element("datalist");
  made.id = `${input.id}.list`;
  input.after(made);
  input.setAttribute("list", made.id);
  return made;
}

function lookUp(input: HTMLInputElement): void {
  const kinds = input.dataset["reference"] ?? "";
  const look = async (): Promise<void> => {
    const words = input.value.trim();
    if (words.length < LEAST || /^[a-z]+:[^ ]+\./.test(words)) return;
    const hits = await found(words, kinds);
    const list = listOf(input);
    const known = new Set([...list.options].map((one) => one.value));
    for (const { ref, snippet } of hits) {
      if (ref === null || known.has(ref)) continue;
      known.add(ref);
      // A list shows what holds the typed words: the reference alone does not.
      const option = element("option", `${words}: ${snippet.replace(/<[^>]*>/g, "").slice(0, 80)}`);
      option.value = ref;
      list.append(option);
    }
  };
  input.addEventListener("input", later(() => void look()));
  const fresh = input.dataset["new"];
  if (fresh === undefined) return;
  const button = element("button", _("A new one of ours"), "quiet");
  button.type = "button";
  button.addEventListener("click", () => {
    input.value = fresh;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  input.after(button);
}

function sayDay(input: HTMLInputElement): void {
  const output = document.getElementById(`${input.id}.words`);
  if (output === null) return;
  const look = async (): Promise<void> => {
    const said = input.value.trim();
    if (said === "") {
      output.textContent = "";
      return;
    }
    try {
      const answer = await fetch(`/in-words?${new URLSearchParams({ said })}`);
      const { edtf, words } = (await answer.json()) as { edtf: string | null; words: string };
      output.textContent =
        edtf === null ? _("The hub does not understand this date yet.") : _("Stored as %(edtf)s. It means: %(words)s.", { edtf, words });
    } catch {
      output.textContent = "";
    }
  };
  input.addEventListener("input", later(() => void look()));
}

/** Makes what is inside an element easier to choose. */
export function pickers(inside: ParentNode): void {
  for (const one of inside.querySelectorAll<HTMLSelectElement>("select[data-long]")) narrowSelect(one);
  for (const one of inside.querySelectorAll<HTMLFieldSetElement>("fieldset[data-long]")) narrowTicks(one);
  for (const one of inside.querySelectorAll<HTMLInputElement>("input[data-reference]")) lookUp(one);
  for (const one of inside.querySelectorAll<HTMLInputElement>("input[data-day]")) sayDay(one);
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const one of inside.querySelectorAll<HTMLInputElement>("input[data-zone-here]")) if (one.value === "") one.value = zone;
}
