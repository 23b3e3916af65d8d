/**
 * What `layout: "channelsLast"` means, by definition: images [N, H, W, C] go in and come out, and the op computes
 * what it computes for [N, C, H, W]. Its other attributes are those of [N, C, H, W].
 */
import type { TypedArray } from "../../base/dtype.ts";
import type { ImageOperands } from "../contract/layouts.ts";
import type { ReferenceTensor } from "./reference_step.ts";

/** The tensors of a step with channels last as the op's kernel wants them; `finish` takes the results back. */
export function channelsFirst(
  images: ImageOperands,
  inputs: readonly ReferenceTensor[],
  outputs: readonly ReferenceTensor[],
): { inputs: ReferenceTensor[]; outputs: ReferenceTensor[]; finish(): void } {
  const turned = outputs.map((tensor) => (images.outputs ? blankFirst(tensor) : tensor));
  return {
    inputs: inputs.map((tensor, i) => (images.inputs.includes(i) ? filledFirst(tensor) : tensor)),
    outputs: turned,
    finish: () => {
      if (images.outputs) outputs.forEach((tensor, i) => copyPixels(turned[i].data, tensor, "last"));
    },
  };
}

/** A tensor [N, C, H, W] of the size of one [N, H, W, C]. */
function blankFirst({ data, shape, dtype }: ReferenceTensor): ReferenceTensor {
  const [n, h, w, c] = shape;
  const Constructor = data.constructor as new (length: number) => TypedArray;
  return { data: new Constructor(data.length), shape: [n, c, h, w], dtype };
}

function filledFirst(tensor: ReferenceTensor): ReferenceTensor {
  const first = blankFirst(tensor);
  copyPixels(first.data, tensor, "first");
  return first;
}

/** Copies between `planes` [N, C, H, W] and a tensor [N, H, W, C]: into the one that is named. */
function copyPixels(planes: TypedArray, { data, shape }: ReferenceTensor, into: "first" | "last"): void {
  const [n, h, w, c] = shape;
  const pixels = h * w;
  for (let image = 0; image < n; image++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let channel = 0; channel < c; channel++) {
        const first = (image * c + channel) * pixels + pixel;
        const last = (image * pixels + pixel) * c + channel;
        if (into === "first") planes[first] = data[last];
        else data[last] = planes[first];
      }
    }
  }
}
