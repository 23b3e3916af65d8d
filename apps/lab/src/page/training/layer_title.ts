/** A layer's name in lists: number, class and output. */
import type { LayerFacts } from "../../worker/protocol.ts";
import { blockName, shapeText } from "../network/block_texts.ts";

export function layerTitle({ path, kind, shape }: Pick<LayerFacts, "path" | "kind" | "shape">): string {
  return `${path}  ${blockName({ type: kind as "Conv2d" })}  ${shapeText(shape)}`;
}
