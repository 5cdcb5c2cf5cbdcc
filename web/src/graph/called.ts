/** What a node is called: as somebody named it, else by its kind and its own number (`Values.name` in `hub/pages/values.py` says it for the hub). */

import type { Words } from "../dom";
import type { GraphNode } from "./api";

const regions = new Intl.DisplayNames(document.documentElement.lang, { type: "region" });

export function calledIn(words: Words): (node: GraphNode) => string {
  return ({ ref, kind, label }) => {
    const local = ref.slice(kind.length + 1);
    // The graph calls places and provisions by their codes, and what nobody named by its reference.
    if (label !== ref && label !== local) return label;
    const told = words.get(`ref:${ref}`);
    if (told !== undefined) return told;
    if (kind === "place") return /^[A-Z]{2}$/.test(local) ? (regions.of(local) ?? local) : local;
    const word = words.get(`kind:${kind}`);
    return word === undefined ? ref : `${word} ${local.slice(local.indexOf(".") + 1)}`;
  };
}
