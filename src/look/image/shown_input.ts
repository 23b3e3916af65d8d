/** What a network is given, as an image. */
import type { Image } from "../../records/image.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { finiteRange } from "../heat_map.ts";
import { oneImage } from "../layer_calls.ts";

/**
 * One image as a network is given it, as an image to look at: each channel x becomes x * std + mean, and 0 to 1 become 0 to
 * 255. Other numbers of channels than 1 and 3 are shown in grey, as their mean.
 *
 * @param input - [1, C, H, W] or [C, H, W].
 * @param preprocessing - `models.preprocessingOf(net)`. Without it numbers that lie in 0 to 1 stay as they are, and others
 * are stretched from the lowest to the highest.
 * @example
 * ```ts
 * import { shownInput } from "convoyant/look";
 * const image = await shownInput(tensor([[[0, 1]]]));
 * [...image.data]; // [0, 255]
 * ```
 */
export async function shownInput(
  input: Tensor,
  preprocessing?: Pick<Preprocessing, "mean" | "std">,
): Promise<Image> {
  const x = oneImage("shownInput", input);
  const [, channels, height, width] = x.shape;
  const data = Float32Array.from(await x.detach().data(), Number);
  const plane = height * width;
  if (preprocessing !== undefined)
    for (let i = 0; i < data.length; i++) {
      const c = Math.floor(i / plane);
      data[i] = data[i] * (preprocessing.std[c] ?? 1) + (preprocessing.mean[c] ?? 0);
    }
  const [lowest, highest] = finiteRange(data);
  const stretched = preprocessing === undefined && (lowest < 0 || highest > 1);
  const [low, high] = stretched && highest > lowest ? [lowest, highest] : [0, 1];
  const byte = (value: number) => Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low))));
  const shown = channels === 3 ? 3 : 1;
  const bytes = new Uint8Array(shown * plane);
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < shown; c++) {
      const value = channels === 3 ? data[c * plane + i] : meanAt(data, i, plane, channels);
      bytes[shown * i + c] = byte(value);
    }
  return { width, height, channels: shown, data: bytes };
}

function meanAt(data: Float32Array, at: number, plane: number, channels: number): number {
  let sum = 0;
  for (let c = 0; c < channels; c++) sum += data[c * plane + at];
  return sum / channels;
}
