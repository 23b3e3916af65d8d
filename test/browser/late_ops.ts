/** Ops without a kernel of the wasm engine, the same in Node.js and in a page. */
import type * as Convoyant from "../../src/browser.ts";

/** Two programs at once, before and after which the engine runs others on the same tensors. */
export async function runLateOps(
  { nn, stopEngine, tensor, useEngine }: typeof Convoyant,
  threads: number,
): Promise<number[][]> {
  await useEngine("wasm", { threads });
  const x = tensor(Array.from({ length: 48 }, (_, i) => Math.sin(i * i)));
  const images = x.reshape(1, 3, 4, 4);
  const doubled = x.add(x).tolist();
  const sorted = x.sort()[0].tolist();
  const larger = nn.functional
    .interpolate(images, { size: [7, 5], mode: "bicubic" })
    .reshape(-1)
    .tolist();
  x.add_(1);
  const changed = x.tolist();
  const found = await Promise.all([doubled, sorted, larger, changed, x.cumprod(0).tolist()]);
  await stopEngine();
  return found as number[][];
}
