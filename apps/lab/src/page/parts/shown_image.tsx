/** Images and grids of numbers as canvases, pixel by pixel. */
import { useEffect, useRef } from "preact/hooks";
import type { Grid, ShownImage } from "../../worker/protocol.ts";
import { theme } from "../state/language.ts";
import { paintGrid, type Scale } from "./colours.ts";
import { forgetPainting, paintSoon } from "./painting.ts";

interface ImageProps {
  readonly image: ShownImage;
  readonly label?: string;
  readonly class?: string;
}

export function ShownImageCanvas({ image, label, class: name }: ImageProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    context?.putImageData(imageData(image), 0, 0);
  }, [image]);
  return (
    <canvas
      ref={canvas}
      class={`pixels ${name ?? ""}`}
      width={image.width}
      height={image.height}
      role={label === undefined ? undefined : "img"}
      aria-label={label}
      aria-hidden={label === undefined ? true : undefined}
    />
  );
}

/** As the browser paints it: RGBA. */
export function imageData({ width, height, channels, data }: ShownImage): ImageData {
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = data[channels * i + (channels === 3 ? c : 0)];
    pixels[4 * i + 3] = 255;
  }
  return new ImageData(pixels, width, height);
}

interface GridProps {
  readonly grid: Grid;
  readonly scale: Scale;
  readonly label?: string;
  readonly class?: string;
}

/** Numbers as colours. */
export function GridCanvas({ grid, scale, label, class: name }: GridProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = theme() === "dark";
  useEffect(() => {
    const element = canvas.current!;
    paintSoon(element, () => {
      element.getContext("2d")?.putImageData(paintGrid(grid, scale, dark), 0, 0);
    });
    return () => forgetPainting(element);
  }, [grid, scale, dark]);
  return (
    <canvas
      ref={canvas}
      class={`pixels ${name ?? ""}`}
      width={grid.width}
      height={grid.height}
      role={label === undefined ? undefined : "img"}
      aria-label={label}
      aria-hidden={label === undefined ? true : undefined}
    />
  );
}
