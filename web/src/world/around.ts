/** What stands beside the feed: draws the map from the table, and brings both and the hearings up to date. */

import { localiseAll } from "../moments";
import { _ } from "../texts";
import { type Counted, draw, mostOf, step } from "./map";

/** New events do not change a map of a month much: it is asked for anew no more often than this. */
const AGAIN_MILLISECONDS = 30_000;

function counted(world: HTMLElement): Counted[] {
  const said = JSON.parse(world.dataset["world"] ?? "[]") as Pick<Counted, "code" | "number" | "events">[];
  const links = new Map(
    [...world.querySelectorAll<HTMLAnchorElement>(".places a[data-country]")].map((one) => [one.dataset["country"], one]),
  );
  return said.map((one) => {
    const link = links.get(one.code);
    return { ...one, name: link?.textContent ?? one.code, address: link?.getAttribute("href") ?? "" };
  });
}

function show(): void {
  const world = document.querySelector<HTMLElement>("[data-world]");
  const place = world?.querySelector<HTMLElement>("[data-map]");
  if (world == null || place == null) return;
  const all = counted(world);
  const drawn = draw(place, all, _("Map of the world: where events happened"));
  const rows = [...world.querySelectorAll<HTMLElement>("tr[data-code]")];
  // The table has the colours of the map, for those countries as well that are too small for it.
  const events = new Map(all.map((one) => [one.code, one.events]));
  for (const row of rows) row.dataset["step"] = step(events.get(row.dataset["code"] ?? "") ?? 1, mostOf(all));
  const missing = rows.filter((row) => !drawn.has(row.dataset["code"] ?? ""));
  for (const row of missing) row.dataset["unmapped"] = "";
  const note = world.querySelector<HTMLElement>("[data-unmapped]:not(tr)");
  if (note !== null) note.hidden = missing.length === 0;
}

/** Reads the page anew, and puts what stands beside the feed in place of what is shown, unless the reader is in it. */
async function renew(): Promise<void> {
  const shown = document.querySelector(".around");
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => undefined);
  if (shown === null || answer === undefined || !answer.ok || shown.contains(document.activeElement)) return;
  const made = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".around");
  if (made === null) return;
  localiseAll(made);
  shown.replaceWith(made);
  show();
}

/** Shows the map; returns what to call when something came. */
export function showAround(): () => void {
  show();
  let waiting: number | undefined;
  return () => {
    waiting ??= window.setTimeout(() => {
      waiting = undefined;
      if (!document.hidden) void renew();
    }, AGAIN_MILLISECONDS);
  };
}
