/**
 * The weights as kernels want to have them (transformed for Winograd's algorithm, for one), from one shard of a step to the
 * next: they change only at its end. One buffer, as large as it takes.
 */
import { OutOfMemoryError } from "../../base/errors.ts";
import type { ReplayedProgram } from "../../runtime/replayed_program.ts";
import type { DeviceBuffer, Run } from "../../runtime/run.ts";
import type { EngineConnection } from "../../runtime/runtime.ts";

export class PackedWeights {
  #connection: EngineConnection | null = null;
  #buffer: DeviceBuffer | null = null;
  /** Smaller ones, which runs under way may still use. */
  readonly #outgrown: DeviceBuffer[] = [];
  /** For as many bytes there was no room: programs pack for themselves. */
  #tooLarge = Number.POSITIVE_INFINITY;
  /** The layout in which they lie there; null if they do not. */
  #holds: string | null = null;

  /** Says that weights have changed, or that it is not known what the buffer holds. */
  forget(): void {
    this.#holds = null;
  }

  /** For a run of this program, which is sent next. */
  of(program: ReplayedProgram, connection: EngineConnection): Run["packed"] {
    if (this.#connection !== connection) {
      this.#connection = connection;
      this.#buffer = null;
      this.#tooLarge = Number.POSITIVE_INFINITY;
    }
    const { weights } = program;
    if (weights === null) return undefined;
    const buffer = this.#roomFor(weights.bytes, connection);
    if (buffer === null) return undefined;
    const pack = this.#holds !== weights.layout;
    this.#holds = weights.layout;
    return { buffer: buffer.buffer, pack };
  }

  #roomFor(bytes: number, connection: EngineConnection): DeviceBuffer | null {
    if (this.#buffer !== null && this.#buffer.buffer.bytes >= bytes) return this.#buffer;
    if (bytes >= this.#tooLarge) return null;
    if (this.#buffer !== null) this.#outgrown.push(this.#buffer);
    [this.#buffer, this.#holds] = [null, null];
    try {
      this.#buffer = connection.makeDeviceBuffer(bytes, false);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      this.#tooLarge = bytes;
    }
    return this.#buffer;
  }
}
