/** A program that is called again and again with other inputs: it is recorded and captured once. */
import type { TypedArray } from "../base/dtype.ts";
import { numel } from "../base/shape.ts";
import { type Capture, captureNodes, collectNodes, constantValue, Value } from "../graph/node.ts";
import { type DeviceBuffer, PendingReadback, type Run } from "./run.ts";
import type { EngineConnection } from "./runtime.ts";
import type { Session } from "./session.ts";

export class RecordedCall {
  readonly #session: Session;
  readonly #connection: EngineConnection;
  readonly #captured: Capture;
  readonly #outputs: readonly Value[];
  /** Of each input that is given at a call, its place among the program's. */
  readonly #places: readonly number[];

  /**
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
    this.#places = inputs.map((value) => this.#captured.inputs.indexOf(value));
  }

  /** Whether the engine for which it was recorded is still the one in use. */
  get isCurrent(): boolean {
    return this.#session.running === this.#connection;
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
    const run: Run = {
      inputs,
      states: this.#captured.states as readonly DeviceBuffer[],
      readbacks: results.map((value) => new PendingReadback(value)),
      changes: [],
      bytes: inputs.reduce((sum, { shape }) => sum + 4 * numel(shape), 0),
      over: false,
    };
    const readbacks = results.map(({ readback }) => readback);
    const program = this.#connection.prepare(this.#captured);
    this.#connection.send(program, run, this.#session, this.#session.profiler);
    return Promise.all(readbacks).then(() => results.map(({ data }) => data as TypedArray));
  }
}
