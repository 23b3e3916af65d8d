/**
 * A program that is called again and again with other inputs: it is recorded and captured once, and its weights are brought
 * into the layout of the kernels once.
 */

import type { TypedArray } from "../base/dtype.ts";
import { OutOfMemoryError } from "../base/errors.ts";
import { FROZEN_PASSES } from "../compiler/side_by_side.ts";
import type { CompiledProgram, EngineBuffer, RunBindings } from "../engines/contract/engine.ts";
import { type Capture, captureNodes, collectNodes, constantValue, Value } from "../graph/node.ts";
import { bytesOfValues, type DeviceBuffer, PendingReadback, type Run } from "./run.ts";
import type { EngineConnection } from "./runtime.ts";
import type { Session } from "./session.ts";

export class RecordedCall {
  readonly #session: Session;
  readonly #connection: EngineConnection;
  readonly #captured: Capture;
  /** The same under a name of its own, for a program whose weights stay packed. */
  readonly #packing: Capture;
  readonly #buffers: readonly EngineBuffer[];
  readonly #outputs: readonly Value[];
  /** Of each input that is given at a call, its place among the program's. */
  readonly #places: readonly number[];
  #packed: DeviceBuffer | null;
  /** The program whose weights are packed; null before the first run and after one that failed. */
  #packedFor: CompiledProgram | null = null;

  /**
   * @param session - whose engine has started.
   * @param outputs - recorded and not computed; they stay so.
   * @param inputs - the values of given data in whose place others come at each call.
   */
  constructor(session: Session, outputs: readonly Value[], inputs: readonly Value[]) {
    this.#session = session;
    // Weights that are to live in device buffers get there, and changes of them that wait are made.
    session.submit([]);
    this.#connection = session.connection;
    this.#outputs = outputs;
    this.#captured = captureNodes(
      collectNodes(outputs, () => {}),
      outputs,
      [],
    );
    this.#packing = { ...this.#captured, key: `packed ${this.#captured.key}` };
    this.#buffers = this.#captured.states.map((state) => (state as DeviceBuffer).buffer);
    this.#places = inputs.map((value) => this.#captured.inputs.indexOf(value));
    this.#packed = this.#makePacked();
  }

  /** Bytes of the packed weights at most: they are padded to whole blocks. */
  get packedBytes(): number {
    return this.#packed?.buffer.bytes ?? 0;
  }

  /** Room for packed weights; null if there are none, or no room: each run then packs them for itself. */
  #makePacked(): DeviceBuffer | null {
    try {
      const { packedBytes } = this.#connection.prepare(this.#packing, FROZEN_PASSES)().program;
      return packedBytes === undefined ? null : this.#connection.makeDeviceBuffer(packedBytes, false);
    } catch (error) {
      if (error instanceof OutOfMemoryError) return null;
      throw error;
    }
  }

  /** Whether the engine for which it was recorded is still the one in use. */
  get isCurrent(): boolean {
    return this.#session.running === this.#connection;
  }

  /** Frees the packed weights, after the runs under way: each later run packs them for itself. */
  release(): void {
    if (this.#packed !== null && this.isCurrent) this.#connection.freeDeviceBuffer(this.#packed);
    this.#packed = null;
  }

  /**
   * The outputs' elements for these inputs. Do not change the inputs until they are there.
   *
   * @throws OutOfMemoryError at once if it does not fit the engine's memory.
   */
  run(data: readonly TypedArray[]): Promise<TypedArray[]> {
    const inputs = [...this.#captured.inputs];
    for (const [i, place] of this.#places.entries()) {
      if (place < 0) continue;
      const { shape, dtype } = inputs[place];
      inputs[place] = constantValue(data[i], shape, dtype);
    }
    const results = this.#outputs.map(({ shape, dtype }) => new Value({ shape, dtype }));
    const program =
      this.#packed !== null
        ? this.#connection.prepare(this.#packing, FROZEN_PASSES)
        : this.#connection.prepare(this.#captured);
    const run: Run = {
      inputs,
      states: this.#captured.states as readonly DeviceBuffer[],
      buffers: this.#buffers,
      readbacks: results.map((value) => new PendingReadback(value)),
      changes: [],
      bytes: bytesOfValues(inputs),
      packed: this.#packedOf(program()),
      over: false,
    };
    const readbacks = results.map(({ readback }) => readback);
    this.#connection.send(program, run, this.#session, this.#session.profiler);
    return Promise.all(readbacks).then(
      () => results.map(({ data }) => data as TypedArray),
      (error) => {
        this.#packedFor = null;
        throw error;
      },
    );
  }

  /** The packed weights; the first run of a program packs them. */
  #packedOf(program: CompiledProgram): RunBindings["packed"] {
    if (this.#packed === null) return undefined;
    const pack = this.#packedFor !== program;
    this.#packedFor = program;
    return { buffer: this.#packed.buffer, pack };
  }
}
