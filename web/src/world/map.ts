/** The map of the world: countries are links that filter the feed, the darker the more happened there. */

import { geoEqualEarth, geoPath } from "d3-geo";
import { feature } from "topojson-client";
import atlas from "world-atlas/countries-110m.json";
import { plural } from "../texts";

export interface Counted {
  readonly code: string;
  readonly number: string | null;
  readonly events: number;
  readonly name: string;
  readonly address: string;
}

const WIDTH = 640;
const HEIGHT = 310;
const STEPS = 5;
const SVG = "http://www.w3.org/2000/svg";
/** Nobody acts there, and it would take a fifth of the room. */
const ANTARCTICA = "010";

function shape(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Returns how dark: steps of the logarithm, so that one busy country does not make all others look alike. */
export function step(events: number, most: number): string {
  return String(most <= 1 ? STEPS : 1 + Math.round(((STEPS - 1) * Math.log(events)) / Math.log(most)));
}

export function mostOf(counted: readonly Counted[]): number {
  return Math.max(...counted.map((one) => one.events), 1);
}

function linked(outline: SVGElement, one: Counted, most: number): SVGElement {
  const said = plural("%(country)s: %(n)s event", "%(country)s: %(n)s events", one.events, { country: one.name });
  const link = shape("a", { href: one.address, "data-country": one.code, "data-step": step(one.events, most), "aria-label": said });
  const title = shape("title", {});
  title.textContent = said;
  outline.append(title);
  link.append(outline);
  return link;
}

/** Draws it; returns the codes of those countries that have a place on it. */
export function draw(place: HTMLElement, counted: readonly Counted[], name: string): ReadonlySet<string> {
  const shapes = feature(atlas, atlas.objects.countries).features.filter((one) => one.id !== ANTARCTICA);
  const all = { type: "FeatureCollection" as const, features: shapes };
  const path = geoPath(geoEqualEarth().fitSize([WIDTH, HEIGHT], all)).digits(1);
  const byNumber = new Map(counted.map((one) => [one.number, one]));
  const most = mostOf(counted);
  const map = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": name });
  const drawn = new Set<string>();
  const links: SVGElement[] = [];
  for (const one of shapes) {
    const outline = shape("path", { d: path(one) ?? "" });
    const found = byNumber.get(String(one.id));
    if (found === undefined) {
      map.append(outline);
      continue;
    }
    drawn.add(found.code);
    links.push(linked(outline, found, most));
  }
  map.append(...links);
  place.replaceChildren(map);
  place.hidden = false;
  return drawn;
}
