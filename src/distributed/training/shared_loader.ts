/** A loader that gives a rank its part of every batch, as many batches as every other rank has. */
import type { AbortSignalLike } from "../../base/web_types.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Loader, LoaderPlace } from "../../train/loop/fit_options.ts";
import { checkBatch, LoaderAround } from "../../train/loop/loaders.ts";
import { partOf } from "../../train/loop/micro_batches.ts";
import type { MpiClient } from "../mpi/mpi_client.ts";
import { sharedArray } from "../shared_elements.ts";
import { rangeOfRank, type ShardCut, type ShardRange } from "./shards.ts";

/** A rank's part of a batch. */
export interface BatchPart {
  /** Examples of the whole batch. */
  readonly examples: number;
  /** Which of them this rank has; none if both are equal: its tensors then hold one that does not count. */
  readonly range: ShardRange;
}

const parts = new WeakMap<Tensor, BatchPart>();

/** What part of which batch the images are. */
export function partOfBatch(x: Tensor): BatchPart {
  return parts.get(x) ?? { examples: x.size(0), range: [0, x.size(0)] };
}

/** A signal that is aborted on all ranks at the same step: when the first of them has seen its own. */
export class AgreedSignal implements Pick<AbortSignalLike, "aborted"> {
  aborted = false;
}

/** What ranks agree upon before each batch. */
export class Agreement {
  readonly #client: MpiClient | null;
  readonly signal = new AgreedSignal();
  #own: { readonly aborted: boolean } | null = null;

  constructor(client: MpiClient | null) {
    this.#client = client;
  }

  /** The signal that this rank listens to; it goes on with its own if it is given the one that ranks agree upon. */
  listen(signal: { readonly aborted: boolean } | null | undefined): void {
    if (signal !== this.signal) this.#own = signal ?? null;
  }

  /** @returns whether every rank has another batch. */
  async goOn(hasBatch: boolean): Promise<boolean> {
    let [missing, stop] = [hasBatch ? 0 : 1, this.#own?.aborted ? 1 : 0];
    if (this.#client !== null) {
      const flags = sharedArray("int32", 2);
      flags.set([missing, stop]);
      const elements = { buffer: flags.buffer, count: 2, type: "int32" } as const;
      await this.#client.collective({ kind: "allReduce", elements, op: "max" });
      [missing, stop] = flags as unknown as [number, number];
    }
    if (stop === 1) this.signal.aborted = true;
    return missing === 0;
  }
}

export class SharedLoader extends LoaderAround {
  readonly #cut: ShardCut;
  readonly #agreement: Agreement;

  constructor(loader: Loader, cut: ShardCut, agreement: Agreement) {
    super(loader);
    this.#cut = cut;
    this.#agreement = agreement;
  }

  override async *iterate(place: LoaderPlace): AsyncGenerator<readonly [Tensor, Tensor]> {
    const sizes: number[] = [];
    // The order in which parts are asked for is that of the batches.
    const part = (examples: number): ShardRange => {
      sizes.push(examples);
      return atLeastOne(rangeOfRank(examples, this.#cut), examples);
    };
    const inParts = this.loader.givesParts === true;
    const batches = this.loader.iterate(inParts ? { ...place, part } : place)[Symbol.asyncIterator]();
    const agreed = async () => {
      const next = await batches.next();
      return (await this.#agreement.goOn(next.done !== true)) && next.done !== true ? next.value : null;
    };
    try {
      // What comes next is agreed upon while the step before is computed.
      let coming = agreed();
      for (;;) {
        const item = await coming;
        if (item === null) return;
        coming = agreed();
        coming.catch(() => {});
        const [x, y] = checkBatch(item, "loader");
        const examples = inParts ? (sizes.shift() as number) : x.size(0);
        yield this.#cutOut(x, y, examples, inParts);
      }
    } finally {
      await batches.return?.();
    }
  }

  #cutOut(x: Tensor, y: Tensor, examples: number, isPart: boolean): readonly [Tensor, Tensor] {
    const range = rangeOfRank(examples, this.#cut);
    const [from, to] = atLeastOne(range, examples);
    // Another tensor: the loader's own may come again in the next epoch.
    const own = isPart ? x : new Tensor(partOf(x, from, to).value);
    parts.set(own, { examples, range });
    return [own, isPart ? y : partOf(y, from, to)];
  }
}

function atLeastOne([from, to]: ShardRange, examples: number): ShardRange {
  if (to > from) return [from, to];
  const last = Math.min(from, examples - 1);
  return [last, last + 1];
}
