/** The names on the canvas: none covers another. */

import { drawDiscNodeLabel, type NodeLabelDrawingFunction } from "sigma/rendering";
import type { NodeLook, TieLook } from "./shown";

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const APART = 3;

function meet(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

export class Names {
  private taken: Box[] = [];

  /** Begins a new picture. */
  begin(): void {
    this.taken = [];
  }

  /** Draws the name of a node beside it, where no other stands already; of one that was chosen in any case. */
  readonly draw: NodeLabelDrawingFunction<NodeLook, TieLook> = (context, data, settings) => {
    if (data.label === null || data.label === "") return;
    context.font = `${settings.labelWeight} ${settings.labelSize}px ${settings.labelFont}`;
    const wide = context.measureText(data.label).width + 2 * APART;
    const half = settings.labelSize / 2 + APART;
    const reaches = data.x + data.size + wide > context.canvas.clientWidth;
    // At the right edge it stands on the left.
    const x = reaches ? data.x - wide - 2 * data.size : data.x;
    const left = x + data.size;
    const box = { left, right: left + wide, top: data.y - half, bottom: data.y + half };
    if (data.forceLabel !== true && this.taken.some((one) => meet(one, box))) return;
    this.taken.push(box);
    drawDiscNodeLabel(context, { ...data, x }, settings);
  };
}
