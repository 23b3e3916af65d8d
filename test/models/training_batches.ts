/** Batches that both sides compute by one formula, and the initial weights that PyTorch trained from. */
import { readFileSync } from "node:fs";
import { fromTypedArray, models, type nn, type Tensor } from "../../src/index.ts";
import { decodeSafetensors, type NamedArray } from "../../src/io/safetensors/safetensors.ts";

const folder = new URL("../../../test/fixtures/training_runs/", import.meta.url);
const BATCH = 64;

/** As in the scripts that made the fixtures. */
export function mixed(number: number): number {
  let h = number >>> 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A step's batch: 64 images of 28 x 28, and their classes. */
export function pixelsAndLabels(step: number): { pixels: Float32Array; labels: Float64Array } {
  const pixels = new Float32Array(BATCH * 784);
  const labels = new Float64Array(BATCH);
  for (let n = 0; n < BATCH; n++) {
    const example = step * BATCH + n;
    const label = mixed(example + 1_000_003) % 10;
    labels[n] = label;
    for (let p = 0; p < 784; p++) {
      const pattern = mixed(label * 784 + (p >> 2) + 77) % 2;
      pixels[n * 784 + p] = (pattern * 127 + (mixed(example * 784 + p) % 128)) / 255;
    }
  }
  return { pixels, labels };
}

/** The same as tensors. */
export function batch(step: number): [Tensor, Tensor] {
  const { pixels, labels } = pixelsAndLabels(step);
  return [fromTypedArray(pixels, [BATCH, 1, 28, 28], "float32"), fromTypedArray(labels, [BATCH], "int64")];
}

/** A network with the weights that PyTorch began with, and everything that was recorded of it. */
export function startOf(name: string): { net: nn.Module; tensors: ReadonlyMap<string, NamedArray> } {
  const { tensors } = decodeSafetensors(readFileSync(new URL(`${name}.safetensors`, folder)));
  const net = models.create(name);
  const first = [...tensors].filter(([key]) => !key.startsWith("after."));
  net.loadStateDict(
    Object.fromEntries(
      first.map(([key, { data, shape, dtype }]) => [key, fromTypedArray(data.slice(), shape, dtype)]),
    ),
  );
  return { net, tensors };
}
