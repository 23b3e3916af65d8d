/** Operations on levels alone, as torchvision's kernels for tensors compute them. */
import { allocateArray } from "../../../base/dtype.ts";
import { ArgumentError } from "../../../base/errors.ts";
import { highestLevel, mapLevels, type OneImage, requireColours, toLevel, withData } from "./one_image.ts";
import { f32 } from "./rounding.ts";

/** Light becomes dark: highest level - x. */
export function invert(image: OneImage): OneImage {
  const highest = highestLevel(image);
  return mapLevels(image, (value) => highest - value);
}

/** Only the highest `bits` of every byte; floats in 2^bits levels. */
export function posterize(image: OneImage, bits: number): OneImage {
  if (image.dtype === "uint8") {
    const mask = ((1 << bits) - 1) << (8 - bits);
    return mapLevels(image, (value) => value & mask);
  }
  const levels = 1 << bits;
  return mapLevels(image, (value) => {
    const level = Math.floor(f32(value * levels));
    return Math.min(levels - 1, Math.max(0, level)) / levels;
  });
}

/**
 * Levels from the threshold on are inverted.
 *
 * @throws ArgumentError for a threshold above the highest level.
 */
export function solarize(image: OneImage, threshold: number): OneImage {
  const highest = highestLevel(image);
  if (threshold > highest) {
    throw new ArgumentError(
      `RandomSolarize: expected \`threshold\` to be at most ${highest} for ${image.dtype} images, got ${threshold}`,
    );
  }
  const from = f32(threshold);
  return mapLevels(image, (value) => (value >= from ? highest - value : value));
}

/** Stretches each channel so that it goes from 0 to the highest level. */
export function autocontrast(image: OneImage): OneImage {
  requireColours(image, "RandomAutocontrast");
  const highest = highestLevel(image);
  return eachPlane(image, (plane) => {
    let [low, high] = [plane.data[0], plane.data[0]];
    for (const value of plane.data) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low === high) return plane;
    const scale = f32(f32(high - low) * f32(1 / highest));
    return mapLevels(plane, (value) => toLevel(f32(f32(value - low) / scale), highest));
  });
}

/** Spreads the levels of each channel so that all are about equally frequent. */
export function equalize(image: OneImage): OneImage {
  if (image.dtype !== "uint8") {
    const bytes: OneImage = {
      ...image,
      dtype: "uint8",
      data: Uint8Array.from(image.data, (value) => Math.trunc(f32(value * f32(255.999)))),
    };
    const data = Float32Array.from(equalize(bytes).data, (value) => value * f32(1 / 255));
    return withData(image, data);
  }
  return eachPlane(image, (plane) => {
    const counts = new Uint32Array(256);
    for (const value of plane.data) counts[value]++;
    const last = counts.findLastIndex((count) => count > 0);
    const step = Math.floor((plane.data.length - counts[last]) / 255);
    if (step === 0) return plane;
    // As in Pillow: the level of a value is the number of pixels below it, in steps.
    const table = new Uint8Array(256);
    let below = 0;
    for (let value = 1; value < 256; value++) {
      below += counts[value - 1];
      table[value] = Math.min(255, Math.floor((below + (step >> 1)) / step));
    }
    return mapLevels(plane, (value) => table[value]);
  });
}

/** Each channel by itself. */
function eachPlane(image: OneImage, operation: (plane: OneImage) => OneImage): OneImage {
  const size = image.height * image.width;
  const data = allocateArray(image.dtype, image.data.length);
  for (let c = 0; c < image.channels; c++) {
    const plane = { ...image, channels: 1, data: image.data.subarray(c * size, (c + 1) * size) };
    data.set(operation(plane).data, c * size);
  }
  return withData(image, data);
}
