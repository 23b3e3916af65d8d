/** `convoyant draw`: networks as SVG. */
import { extname } from "node:path";
import { ArgumentError } from "../../base/errors.ts";
import { type DrawNetworksOptions, drawNetworks } from "../../experiments/draw_networks.ts";
import { formatBytes } from "../../report/number_text.ts";
import type { Output } from "../console/output.ts";

export interface DrawCommand extends DrawNetworksOptions {
  readonly sources: readonly string[];
  /** The file that is written. */
  readonly file: string;
}

export async function drawCommand(
  { sources, file, ...options }: DrawCommand,
  output: Output,
): Promise<number> {
  const ending = extname(file);
  if (ending.toLowerCase() !== ".svg")
    throw new ArgumentError(
      `--output ${file}: drawings are written as SVG: expected a name that ends in .svg, got ${ending === "" ? "none" : ending}`,
    );
  const drawing = await drawNetworks(sources, options);
  await drawing.save(file);
  const bytes = new TextEncoder().encode(drawing.toSvg()).length;
  const { width, height, title } = drawing;
  output.line(`${file}: ${title}, ${width}×${height} pixels, ${formatBytes(bytes)}`);
  output.event({ event: "end", file, title, width, height, bytes });
  return 0;
}
