/**
 * A training step that is shared by ranks: forward and backward pass of each of the rank's shards, the sum of the gradients
 * over all shards, the change of the weights; all of it one program, in which the sum over ranks is a step.
 */
import { isFloating } from "../../base/dtype.ts";
import { OutOfMemoryError, TrainingError } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import { insideCall, type Value } from "../../graph/node.ts";
import { clipGradNorm_ } from "../../nn/gradient_clipping.ts";
import type { Module } from "../../nn/index.ts";
import { SyncBatchNormLayer } from "../../nn/layers/sync_batch_norm.ts";
import { allReduce } from "../../ops/collective.ts";
import { reshape } from "../../ops/core.ts";
import { constant, full } from "../../ops/creation.ts";
import { add, cast, mul } from "../../ops/elementwise/elementwise.ts";
import { recordingShard } from "../../ops/nn/synchronized_norm.ts";
import { cat, sliceDim } from "../../ops/shape/slicing.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { cat as concatenated, crossEntropy } from "../../tensor/functions/index.ts";
import { drawSeed, getRngState, setRngState } from "../../tensor/random_state.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { FitOptions } from "../../train/loop/fit_options.ts";
import { nextSlice, partOf } from "../../train/loop/micro_batches.ts";
import { lossOf, outputsOf } from "../../train/loop/network_output.ts";
import { inPrecision, type Precision } from "../../train/loop/precision.ts";
import type { SharedStep } from "../../train/loop/ranks.ts";
import type { RunningTotals } from "../../train/metrics/running_totals.ts";
import type { Summation } from "../../workers/collective_channel.ts";
import { rangeOfShard, type ShardCut, shardsOfRank, TreeSum } from "./shards.ts";
import { type BatchPart, partOfBatch } from "./shared_loader.ts";

type StepOptions = Pick<FitOptions, "optimizer" | "loss" | "clipGradNorm" | "microBatch">;

/** Apart from the seeds that users set: shards of one step draw other numbers. */
const SEED_STRIDE = 0x9e3779b97f4a;

export class ShardedStep implements SharedStep {
  precision: Precision = "f32";
  readonly found = null;
  readonly #net: Module;
  readonly #options: StepOptions;
  readonly #totals: RunningTotals;
  readonly #cut: ShardCut;
  readonly #summation: Summation;
  readonly #join: () => Promise<void>;
  /** Parameters that the loss does not depend on; their gradient stays null, as in a training alone. */
  readonly #unused = new Set<Tensor>();
  /** Whether a pass has shown that. */
  #isKnown = false;
  /** Buffers that forward passes change (running statistics). */
  readonly #moving = new Set<Tensor>();
  /** Whether shards meet in the network, on every rank, also on one that has no example. */
  readonly #meets: boolean;

  /** @param join - connects the engine in use with the other ranks. */
  constructor(
    net: Module,
    options: StepOptions,
    totals: RunningTotals,
    cut: ShardCut,
    summation: Summation,
    join: () => Promise<void>,
  ) {
    this.#net = net;
    this.#options = options;
    this.#totals = totals;
    this.#cut = cut;
    this.#summation = summation;
    this.#join = join;
    this.#meets = net.modules().some((module) => module instanceof SyncBatchNormLayer);
  }

  load(): void {}

  async run(x: Tensor, y: Tensor, step: number): Promise<void> {
    await this.#join();
    const part = partOfBatch(x);
    try {
      insideCall(() => this.#record(x, y, part, step));
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      throw new TrainingError(`fit: the shards of a step do not fit the memory: ${error.message}`, {
        cure: "; use a smaller batch, more shards, or pass microBatch",
      });
    }
    this.#totals.count(part.examples);
    await defaultSession().backpressure(2);
  }

  #record(x: Tensor, y: Tensor, part: BatchPart, step: number): void {
    const { optimizer, clipGradNorm } = this.#options;
    const parameters = [...this.#net.parameters()].filter((one) => one.requiresGrad);
    const buffers = [...this.#net.buffers()];
    const before = buffers.map(({ cell }) => cell.value);
    const seed = drawSeed();
    const random = getRngState();
    if (part.range[0] === part.range[1] && !this.#isKnown) this.#look(x, y, parameters, buffers, before);
    const tree = new TreeSum<Value>(add);
    for (const shard of shardsOfRank(this.#cut)) {
      setRngState({ seed: (seed + shard * SEED_STRIDE) % Number.MAX_SAFE_INTEGER, offset: 0 });
      tree.push(this.#shard(shard, x, y, part, parameters, buffers, before));
    }
    setRngState(random);
    const sums = splitLike(allReduce(joined(tree.total), this.#summation), tree.total);
    this.#apply(sums, parameters, buffers, before);
    const totals = sums
      .slice(parameters.length + buffers.length)
      .map((sum) => cast(reshape(sum, []), "float64"));
    noGrad(() =>
      this.#totals.addSums(
        totals.map((sum) => new Tensor(sum)),
        step,
      ),
    );
    if (clipGradNorm) clipGradNorm_(this.#net.parameters(), clipGradNorm);
    optimizer.step();
  }

  /**
   * Sees which parameters have gradients, and which buffers move, before the first step of which this rank has no example:
   * records a pass of which nothing is used, and so nothing computed.
   */
  #look(
    x: Tensor,
    y: Tensor,
    parameters: readonly Tensor[],
    buffers: readonly Tensor[],
    before: readonly Value[],
  ): void {
    const twice = (batch: Tensor) => noGrad(() => concatenated([batch, batch], 0));
    this.#forgetGradients(parameters);
    this.#slice(twice(x), twice(y), 0, new TotalsOfShard(this.#totals));
    this.#takeGradients(parameters);
    this.#takeMoves(buffers, before);
  }

  #forgetGradients(parameters: readonly Tensor[]): void {
    this.#options.optimizer.zeroGrad();
    for (const parameter of parameters) parameter.grad = null;
  }

  /** The gradients that the last pass has left; null for a parameter that it does not depend on. */
  #takeGradients(parameters: readonly Tensor[]): (Value | null)[] {
    this.#isKnown = true;
    return parameters.map((parameter) => {
      const { grad } = parameter;
      parameter.grad = null;
      if (grad === null) {
        this.#unused.add(parameter);
        return null;
      }
      this.#unused.delete(parameter);
      defaultSession().gradients.forget(grad.cell);
      return grad.value;
    });
  }

  /** The contents that the last pass wants buffers to have, which they do not get; null for one that it leaves alone. */
  #takeMoves(buffers: readonly Tensor[], before: readonly Value[]): (Value | null)[] {
    return buffers.map((buffer, i) => {
      const { value } = buffer.cell;
      if (value === before[i]) return null;
      this.#moving.add(buffer);
      defaultSession().commit(buffer.cell, before[i]);
      return value;
    });
  }

  /** What a shard adds: its share of each gradient, of each buffer's new contents, and of the totals. */
  #shard(
    shard: number,
    x: Tensor,
    y: Tensor,
    { examples, range }: BatchPart,
    parameters: readonly Tensor[],
    buffers: readonly Tensor[],
    before: readonly Value[],
  ): Value[] {
    const { shards, worldSize } = this.#cut;
    const [from, to] = rangeOfShard(examples, shard, shards);
    const zeros = (tensor: Tensor) => full([numel(tensor.shape)], 0, "float32");
    const totals = new TotalsOfShard(this.#totals);
    // A rank that has no example comes to the meetings with one that does not count.
    const isPresent = this.#meets && range[0] === range[1] && shard % (shards / worldSize) === 0;
    if (from === to && !isPresent) return [...[...parameters, ...buffers].map(zeros), ...totals.sums];
    this.#forgetGradients(parameters);
    const { microBatch = "auto" } = this.#options;
    const most = microBatch === "auto" ? to - from : microBatch;
    const recorded = { batchExamples: examples, shards: shards / worldSize, summation: this.#summation };
    for (let at = from; at < to; ) {
      const size = nextSlice(to - at, most);
      const [begin, end] = [at - range[0], at - range[0] + size];
      const slice = { ...recorded, examples: size, isFirst: at === from, counts: true };
      recordingShard(slice, () =>
        this.#slice(partOf(x, begin, end), partOf(y, begin, end), size / examples, totals),
      );
      at += size;
    }
    if (isPresent) {
      const slice = { ...recorded, examples: x.size(0), isFirst: true, counts: false };
      recordingShard(slice, () => this.#slice(x, y, 0, totals));
    }
    const gradients = this.#takeGradients(parameters).map((grad, i) =>
      grad === null ? zeros(parameters[i]) : cast(reshape(grad, [numel(grad.shape)]), "float32"),
    );
    const moved = this.#takeMoves(buffers, before).map((value, i) => {
      // Numbers of batches and the like count once, with the last shard, which always has examples.
      const share = isFloating(buffers[i].dtype) ? (to - from) / examples : shard === shards - 1 ? 1 : 0;
      if (value === null || (share === 0 && !isPresent)) return zeros(buffers[i]);
      return noGrad(() => {
        const change = new Tensor(value).to("float32").sub(new Tensor(before[i]).to("float32"));
        return reshape(change.mul(share).value, [numel(value.shape)]);
      });
    });
    const sums = [...gradients, ...moved, ...totals.sums];
    // What does not count is needed all the same, so that it is computed.
    return isPresent
      ? sums.map((sum) => add(mul(sum, constant(0, sum.dtype)), full(sum.shape, 0, sum.dtype)))
      : sums;
  }

  #slice(x: Tensor, y: Tensor, share: number, totals: TotalsOfShard): void {
    const { loss = crossEntropy } = this.#options;
    const outputs = inPrecision(this.precision, () => outputsOf(this.#net, x));
    const own = inPrecision(this.precision, () => lossOf(loss, outputs, y));
    own.mul(share).backward();
    totals.add(own, outputs.output, y);
  }

  /** Gives every parameter its gradient and every buffer its new contents. */
  #apply(
    sums: readonly Value[],
    parameters: readonly Tensor[],
    buffers: readonly Tensor[],
    before: readonly Value[],
  ): void {
    for (const [i, parameter] of parameters.entries()) {
      if (this.#unused.has(parameter)) continue;
      parameter.grad = new Tensor(cast(reshape(sums[i], parameter.shape), parameter.dtype));
    }
    noGrad(() => {
      for (const [i, buffer] of buffers.entries()) {
        if (!this.#moving.has(buffer)) continue;
        const change = new Tensor(reshape(sums[parameters.length + i], buffer.shape));
        const old = new Tensor(before[i]);
        const next = isFloating(buffer.dtype)
          ? old.to("float32").add(change).to(buffer.dtype)
          : old.add(change.to(buffer.dtype));
        buffer.assign(next.value);
      }
    });
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
    const none = () => Array.from({ length: this.#totals.width }, () => full([1], 0, "float32"));
    return this.#sums?.map((sum) => noGrad(() => reshape(sum.to("float32").value, [1]))) ?? none();
  }
}

/** Flat values behind each other. */
function joined(values: readonly Value[]): Value {
  return cat(values, 0);
}

/** Undoes `joined`. */
function splitLike(whole: Value, parts: readonly Value[]): Value[] {
  let at = 0;
  return parts.map((part) => {
    const size = numel(part.shape);
    const own = sliceDim(whole, 0, at, size);
    at += size;
    return own;
  });
}
