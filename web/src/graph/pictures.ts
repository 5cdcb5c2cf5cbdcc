/** The canvas as a file: PNG of what is seen, SVG of all that is shown. */

import type { Colours } from "./colours";
import type { Shown } from "./shown";

const SIZE = 1600;

export function save(name: string, body: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(body);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Joins the layers of a drawing into one picture. */
export async function png(layers: readonly HTMLCanvasElement[], ground: string): Promise<Blob> {
  const first = layers[0];
  if (first === undefined) throw new Error("There is nothing to draw.");
  const whole = document.createElement("canvas");
  whole.width = first.width;
  whole.height = first.height;
  const pen = whole.getContext("2d");
  if (pen === null) throw new Error("This browser cannot draw.");
  pen.fillStyle = ground;
  pen.fillRect(0, 0, whole.width, whole.height);
  for (const layer of layers) pen.drawImage(layer, 0, 0);
  return new Promise((resolve, reject) => whole.toBlob((made) => (made === null ? reject(new Error("No picture.")) : resolve(made)), "image/png"));
}

export function svg(graph: Shown, colours: Colours): Blob {
  const places = graph.mapNodes((_, look) => look).filter((look) => !look.hidden);
  const across = (pick: (look: { x: number; y: number }) => number): [number, number] => {
    const all = places.map(pick);
    const low = Math.min(...all);
    return [low, Math.max(1e-6, Math.max(...all) - low)];
  };
  const [left, width] = across((look) => look.x);
  const [low, height] = across((look) => look.y);
  const scale = (SIZE - 120) / Math.max(width, height);
  const x = (value: number): string => (60 + (value - left) * scale).toFixed(1);
  const y = (value: number): string => (SIZE - 60 - (value - low) * scale).toFixed(1);
  const lines = graph
    .filterEdges((_, __, ___, ____, from, to) => !from.hidden && !to.hidden)
    .map((key) => {
      const [from, to] = graph.extremities(key).map((ref) => graph.getNodeAttributes(ref));
      if (from === undefined || to === undefined) return "";
      return `<line x1="${x(from.x)}" y1="${y(from.y)}" x2="${x(to.x)}" y2="${y(to.y)}" stroke="${colours.line}"/>`;
    });
  const dots = places.map(
    (look) =>
      `<circle cx="${x(look.x)}" cy="${y(look.y)}" r="${look.size.toFixed(1)}" fill="${colours.of(look)}"/>` +
      `<text x="${x(look.x)}" y="${y(look.y)}" dx="8" dy="4" fill="${colours.ink}">${escaped(look.label)}</text>`,
  );
  const text =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}" font-family="sans-serif" font-size="11">` +
    `<rect width="100%" height="100%" fill="${colours.ground}"/>${lines.join("")}${dots.join("")}</svg>`;
  return new Blob([text], { type: "image/svg+xml" });
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
