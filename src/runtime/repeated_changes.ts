/**
 * Changes of state that are sent again as they were sent once, without being recorded: what is computed lies in the same
 * buffers, and only numbers that are given differ.
 */
import type { TypedArray } from "../base/dtype.ts";
import type { EngineBuffer } from "../engines/contract/engine.ts";
import { constantValue, type StateBuffer, Value } from "../graph/node.ts";
import { haveSameElements } from "./replayed_program.ts";
import { applyCommits, bytesOfValues, type DeviceBuffer, type Run } from "./run.ts";
import type { EngineConnection } from "./runtime.ts";
import type { SentRun, Session } from "./session.ts";

export class RepeatedChanges {
  readonly #session: Session;
  readonly #connection: EngineConnection;
  readonly #sent: SentRun;
  /** Of each number that is given, its place among the program's inputs; -1 if nothing depends on it. */
  readonly #places: readonly number[];
  readonly #buffers: readonly EngineBuffer[];
  readonly #changed: ReadonlySet<StateBuffer>;

  /**
   * @param sent - a run that reads nothing back.
   * @param given - the inputs in whose place others come.
   */
  constructor(session: Session, sent: SentRun, given: readonly Value[]) {
    const { inputs, states } = sent.captured;
    this.#session = session;
    this.#connection = session.connection;
    this.#sent = sent;
    this.#places = given.map((value) => inputs.indexOf(value));
    this.#changed = new Set(sent.places);
    this.#buffers = states.map(({ buffer }) => buffer);
  }

  /** Whether another run differs from it in nothing but the numbers that are given. */
  isSameAs(other: RepeatedChanges): boolean {
    const [{ captured, owners }, others] = [this.#sent, other.#sent];
    return (
      captured.key === others.captured.key &&
      captured.states.every((state, i) => state === others.captured.states[i]) &&
      owners.every((owner, i) => owner === others.owners[i]) &&
      captured.inputs.every(
        ({ data }, i) =>
          this.#places.includes(i) ||
          haveSameElements(data as TypedArray, others.captured.inputs[i].data as TypedArray),
      )
    );
  }

  /** Whether it would be recorded as it was: all that it changes is where it was, and nothing waits that needs what is there. */
  get holds(): boolean {
    const { owners, places } = this.#sent;
    return (
      this.#session.running === this.#connection &&
      !this.#session.hasWork &&
      !this.#session.isNeeded(this.#changed) &&
      owners.every(({ value, deviceBuffer }, i) => {
        if (deviceBuffer !== places[i] || value.state !== deviceBuffer || value.failure !== null)
          return false;
        return deviceBuffer.leaving == null && (value.gradientOwner !== null || !value.requiresGrad);
      })
    );
  }

  /**
   * @param given - the numbers of this time.
   * @throws OutOfMemoryError if the program does not fit the engine's memory.
   */
  send(given: readonly TypedArray[]): void {
    const { captured, owners } = this.#sent;
    const inputs = [...captured.inputs];
    for (const [i, place] of this.#places.entries())
      if (place >= 0) inputs[place] = constantValue(given[i], inputs[place].shape, inputs[place].dtype);
    const program = this.#connection.prepare(captured);
    const commits = owners.map((owner) => {
      const before = owner.value;
      owner.value = successorOf(before);
      return { owner, value: owner.value, before };
    });
    const run: Run = {
      inputs,
      states: captured.states as readonly DeviceBuffer[],
      buffers: this.#buffers,
      readbacks: [],
      changes: applyCommits(commits),
      bytes: bytesOfValues(inputs),
      over: false,
    };
    this.#connection.send(program, run, this.#session, this.#session.profiler);
    this.#session.statistics.runs++;
  }
}

/** The next contents of an owner, with the same place on the tape. */
function successorOf(before: Value): Value {
  const value = new Value(before);
  value.requiresGrad = before.requiresGrad;
  value.gradientOwner = before.gradientOwner;
  return value;
}
