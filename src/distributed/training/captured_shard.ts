/**
 * The forward and the backward pass of a shard: recorded once for all shards of a rank that have equally many examples, and
 * replayed with the examples of each.
 */
import type { TypedArray } from "../../base/dtype.ts";
import { isFloating } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import { constantValue, Value } from "../../graph/node.ts";
import type { Module } from "../../nn/index.ts";
import { overwrite } from "../../nn/init/initial_values.ts";
import { reshape } from "../../ops/core.ts";
import { constant, full } from "../../ops/creation.ts";
import { add, cast, mul } from "../../ops/elementwise/elementwise.ts";
import { recordingShard, type ShardInRecording } from "../../ops/nn/synchronized_norm.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { crossEntropy } from "../../tensor/functions/index.ts";
import { firstKeys, keysDrawnBy, setRngState } from "../../tensor/random_state.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { FitOptions } from "../../train/loop/fit_options.ts";
import { nextSlice, partOf } from "../../train/loop/micro_batches.ts";
import { lossOf, outputsOf } from "../../train/loop/network_output.ts";
import { inPrecision, type Precision } from "../../train/loop/precision.ts";
import type { RunningTotals } from "../../train/metrics/running_totals.ts";
import type { Summation } from "../../workers/collective_channel.ts";

/** A shard of a batch. */
export interface Shard {
  /** Its examples; null if it has none. */
  readonly slices: readonly ShardSlice[] | null;
  readonly size: number;
  /** Examples of the whole batch. */
  readonly examples: number;
  /** Of the random numbers that it draws. */
  readonly seed: number;
  /** Whether it is the batch's last. */
  readonly isLast: boolean;
  /** Slices of the batch's last shard: passes that counters of batches count, on every rank. */
  readonly passes: number;
  /** False for one that only keeps the place of a rank that has no example. */
  readonly counts: boolean;
  /** Shards of its rank, and how they are added, for layers in which they meet. */
  readonly neighbours: number;
  readonly summation: Summation;
}

/** Examples that go through the network at once; their data are here. */
interface ShardSlice {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly size: number;
}

/** Cuts examples `from` to `to` of a rank's part of a batch into slices of at most `most`. */
export function slicesOf(x: Tensor, y: Tensor, from: number, to: number, most: number): ShardSlice[] {
  const slices: ShardSlice[] = [];
  for (let at = from; at < to; ) {
    const size = nextSlice(to - at, most);
    slices.push({ x: partOf(x, at, at + size), y: partOf(y, at, at + size), size });
    at += size;
  }
  return slices;
}

/** What the recorded pass of a shard has left. */
export interface CapturedShard {
  /** Its share of each gradient, of each buffer's change, and of the totals: 32-bit floats, not computed yet. */
  readonly shares: readonly Value[];
  /** What is another for each shard: its examples and keys; null if shards cannot be exchanged for each other. */
  readonly inputs: readonly Value[] | null;
  /** Random keys among the inputs. */
  readonly keys: number;
}

export class ShardRecorder {
  precision: Precision = "f32";
  readonly #net: Module;
  readonly #loss: NonNullable<FitOptions["loss"]>;
  readonly #totals: RunningTotals;
  readonly #sent: (gradient: Value) => Value;
  /** Parameters that the loss does not depend on; their gradient stays null, as in a training alone. */
  readonly unused = new Set<Tensor>();
  /** Buffers that forward passes change (running statistics). */
  readonly moving = new Set<Tensor>();
  /** Those that are trained. */
  parameters: readonly Tensor[] = [];
  allParameters: readonly Tensor[] = [];
  buffers: readonly Tensor[] = [];
  #before: readonly Value[] = [];
  /** What the step makes of counters of batches, which are not in the engine; by their places among the buffers. */
  readonly counted = new Map<number, Value>();

  /** @param sent - a gradient as it is added to others. */
  constructor(
    net: Module,
    loss: FitOptions["loss"],
    totals: RunningTotals,
    sent: (gradient: Value) => Value = (gradient) => gradient,
  ) {
    this.#net = net;
    this.#sent = sent;
    this.#loss = loss ?? crossEntropy;
    this.#totals = totals;
  }

  /** Looks at what the network has at the beginning of a step. */
  begin(): void {
    this.allParameters = [...this.#net.parameters()];
    this.parameters = this.allParameters.filter((one) => one.requiresGrad);
    this.buffers = [...this.#net.buffers()];
    this.#before = this.buffers.map(({ cell }) => cell.value);
    this.counted.clear();
  }

  /** Contents of a buffer before the step. */
  before(buffer: number): Value {
    return this.#before[buffer];
  }

  /** Counters of batches as this step has left them, with their contents before. */
  get countedChanges(): Map<number, readonly [before: Value, after: Value]> {
    return new Map([...this.counted].map(([i, after]) => [i, [this.#before[i], after]]));
  }

  /** Counts a step that is not recorded, as one that was. */
  countAs(changes: ReadonlyMap<number, readonly [before: Value, after: Value]>): void {
    for (const [i, [before, after]] of changes) this.counted.set(i, movedAs(this.#before[i], before, after));
  }

  /** Shapes of what a shard adds up. */
  get shapes(): readonly Shape[] {
    return [
      ...[...this.parameters, ...this.buffers].map(({ shape }) => shape),
      ...Array.from({ length: this.#totals.width }, () => [1]),
    ];
  }

  /** Records the passes of a shard. Parameters and buffers stay as they are. */
  record(shard: Shard): CapturedShard {
    const { slices, size, examples, isLast, counts } = shard;
    if (slices === null) {
      const shares = this.shapes.map((shape) => full([...shape], 0, "float32"));
      return { shares, inputs: [], keys: 0 };
    }
    // An input, so that the last shard has the program of the others.
    const last = constantValue(Float32Array.of(isLast ? 1 : 0), [], "float32");
    const totals = new TotalsOfShard(this.#totals);
    this.#forgetGradients();
    setRngState({ seed: shard.seed, offset: 0 });
    // Without their data nothing can be made of them that is not part of the program.
    // Floats say with their numbers whether they are labels.
    const isHidden = slices.every(({ y }) => !isFloating(y.dtype));
    const hidden = slices.map(({ x, y, size }) => ({ x: hide(x), y: isHidden ? hide(y) : y, size }));
    const keys = keysDrawnBy(() => {
      for (const slice of hidden)
        recordingShard(partOfShard(shard, slice.size, slice === hidden[0]), () =>
          this.#pass(slice, counts ? slice.size / examples : 0, totals),
        );
    });
    const computed = [
      ...this.#takeGradients(),
      ...this.#takeMoves(size / examples, new Tensor(last), shard.passes / slices.length),
      ...totals.sums,
    ];
    // What does not count is needed all the same, so that it is computed.
    const shares = counts ? computed : computed.map(nothingOf);
    const data = hidden.flatMap(({ x, y }) => [x.value, y.value]);
    show(data, shard);
    return isHidden && keys !== null
      ? { shares, inputs: [last, ...data, ...keys], keys: keys.length }
      : { shares, inputs: null, keys: 0 };
  }

  #pass({ x, y }: ShardSlice, share: number, totals: TotalsOfShard): void {
    const outputs = inPrecision(this.precision, () => outputsOf(this.#net, x));
    const own = inPrecision(this.precision, () => lossOf(this.#loss, outputs, y));
    own.mul(share).backward();
    totals.add(own, outputs.output, y);
  }

  #forgetGradients(): void {
    for (const parameter of this.parameters) {
      if (parameter.grad !== null) defaultSession().gradients.forget(parameter.grad.cell);
      parameter.grad = null;
    }
  }

  /** The gradients that the last pass has left. */
  #takeGradients(): Value[] {
    return this.parameters.map((parameter) => {
      const { grad } = parameter;
      parameter.grad = null;
      if (grad === null) {
        this.unused.add(parameter);
        return full([...parameter.shape], 0, "float32");
      }
      this.unused.delete(parameter);
      defaultSession().gradients.forget(grad.cell);
      return this.#sent(cast(grad.value, "float32"));
    });
  }

  /** A share of how the last pass wants buffers to change, which they do not. */
  #takeMoves(share: number, last: Tensor, passes: number): Value[] {
    return this.buffers.map((buffer, i) => {
      const { value } = buffer.cell;
      const before = this.#before[i];
      const none = () => full([...buffer.shape], 0, "float32");
      if (value === before) return none();
      if (!isFloating(buffer.dtype) && value.data !== null && before.data !== null) {
        // This shard may have another number of slices than the last one, which all ranks count.
        if (!this.counted.has(i)) this.counted.set(i, scaledChange(before, value, passes));
        overwrite(buffer, before);
        return none();
      }
      this.moving.add(buffer);
      defaultSession().commit(buffer.cell, before);
      return noGrad(() => {
        const change = new Tensor(value).to("float32").sub(new Tensor(before).to("float32"));
        // Numbers of batches and the like count once, with the last shard, which always has examples.
        return change.mul(isFloating(buffer.dtype) ? share : last).value;
      });
    });
  }
}

/** `before` and some times the change from it to `after`. */
function scaledChange(before: Value, after: Value, times: number): Value {
  return times === 1 ? after : movedAs(before, before, after, times);
}

/** `start` and some times the change from `before` to `after`. */
function movedAs(start: Value, before: Value, after: Value, times = 1): Value {
  const [own, from, to] = [start.data, before.data, after.data] as [TypedArray, TypedArray, TypedArray];
  const data = own.slice();
  for (let i = 0; i < data.length; i++)
    data[i] = (Number(own[i]) + (Number(to[i]) - Number(from[i])) * times) as never;
  return constantValue(data, after.shape, after.dtype);
}

/** What takes the places of a recorded shard's inputs. */
export function inputsOf(shard: Shard, keys: number): TypedArray[] {
  if (shard.slices === null) return [];
  return [Float32Array.of(shard.isLast ? 1 : 0), ...dataOf(shard), ...firstKeys(shard.seed, keys)];
}

function dataOf({ slices }: Shard): TypedArray[] {
  return (slices ?? []).flatMap(({ x, y }) => [x.value.data as TypedArray, y.value.data as TypedArray]);
}

function partOfShard(shard: Shard, size: number, isFirst: boolean): ShardInRecording {
  const { examples: batchExamples, neighbours: shards, counts, summation } = shard;
  return { examples: size, batchExamples, shards, summation, isFirst, counts };
}

function nothingOf(value: Value): Value {
  return add(mul(value, constant(0, value.dtype)), full([...value.shape], 0, value.dtype));
}

/** The same without its data, as if they were on their way. */
function hide({ value: { shape, dtype } }: Tensor): Tensor {
  const value = new Value({ shape, dtype });
  value.readback = NEVER;
  return new Tensor(value);
}

const NEVER = new Promise<void>(() => {});

function show(hidden: readonly Value[], shard: Shard): void {
  for (const [i, data] of dataOf(shard).entries()) {
    hidden[i].data = data;
    hidden[i].readback = null;
  }
}

/** What the slices of a shard add to the totals. */
class TotalsOfShard {
  readonly #totals: RunningTotals;
  #sums: Tensor[] | null = null;

  constructor(totals: RunningTotals) {
    this.#totals = totals;
  }

  add(loss: Tensor, output: Tensor, target: Tensor): void {
    noGrad(() => {
      const own = this.#totals.sumsOf(loss, output, target);
      this.#sums = this.#sums?.map((sum, i) => sum.add(own[i])) ?? own;
    });
  }

  get sums(): Value[] {
    return noGrad(() => (this.#sums ?? []).map((sum) => reshape(sum.to("float32").value, [1])));
  }
}
