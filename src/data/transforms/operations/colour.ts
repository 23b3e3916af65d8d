/** Brightness, contrast, saturation and hue, as torchvision's kernels for tensors compute them, rounding by rounding. */
import { allocateArray } from "../../../base/dtype.ts";
import { highestLevel, mapLevels, type OneImage, requireColours, toLevel, withData } from "./one_image.ts";
import { f32, fusedMultiplyAdd } from "./rounding.ts";

/** ITU-R BT.601's weights of red, green and blue, with torchvision's digits. */
const [RED, GREEN, BLUE] = [f32(0.2989), f32(0.587), f32(0.114)];

/** 0.2989 R + 0.587 G + 0.114 B of every pixel, in float32; of grey images the values themselves. */
function luma(image: OneImage): Float32Array {
  const { data, channels, height, width } = image;
  const plane = height * width;
  if (channels === 1) return Float32Array.from(data);
  return Float32Array.from({ length: plane }, (_, i) => {
    const red = f32(data[i] * RED);
    return fusedMultiplyAdd(data[2 * plane + i], BLUE, fusedMultiplyAdd(data[plane + i], GREEN, red));
  });
}

/** As {@link luma}, without fractions for bytes. */
function wholeLuma(image: OneImage): Float32Array {
  const grey = luma(image);
  return image.dtype === "uint8" ? grey.map(Math.floor) : grey;
}

/** Grey: as many channels as were there, or another number (1, or 3 equal ones). */
export function greyscale(image: OneImage, channels: number): OneImage {
  requireColours(image, "Grayscale");
  const plane = image.height * image.width;
  const data = allocateArray(image.dtype, channels * plane);
  const grey = luma(image);
  for (let c = 0; c < channels; c++) data.set(grey, c * plane);
  return { ...image, channels, data };
}

/** factor * x. */
export function adjustBrightness(image: OneImage, factor: number): OneImage {
  requireColours(image, "ColorJitter");
  const [highest, by] = [highestLevel(image), f32(factor)];
  return mapLevels(image, (value) => toLevel(f32(value * by), highest));
}

/** factor * x + (1 - factor) * mean of the grey image. */
export function adjustContrast(image: OneImage, factor: number): OneImage {
  requireColours(image, "ColorJitter");
  const grey = wholeLuma(image);
  let sum = 0;
  for (const value of grey) sum += value;
  const mean = f32(f32(sum) / grey.length);
  const [highest, own, other] = [highestLevel(image), f32(factor), f32(1 - factor)];
  return mapLevels(image, (value) => toLevel(fusedMultiplyAdd(mean, other, f32(value * own)), highest));
}

/** factor * x + (1 - factor) * grey; grey images stay as they are. */
export function adjustSaturation(image: OneImage, factor: number): OneImage {
  requireColours(image, "ColorJitter");
  if (image.channels === 1) return image;
  const grey = wholeLuma(image);
  const [highest, own, other] = [highestLevel(image), f32(factor), f32(1 - factor)];
  const data = allocateArray(image.dtype, image.data.length);
  for (let i = 0; i < data.length; i++) {
    const value = fusedMultiplyAdd(grey[i % grey.length], other, f32(image.data[i] * own));
    data[i] = toLevel(value, highest);
  }
  return withData(image, data);
}

/** Turns the hue by a fraction of the circle, -0.5 to 0.5; grey images stay as they are. */
export function adjustHue(image: OneImage, factor: number): OneImage {
  requireColours(image, "ColorJitter");
  if (image.channels === 1) return image;
  const plane = image.height * image.width;
  const bytes = image.dtype === "uint8";
  const unit = f32(1 / 255);
  const data = allocateArray(image.dtype, image.data.length);
  const pixel: Pixel = [0, 0, 0];
  const level = (value: number) => (bytes ? f32(value * unit) : value);
  // torchvision's conversion back to bytes: not rounded, and 1 must come out as 255.
  const stored = (value: number) => (bytes ? Math.trunc(f32(value * f32(255.999))) : value);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) pixel[c] = level(image.data[c * plane + i]);
    turnHue(pixel, f32(factor));
    for (let c = 0; c < 3; c++) data[c * plane + i] = stored(pixel[c]);
  }
  return withData(image, data);
}

type Pixel = [number, number, number];

/** RGB to HSV, the hue turned, and back. */
function turnHue(pixel: Pixel, factor: number): void {
  const [r, g, b] = pixel;
  const highest = Math.max(r, g, b);
  const range = f32(highest - Math.min(r, g, b));
  const saturation = range === 0 ? 0 : f32(range / highest);
  const turned = f32(hueOf(pixel, highest, range === 0 ? 1 : range) + factor);
  const hue = turned - Math.floor(turned);
  const sixths = f32(f32(hue) * 6);
  const sector = Math.floor(sixths);
  const fraction = f32(sixths - sector);
  const part = f32(saturation * fraction);
  const rest = f32(1 - saturation);
  const unit = (value: number) => Math.min(1, Math.max(0, f32(value * highest)));
  const [v, p, q, t] = [highest, unit(rest), unit(f32(1 - part)), unit(f32(part + rest))];
  const sectors: readonly Pixel[] = [
    [v, t, p],
    [q, v, p],
    [p, v, t],
    [p, q, v],
    [t, p, v],
    [v, p, q],
  ];
  const chosen = sectors[sector % 6];
  for (let c = 0; c < 3; c++) pixel[c] = chosen[c];
}

/** The hue as a fraction of the circle. */
function hueOf([r, g, b]: Pixel, highest: number, divisor: number): number {
  const part = (value: number) => f32(f32(highest - value) / divisor);
  const [rc, gc, bc] = [part(r), part(g), part(b)];
  let sixths: number;
  if (highest === r) sixths = f32(bc - gc);
  else if (highest === g) sixths = f32(f32(rc + 2) - bc);
  else sixths = f32(f32(gc + 4) - rc);
  return f32(f32(sixths * f32(1 / 6)) + 1) % 1;
}
