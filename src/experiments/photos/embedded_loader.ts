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
    return this.counted(super.iterate(options));
  }

  private async *counted(
    batches: AsyncIterable<readonly [Tensor, Tensor]>,
  ): AsyncGenerator<readonly [Tensor, Tensor]> {
    let done = 0;
    for await (const batch of batches) {
      this.onTaken(done);
      done += batch[0].size(0);
      yield batch;
    }
    this.onTaken(done);
  }
}
