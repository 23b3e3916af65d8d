/**
 * One algorithm for each piece of work, on all ranks: else the bits of a shard would depend on the rank that computes it.
 * Rank 0 chooses, as in a training alone, for the shards of a batch of a size that was not seen before; the others are told
 * what it has chosen. What is not among that, the engine's fixed rule decides, on rank 0 too.
 */
import { knownAlgorithms, measureAlgorithms, shareAlgorithms } from "../../runtime/kept_algorithms.ts";
import type { EngineConnection } from "../../runtime/runtime.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import type { MpiClient } from "../mpi/mpi_client.ts";
import { valueOfRank0 } from "./gather_values.ts";

type Chosen = ReadonlyMap<string, string | null>;

export class SharedAlgorithms {
  readonly #client: MpiClient | null;
  readonly #rank: number;
  #connection: EngineConnection | null = null;
  /** What was agreed upon on this engine. */
  readonly #agreed = new Set<string>();

  constructor(client: MpiClient | null, rank: number) {
    this.#client = client;
    this.#rank = rank;
  }

  /**
   * Every rank calls it, with the same text.
   *
   * @param work - for which algorithms are wanted.
   * @param compile - has the engine choose them; resolves when it has.
   */
  async agree(work: string, compile: () => Promise<void>): Promise<void> {
    const { connection } = defaultSession();
    if (connection.engine.autotuning === undefined) return;
    if (this.#connection !== connection) this.#agreed.clear();
    this.#connection = connection;
    if (this.#agreed.has(work)) return;
    this.#agreed.add(work);
    await connection.started();
    let known: Chosen | null = null;
    if (this.#rank === 0) {
      // What was agreed upon before stays; what is new may be measured.
      measureAlgorithms();
      await compile();
      known = knownAlgorithms();
    }
    shareAlgorithms(this.#client === null ? known : await valueOfRank0(this.#client, this.#rank, known));
  }
}
