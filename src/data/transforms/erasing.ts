/** Erasing random rectangles. */
import { ShapeError } from "../../base/errors.ts";
import type { PhiloxStream } from "../../base/philox.ts";
import type { ArrayBatch } from "../array_batch.ts";
import { eachImage, type OneImage, withData } from "./operations/one_image.ts";
import { drawRectangle, type Rectangle } from "./random_rectangle.ts";
import type { SpecOf, Streams } from "./transform_spec.ts";
import { normal } from "./variates.ts";

type Spec = SpecOf<"RandomErasing">;

/** Fills a random rectangle of some images with a value, one for each channel, or noise. */
export function randomErasing(batch: Readonly<ArrayBatch>, spec: Spec, streams: Streams): ArrayBatch {
  return eachImage(batch, spec.kind, (image, n) => {
    const stream = streams(n);
    const { value } = spec;
    if (value !== "random" && value.length !== 1 && value.length !== image.channels) {
      throw new ShapeError(
        `RandomErasing: expected one \`value\`, or one for each of ${image.channels} channels, got ${value.length}`,
      );
    }
    if (stream.uniform() >= spec.p) return image;
    const { height, width } = image;
    const box = drawRectangle(image, spec, "height", (h, w) => h < height && w < width, stream);
    return box === null ? image : erase(image, box, value, stream);
  });
}

function erase(image: OneImage, box: Rectangle, value: Spec["value"], stream: PhiloxStream): OneImage {
  const data = image.data.slice();
  for (let c = 0; c < image.channels; c++) {
    for (let y = box.top; y < box.top + box.height; y++) {
      const from = (c * image.height + y) * image.width + box.left;
      if (value === "random") for (let x = 0; x < box.width; x++) data[from + x] = normal(stream);
      else data.fill(value[c % value.length], from, from + box.width);
    }
  }
  return withData(image, data);
}
