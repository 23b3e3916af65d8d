import { ShapeError } from "../../base/errors.ts";
import { blankLike, type Images } from "./images.ts";
import type { ImagePadding, ImagePaddingMode } from "./transform_spec.ts";

/** The rectangle of every image that starts at (top, left); it must lie inside. */
export function crop(images: Images, top: number, left: number, height: number, width: number): Images {
  const out = blankLike(images, height, width);
  for (let n = 0; n < images.count; n++) copyWindow(images, out, n, top, left, false);
  return out;
}

/** Copies a window of image `n` as large as `out`; `mirrored` swaps left and right. */
export function copyWindow(
  images: Images,
  out: Images,
  n: number,
  top: number,
  left: number,
  mirrored: boolean,
): void {
  for (let c = 0; c < images.channels; c++) {
    const plane = n * images.channels + c;
    for (let y = 0; y < out.height; y++) {
      const from = (plane * images.height + top + y) * images.width + left;
      const to = (plane * out.height + y) * out.width;
      if (mirrored)
        for (let x = 0; x < out.width; x++) out.data[to + x] = images.data[from + out.width - 1 - x];
      else out.data.set(images.data.subarray(from, from + out.width), to);
    }
  }
}

/** Adds a border. Negative padding crops, as in torchvision. */
export function padImages(
  images: Images,
  padding: ImagePadding,
  fill: number,
  mode: ImagePaddingMode,
): Images {
  const [left, top, right, bottom] = padding;
  const { height, width } = images;
  const out = blankLike(images, height + top + bottom, width + left + right);
  if (out.height < 0 || out.width < 0) {
    throw new ShapeError(
      `Pad: padding [${padding.join(", ")}] leaves nothing of ${height} x ${width} pixels`,
    );
  }
  const columns = sources(out.width, left, width, mode);
  const rows = sources(out.height, top, height, mode);
  for (let plane = 0; plane < images.count * images.channels; plane++) {
    for (let y = 0; y < out.height; y++) {
      const from = (plane * height + rows[y]) * width;
      const to = (plane * out.height + y) * out.width;
      for (let x = 0; x < out.width; x++) {
        out.data[to + x] = rows[y] < 0 || columns[x] < 0 ? fill : images.data[from + columns[x]];
      }
    }
  }
  return out;
}

/** For each position along one axis the input position it shows, or -1 for the fill value. */
function sources(length: number, before: number, inputs: number, mode: ImagePaddingMode): Int32Array {
  const after = length - before - inputs;
  // A mirror can show each pixel once on either side, and "reflect" does not repeat the edge.
  const most = mode === "reflect" ? inputs - 1 : inputs;
  if ((mode === "reflect" || mode === "symmetric") && Math.max(before, after) > most) {
    throw new ShapeError(
      `Pad: ${mode} can add at most ${most} pixels to ${inputs}, got ${Math.max(before, after)}`,
    );
  }
  return new Int32Array(length).map((_, i) => {
    const at = i - before;
    if (at >= 0 && at < inputs) return at;
    if (mode === "constant") return -1;
    if (mode === "edge") return at < 0 ? 0 : inputs - 1;
    const shift = mode === "symmetric" ? 1 : 0;
    return at < 0 ? -at - shift : 2 * inputs - 2 - at + shift;
  });
}
