/** Weights and images that a formula gives, so that other programs can have the same. */
import type { nn } from "../../src/index.ts";
import { type Tensor, tensor } from "../../src/index.ts";

/** shift + scale times numbers in [-1, 1) that look random; the scripts beside the fixtures make the same. */
export function patterned(shape: readonly number[], key: number, scale = 1, shift = 0): Tensor {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++) {
    let x = Math.imul(i, 0x9e3779b1) + Math.imul(key, 0x85ebca77);
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
    x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
    x ^= x >>> 15;
    data[i] = shift + scale * ((x >>> 0) / 2 ** 31 - 1);
  }
  return tensor(data, { shape: [...shape] });
}

/** Of the values of a state dict: a factor for the pattern, and what is added. */
function rangeOf(name: string, value: Tensor): [scale: number, shift: number] {
  if (value.ndim > 1) return [Math.sqrt(6 / (value.numel() / value.size(0))), 0];
  if (name.endsWith("running_var")) return [0.5, 1];
  return name.endsWith("weight") ? [0.2, 0.4] : [0.1, 0];
}

/** Gives a network such weights, and returns it. */
export function fillPatterned<T extends nn.Module>(net: T): T {
  const filled = Object.entries(net.stateDict()).map(([name, value], key) => {
    const made = value.ndim === 0 ? value : patterned(value.shape, key, ...rangeOf(name, value));
    return [name, made] as const;
  });
  net.loadStateDict(Object.fromEntries(filled));
  return net;
}

/** The largest difference, relative to the largest number. */
export function difference(given: ArrayLike<number>, expected: readonly number[]): number {
  if (given.length !== expected.length) throw new Error(`${given.length} numbers, not ${expected.length}`);
  const size = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((x, i) => Math.abs(given[i] - x))) / size;
}
