/** Small data sets for tests of training. */
import { DataLoader, TensorDataset } from "../../src/data/index.ts";
import { fromTypedArray, type Tensor } from "../../src/tensor/index.ts";

/** Numbers from 0 to 1, always the same ones for a seed. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Points in the plane whose class is their quadrant, and the class. */
export function quadrants(count: number, seed: number): [Tensor, Tensor] {
  const next = numbers(seed);
  const x = new Float32Array(2 * count);
  const y = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const [a, b] = [2 * next() - 1, 2 * next() - 1];
    x.set([a, b], 2 * i);
    y[i] = (a > 0 ? 1 : 0) + (b > 0 ? 2 : 0);
  }
  return [fromTypedArray(x, [count, 2], "float32"), fromTypedArray(y, [count], "int64")];
}

/** The same as a loader. */
export function quadrantLoader(count: number, seed: number, batchSize = 16): DataLoader {
  return new DataLoader(new TensorDataset(...quadrants(count, seed)), { batchSize });
}

/** The same as an array of batches. */
export function quadrantBatches(batches: number, seed: number, batchSize = 16): [Tensor, Tensor][] {
  return Array.from({ length: batches }, (_, i) => quadrants(batchSize, seed + i));
}
