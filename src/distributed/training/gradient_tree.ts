/**
 * The binary tree in which the gradients of a rank's shards are added: two neighbours first, then neighbouring pairs. Sums
 * are made in place, so that there are never more than one for each level of the tree, however many shards there are.
 */
import { numel, type Shape } from "../../base/shape.ts";
import type { EngineBuffer } from "../../engines/contract/engine.ts";
import { Value } from "../../graph/node.ts";
import { add } from "../../ops/elementwise/elementwise.ts";
import { ReplayedProgram } from "../../runtime/replayed_program.ts";
import type { DeviceBuffer } from "../../runtime/run.ts";
import type { Session } from "../../runtime/session.ts";

/** A binary tree over the order of its leaves: a leaf is merged as soon as its neighbour is there. */
export class TreeSum<T> {
  readonly #merge: (left: T, right: T) => T;
  /** Sums of 2^i leaves that wait for their neighbour, the largest first. */
  readonly #waiting: { readonly leaves: number; readonly sum: T }[] = [];

  constructor(merge: (left: T, right: T) => T) {
    this.#merge = merge;
  }

  push(leaf: T): void {
    let [leaves, sum] = [1, leaf];
    for (;;) {
      const before = this.#waiting[this.#waiting.length - 1];
      if (before === undefined || before.leaves !== leaves) break;
      this.#waiting.pop();
      sum = this.#merge(before.sum, sum);
      leaves *= 2;
    }
    this.#waiting.push({ leaves, sum });
  }

  /** What waits for its neighbour, the first leaves first. After a power of two of leaves it is one sum. */
  get waiting(): readonly T[] {
    return this.#waiting.map(({ sum }) => sum);
  }
}

/** A buffer for each gradient. */
type Buffers = readonly DeviceBuffer[];

/** @param i - the place of the values among the gradients. */
export type SumOfTwo = (left: Value, right: Value, i: number) => Value;

/** What lies in a buffer of 32-bit floats. */
export function valueIn(buffer: DeviceBuffer, shape: Shape): Value {
  const value = new Value({ shape, dtype: "float32" });
  value.state = buffer;
  return value;
}

export class GradientTree {
  readonly #session: Session;
  readonly #shapes: readonly Shape[];
  readonly #sum: SumOfTwo;
  readonly #free: Buffers[] = [];
  #tree: TreeSum<Buffers>;
  #addition: ReplayedProgram | null = null;
  /** How many times buffers for all gradients were made. */
  made = 0;

  /**
   * @param shapes - of the gradients, which are 32-bit floats.
   * @param sum - how two values are added.
   */
  constructor(session: Session, shapes: readonly Shape[], sum: SumOfTwo = add) {
    this.#session = session;
    this.#sum = sum;
    this.#shapes = shapes;
    this.#tree = this.#emptyTree();
  }

  /** Whether it was made for gradients of these shapes. */
  fits(shapes: readonly Shape[]): boolean {
    return String(shapes) === String(this.#shapes);
  }

  /** Buffers into which the next shard's program is to write; they are then given to `push`. */
  take(): Buffers {
    const known = this.#free.pop();
    if (known !== undefined) return known;
    this.made++;
    return this.#shapes.map((shape) => this.#session.connection.makeDeviceBuffer(4 * numel(shape)));
  }

  /** Buffers of the kind that `take` gives, for a program to be recorded with. */
  get place(): Buffers {
    const buffers = this.take();
    this.#free.push(buffers);
    return buffers;
  }

  /** The smallest of them. */
  get anyBuffer(): EngineBuffer {
    return this.place.reduce((a, b) => (b.buffer.bytes < a.buffer.bytes ? b : a)).buffer;
  }

  push(shard: Buffers): void {
    this.#tree.push(shard);
  }

  /** Sums that wait for the last shard, the first shards' first. */
  get waiting(): readonly Buffers[] {
    return this.#tree.waiting;
  }

  /** The sum of all, with the gradients of the last shard, which are recorded and not computed. Begins the next tree. */
  finish(last: readonly Value[]): Value[] {
    let sums = [...last];
    for (const buffers of [...this.#tree.waiting].reverse()) {
      sums = sums.map((sum, i) => this.#sum(this.#valueIn(buffers[i], i), sum, i));
      this.#free.push(buffers);
    }
    this.#tree = this.#emptyTree();
    return sums;
  }

  /** Forgets what was pushed: it was sent with the last shard, or the step has failed. */
  clear(): void {
    this.#free.push(...this.#tree.waiting);
    this.#tree = this.#emptyTree();
  }

  #emptyTree(): TreeSum<Buffers> {
    return new TreeSum((left, right) => this.#add(left, right));
  }

  /** Adds into the left buffers; the right ones are free again. */
  #add(left: Buffers, right: Buffers): Buffers {
    this.#addition ??= new ReplayedProgram(this.#session, {
      outputs: left.map((buffer, i) => this.#sum(this.#valueIn(buffer, i), this.#valueIn(right[i], i), i)),
      into: left,
      buffers: [...left, ...right],
      inputs: [],
    });
    this.#addition.send([], [...left, ...right]);
    this.#free.push(right);
    return left;
  }

  #valueIn(buffer: DeviceBuffer, i: number): Value {
    return valueIn(buffer, this.#shapes[i]);
  }
}
