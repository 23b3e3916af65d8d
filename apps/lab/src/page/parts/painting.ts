/** Canvases are painted over as many frames as they need: a hundred feature maps in one task would hold up the page. */

/** Of a frame's 16 milliseconds: what remains is the browser's. */
const MILLISECONDS = 4;

const waiting = new Map<HTMLCanvasElement, () => void>();
let frame = 0;

/** Paints before one of the next frames; a painting of the same canvas that waits is replaced. */
export function paintSoon(canvas: HTMLCanvasElement, paint: () => void): void {
  waiting.set(canvas, paint);
  if (frame === 0) frame = requestAnimationFrame(paintSome);
}

/** The canvas is gone, or is about to be painted with something else. */
export function forgetPainting(canvas: HTMLCanvasElement): void {
  waiting.delete(canvas);
}

function paintSome(): void {
  const end = performance.now() + MILLISECONDS;
  for (const [canvas, paint] of waiting) {
    waiting.delete(canvas);
    paint();
    if (performance.now() >= end) break;
  }
  frame = waiting.size > 0 ? requestAnimationFrame(paintSome) : 0;
}
