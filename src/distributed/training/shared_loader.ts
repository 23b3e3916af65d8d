/** A loader that gives a rank its part of every batch, as many batches as every other rank has. */
import { DistributedError } from "../../base/errors.ts";
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

/** Milliseconds of steps that ranks agree upon at once: for as long a rank's interruption may go unheard. */
const AGREED_MS = 50;

/** What ranks agree upon while they train: whether to go on, and for how many batches. */
export class Agreement {
  readonly #client: Pick<MpiClient, "collective"> | null;
  readonly signal = new AgreedSignal();
  /** Milliseconds. */
  readonly clock: () => number;
  #own: { readonly aborted: boolean } | null = null;

  constructor(client: Pick<MpiClient, "collective"> | null, clock = () => performance.now()) {
    this.#client = client;
    this.clock = clock;
  }

  /** The signal that this rank listens to; it goes on with its own if it is given the one that ranks agree upon. */
  listen(signal: { readonly aborted: boolean } | null | undefined): void {
    if (signal !== this.signal) this.#own = signal ?? null;
  }

  /**
   * @param batches - how many this rank is sure to have.
   * @returns how many all ranks have; 0 if one of them has none.
   */
  async commonBatches(batches: number): Promise<number> {
    let [common, stop] = [batches, this.#own?.aborted ? 1 : 0];
    if (this.#client !== null) {
      const words = sharedArray("int32", 2);
      words.set([-batches, stop]);
      const elements = { buffer: words.buffer, count: 2, type: "int32" } as const;
      await this.#client.collective({ kind: "allReduce", elements, op: "max" });
      [common, stop] = [-words[0], words[1]];
    } else common = Math.min(batches, 1);
    if (stop === 1) this.signal.aborted = true;
    return common;
  }
}

/** A walk through a loader, on which all ranks take equally many batches. Messages for every batch would slow short steps. */
class AgreedWalk {
  readonly #agreement: Agreement;
  /** Batches from here to the end; null if that is not known. */
  #left: number | null;
  /** Batches that were agreed upon and not taken. */
  #granted = 0;
  #lastGrant = 1;
  #agreedAt: number | null = null;

  constructor(agreement: Agreement, batches: number | null) {
    this.#agreement = agreement;
    this.#left = batches;
  }

  /**
   * @param hasBatch - whether this rank's loader has given one.
   * @returns whether every rank has.
   * @throws DistributedError if the loader ends before the number of batches that it has told.
   */
  async goOn(hasBatch: boolean): Promise<boolean> {
    if (this.#granted === 0)
      this.#granted = await this.#agreement.commonBatches(hasBatch ? this.#wanted() : 0);
    if (this.#granted === 0) return false;
    if (!hasBatch)
      throw new DistributedError(
        "the loader has given fewer batches than its length, which the other ranks count on",
      );
    this.#granted--;
    if (this.#left !== null) this.#left--;
    return true;
  }

  /** As many batches as take `AGREED_MS`, by how long the last ones took. */
  #wanted(): number {
    const [now, before] = [this.#agreement.clock(), this.#agreedAt];
    const most = before === null ? 1 : (this.#lastGrant * AGREED_MS) / Math.max(now - before, 0.01);
    this.#agreedAt = now;
    this.#lastGrant = Math.max(1, Math.min(Math.floor(most), 2 * this.#lastGrant, this.#left ?? 1));
    return this.#lastGrant;
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
    const walk = new AgreedWalk(this.#agreement, this.#batchesFrom(place));
    const agreed = async () => {
      const next = await batches.next();
      return (await walk.goOn(next.done !== true)) && next.done !== true ? next.value : null;
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

  /** Batches from a place to the end of the epoch; null if the loader only guesses. */
  #batchesFrom({ fromBatch = 0, fromExample }: LoaderPlace): number | null {
    if (this.examples === null || this.length === null) return null;
    return this.length - ((fromExample === undefined ? null : this.batchAt(fromExample)) ?? fromBatch);
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
