/** What the tests of the book's cells share: batches, and what a cell prints. */
import { mock } from "node:test";
import { rand, randint, type Tensor } from "../../src/index.ts";

/** The line that a training ends with. */
export const LAST = /^loss \d\.\d{3}, train acc [01]\.\d{3}, test acc [01]\.\d{3}$/;

/** A few batches in place of Fashion-MNIST. */
export function iterators(batchSize: number, size: number): [[Tensor, Tensor][], [Tensor, Tensor][]] {
  const batch = (): [Tensor, Tensor] => [rand(batchSize, 1, size, size), randint(0, 10, [batchSize])];
  return [[batch(), batch()], [batch()]];
}

/** What is printed while `body` runs. */
export async function printed(body: () => unknown): Promise<string[][]> {
  const log = mock.method(console, "log", () => {});
  try {
    await body();
    return log.mock.calls.map(({ arguments: args }) => args.map(String));
  } finally {
    log.mock.restore();
  }
}
