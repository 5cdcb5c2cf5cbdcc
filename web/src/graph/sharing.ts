/** A view as an address: what is shown, how it is coloured, what is pinned where. Each reader sees as much of it as he may. */

import type { Question } from "./api";
import type { Colouring } from "./colours";
import type { Canvas } from "./shown";

/** What fits into an address that mail programs and chats do not cut. */
const MOST_REFERENCES = 60;

export function addressOf(canvas: Canvas, asked: Question, colouring: Colouring): string {
  const shown = canvas.graph.filterNodes((_ref, look) => !look.hidden);
  const exact = shown.length <= MOST_REFERENCES ? { ...asked, about: shown.join(","), hops: "0", kinds: "", country: "" } : asked;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(exact)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== "") query.append(name, String(one));
  }
  const look = new URLSearchParams({ colour: colouring });
  canvas.graph.forEachNode((ref, node) => {
    if (node.fixed) look.append("pin", `${ref}@${node.x.toFixed(2)}@${node.y.toFixed(2)}`);
  });
  return `?${query}#${look}`;
}

/** Pins what the address says; returns by what to colour. */
export function takeUp(canvas: Canvas, fragment: string): Colouring {
  const look = new URLSearchParams(fragment.replace(/^#/, ""));
  for (const pinned of look.getAll("pin")) {
    const [ref = "", x, y] = pinned.split("@");
    if (canvas.graph.hasNode(ref)) canvas.graph.mergeNodeAttributes(ref, { x: Number(x) || 0, y: Number(y) || 0, fixed: true });
  }
  const colour = look.get("colour");
  return colour === "group" || colour === "support" ? colour : "kind";
}
