/**
 * A program that only changes state buffers, recorded once and sent as often as wanted: with other inputs, and on other
 * buffers of the same sizes.
 */
import type { TypedArray } from "../base/dtype.ts";
import type { FrozenPasses } from "../compiler/compile.ts";
import type { Program, ProgramStep } from "../engines/contract/engine.ts";
import { type Capture, captureNodes, collectNodes, constantValue, Value } from "../graph/node.ts";
import { bytesOfValues, type DeviceBuffer, type Run } from "./run.ts";
import type { EngineConnection } from "./runtime.ts";
import type { Session } from "./session.ts";

/** What is recorded. */
export interface Recorded {
  /** Not computed; they stay so. */
  readonly outputs: readonly Value[];
  /** Where the outputs go, in order. */
  readonly into: readonly DeviceBuffer[];
  /** Buffers in whose place others come; those of `into` are among them. */
  readonly buffers: readonly DeviceBuffer[];
  /** Values of given data in whose place others come. */
  readonly inputs: readonly Value[];
}

const KEPT_WEIGHTS: FrozenPasses = { trains: true, arranged: (graph) => graph, joinedNodes: () => [] };

/** The weights that a program's kernels read in a layout of their own. */
export interface WeightPacking {
  readonly bytes: number;
  /** Equal for programs that pack the same weights in the same way. */
  readonly layout: string;
}

export class ReplayedProgram {
  readonly #session: Session;
  readonly #connection: EngineConnection;
  readonly #captured: Capture;
  /** The same under a name of its own, with weights that stay packed. */
  readonly #packing: Capture;
  #weights: WeightPacking | null | undefined;
  readonly #recorded: Recorded;
  /** Of each input that is given, its place among the program's; -1 if nothing depends on it. */
  readonly #inputPlaces: readonly number[];
  /** Of each of the program's states, its place among the buffers that are given; -1 for one that stays. */
  readonly #bufferPlaces: readonly number[];

  constructor(session: Session, recorded: Recorded) {
    const { outputs, into, buffers, inputs } = recorded;
    this.#session = session;
    this.#connection = session.connection;
    this.#recorded = recorded;
    this.#captured = captureNodes(
      collectNodes(outputs, () => {}),
      [],
      outputs.map((from, i) => ({ from, to: into[i] })),
    );
    this.#packing = { ...this.#captured, key: `kept ${this.#captured.key}` };
    this.#inputPlaces = inputs.map((value) => this.#captured.inputs.indexOf(value));
    const places = new Map(buffers.map((buffer, i) => [buffer as unknown, i]));
    this.#bufferPlaces = this.#captured.states.map((state) => places.get(state) ?? -1);
  }

  /** Equal for programs that differ in their data alone. */
  get key(): string {
    return this.#captured.key;
  }

  /** Whether another program differs from it in nothing but the inputs that come in the place of the recorded ones. */
  isSameAs(other: ReplayedProgram): boolean {
    if (this.key !== other.key) return false;
    const [own, others] = [this.#constants, other.#constants];
    return own.length === others.length && own.every((data, i) => haveSameElements(data, others[i]));
  }

  /** Inputs that stay. */
  get #constants(): readonly TypedArray[] {
    const given = new Set(this.#inputPlaces);
    return this.#captured.inputs.filter((_, i) => !given.has(i)).map(({ data }) => data as TypedArray);
  }

  /**
   * What it can keep packed between runs that find the same weights; null if there is nothing, or the engine has not
   * started yet.
   */
  get weights(): WeightPacking | null {
    if (this.#connection.capabilities === null) return null;
    if (this.#weights === undefined) {
      const { program } = this.#connection.prepare(this.#packing, KEPT_WEIGHTS)();
      const bytes = program.packedBytes;
      this.#weights = bytes === undefined ? null : { bytes, layout: this.#layoutOf(program) };
    }
    return this.#weights;
  }

  #layoutOf(program: Program): string {
    const { values, steps } = program;
    const source = (id: number) => {
      const { kind, index, shape, dtype } = values[id];
      const at = kind === "alias" ? values[index] : values[id];
      return `${dtype}${shape}:${at.kind === "state" ? (this.#captured.states[at.index] as DeviceBuffer).buffer.id : ""}`;
    };
    const text = ({ op, attributes, inputs, outputs, scratch, plan }: ProgramStep) =>
      JSON.stringify([op, attributes, inputs.map(source), outputs.map(source), scratch, plan]);
    return steps
      .filter(({ scratch }) => scratch.packed === true)
      .map(text)
      .join("\n");
  }

  /** Has the engine compile it, if it has not yet. */
  compile(): void {
    this.#connection.prepare(this.#captured)();
  }

  /**
   * @param inputs - elements of the inputs, which must not change until the run is over.
   * @param buffers - in the place of those that were recorded.
   * @param packed - where weights lie packed, or come to lie; absent if they are packed for this run alone.
   * @throws OutOfMemoryError if the program does not fit the engine's memory.
   */
  send(inputs: readonly TypedArray[], buffers: readonly DeviceBuffer[], packed?: Run["packed"]): void {
    const given = [...this.#captured.inputs];
    for (const [i, place] of this.#inputPlaces.entries())
      if (place >= 0) given[place] = constantValue(inputs[i], given[place].shape, given[place].dtype);
    const places = this.#bufferPlaces;
    const states = this.#captured.states.map((state, i) => (places[i] < 0 ? state : buffers[places[i]]));
    const { into, buffers: recorded } = this.#recorded;
    const run: Run = {
      inputs: given,
      states: states as DeviceBuffer[],
      readbacks: [],
      changes: into.map((buffer) => changeOf(buffers[recorded.indexOf(buffer)])),
      bytes: bytesOfValues(given),
      packed,
      over: false,
    };
    const program =
      packed === undefined
        ? this.#connection.prepare(this.#captured)
        : this.#connection.prepare(this.#packing, KEPT_WEIGHTS);
    this.#connection.send(program, run, this.#session, this.#session.profiler);
    this.#session.statistics.runs++;
  }
}

export function haveSameElements(left: TypedArray, right: TypedArray): boolean {
  return (
    left.length === right.length && left.every((value: unknown, i: number) => Object.is(value, right[i]))
  );
}

/** Said of a run, so that later runs that use the buffer fail with it. */
function changeOf(deviceBuffer: DeviceBuffer): Run["changes"][number] {
  const value = new Value({ shape: [], dtype: "float32" });
  const owner = { value, deviceBuffer };
  return { owner, value, before: value, deviceBuffer, held: null, first: false, node: null };
}
