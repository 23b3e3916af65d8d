/** A loader that reports how many examples were taken from it. */
import type { Tensor } from "../../tensor/tensor.ts";
import type { Loader, LoaderPlace } from "../../train/loop/fit_options.ts";
import { LoaderAround } from "../../train/loop/loaders.ts";

/** The images whose embeddings are computed. */
export class EmbeddedLoader extends LoaderAround {
  private readonly onTaken: (done: number) => void;

  constructor(loader: Loader, onTaken: (done: number) => void) {
    super(loader);
    this.onTaken = onTaken;
  }

  override iterate(options: LoaderPlace): AsyncIterable<readonly [Tensor, Tensor]> {
    const { part } = options;
    if (part === undefined) return this.counted(super.iterate(options), ([x]) => x.size(0));
    // Of a batch that ranks share all examples count.
    const sizes: number[] = [];
    const counting = (examples: number) => {
      sizes.push(examples);
      return part(examples);
    };
    return this.counted(super.iterate({ ...options, part: counting }), () => sizes.shift() as number);
  }

  private async *counted(
    batches: AsyncIterable<readonly [Tensor, Tensor]>,
    sizeOf: (batch: readonly [Tensor, Tensor]) => number,
  ): AsyncGenerator<readonly [Tensor, Tensor]> {
    let done = 0;
    for await (const batch of batches) {
      this.onTaken(done);
      done += sizeOf(batch);
      yield batch;
    }
    this.onTaken(done);
  }
}
