/** Draws very many ties beside the page, so that nothing on it waits: a picture of them goes back. */

export interface Drawing {
  readonly number: number;
  readonly width: number;
  readonly height: number;
  readonly colour: string;
  readonly thickness: number;
  /** Four numbers a tie: where it begins and ends, in pixels of the picture. */
  readonly places: Float32Array;
}

export interface Drawn {
  readonly number: number;
  readonly picture: ImageBitmap;
}

/** After so many ties it is looked whether the picture is still wanted. */
const STROKE = 400;
const BREATH_MILLISECONDS = 60;

let wanted = 0;

self.addEventListener("message", (said: MessageEvent<Drawing>) => {
  wanted = said.data.number;
  void draw(said.data);
});

async function draw(drawing: Drawing): Promise<void> {
  const { number, width, height, colour, thickness, places } = drawing;
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d");
  if (pen === null) return;
  pen.strokeStyle = colour;
  pen.lineWidth = thickness;
  let breathed = performance.now();
  for (let first = 0; first < places.length; first += 4 * STROKE) {
    stroke(pen, places.subarray(first, first + 4 * STROKE));
    if (performance.now() - breathed < BREATH_MILLISECONDS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    if (wanted !== number) return;
    breathed = performance.now();
  }
  const picture = canvas.transferToImageBitmap();
  self.postMessage({ number, picture } satisfies Drawn, { transfer: [picture] });
}

function stroke(pen: OffscreenCanvasRenderingContext2D, places: Float32Array): void {
  pen.beginPath();
  for (let at = 0; at < places.length; at += 4) {
    pen.moveTo(places[at] ?? 0, places[at + 1] ?? 0);
    pen.lineTo(places[at + 2] ?? 0, places[at + 3] ?? 0);
  }
  pen.stroke();
}
