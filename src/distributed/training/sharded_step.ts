/**
 * A training step that is shared by ranks. Each shard of the rank but the last is a program of its own, whose gradients
 * stay in the tree of sums (`gradient_tree.ts`). The program of the last one adds those of the others to its own, has the
 * sums over ranks begin bucket by bucket while its backward pass still runs (`buckets.ts`), and changes the weights.
 */
import { allocateArray, isFloating, type TypedArray } from "../../base/dtype.ts";
import { OutOfMemoryError, TrainingError } from "../../base/errors.ts";
import { constantValue, insideCall, type Value } from "../../graph/node.ts";
import { clipGradNorm_ } from "../../nn/gradient_clipping.ts";
import type { Module } from "../../nn/index.ts";
import { overwrite } from "../../nn/init/initial_values.ts";
import { SyncBatchNormLayer } from "../../nn/layers/sync_batch_norm.ts";
import { reshape } from "../../ops/core.ts";
import { add, cast } from "../../ops/elementwise/elementwise.ts";
import { ReplayedProgram } from "../../runtime/replayed_program.ts";
import type { DeviceBuffer } from "../../runtime/run.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { cat as concatenated } from "../../tensor/functions/index.ts";
import { drawSeed, getRngState, setRngState } from "../../tensor/random_state.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { FitOptions } from "../../train/loop/fit_options.ts";
import { nextSlice } from "../../train/loop/micro_batches.ts";
import type { Precision } from "../../train/loop/precision.ts";
import type { SharedStep } from "../../train/loop/ranks.ts";
import type { RunningTotals } from "../../train/metrics/running_totals.ts";
import type { Summation } from "../../workers/collective_channel.ts";
import { reduceInBuckets } from "./buckets.ts";
import { type CapturedShard, inputsOf, type Shard, ShardRecorder, slicesOf } from "./captured_shard.ts";
import { GradientTree, TreeSum, valueIn } from "./gradient_tree.ts";
import { PackedWeights } from "./packed_weights.ts";
import { rangeOfShard, type ShardCut, type ShardRange, shardsOfRank } from "./shards.ts";
import { type BatchPart, partOfBatch } from "./shared_loader.ts";
import { type KeptStep, StepReplays } from "./step_replays.ts";
import { UpdateReplays } from "./update_replays.ts";

type StepOptions = Pick<FitOptions, "optimizer" | "loss" | "clipGradNorm" | "microBatch">;

/** Apart from the seeds that users set: shards of one step draw other numbers. */
const SEED_STRIDE = 0x9e3779b97f4a;

/** What a step asks of the other ranks. */
export interface OtherRanks {
  /** Connects the engine in use with them. */
  join(): Promise<void>;
  /** See `SharedAlgorithms`. */
  agree(work: string, compile: () => Promise<void>): Promise<void>;
}

/** How what shards give is added. */
export interface ShardSums {
  readonly summation: Summation;
  /** As what gradients cross between ranks, if not as they are. */
  readonly compress?: "bfloat16" | null;
}

export class ShardedStep implements SharedStep {
  readonly found = null;
  readonly #options: StepOptions;
  readonly #net: Module;
  readonly #totals: RunningTotals;
  readonly #cut: ShardCut;
  readonly #summation: Summation;
  readonly #compress: "bfloat16" | null;
  readonly #others: OtherRanks;
  readonly #recorder: ShardRecorder;
  /** Whether shards meet in the network, on every rank, also on one that has no example. */
  readonly #meets: boolean;
  /** Steps that need not be recorded again; null if what is the user's own is called in each. */
  readonly #replays: StepReplays | null;
  /** Changes of the weights that need not be recorded again; null if gradients are clipped, or as above. */
  readonly #updates: UpdateReplays | null;
  readonly #packed = new PackedWeights();
  #tree: GradientTree | null = null;
  /** Where the sums over all ranks lie after a step that is sent as a program of its own. */
  #results: readonly DeviceBuffer[] | null = null;
  /** By the examples of a shard: whether shards of that size were seen to record the same program. */
  readonly #areAlike = new Map<number, boolean>();

  constructor(
    net: Module,
    options: StepOptions,
    totals: RunningTotals,
    cut: ShardCut,
    { summation, compress = null }: ShardSums,
    others: OtherRanks,
  ) {
    this.#net = net;
    this.#options = options;
    this.#totals = totals;
    this.#cut = cut;
    this.#summation = summation;
    this.#compress = compress;
    this.#others = others;
    this.#recorder = new ShardRecorder(
      net,
      options.loss,
      totals,
      compress === null ? undefined : roundedToBfloat16,
    );
    this.#meets = net.modules().some((module) => module instanceof SyncBatchNormLayer);
    const isOrdinary = options.loss === undefined && !totals.hasOwnMetrics;
    this.#replays = isOrdinary && !this.#meets ? new StepReplays(net) : null;
    this.#updates =
      this.#replays === null || options.clipGradNorm ? null : new UpdateReplays(options.optimizer);
  }

  /** How many steps were sent without being recorded. */
  get replayed(): number {
    return this.#replays?.replayed ?? 0;
  }

  /** How many times weights were changed without the change being recorded. */
  get updatesReplayed(): number {
    return this.#updates?.replayed ?? 0;
  }

  get precision(): Precision {
    return this.#recorder.precision;
  }

  set precision(precision: Precision) {
    this.#recorder.precision = precision;
  }

  load(): void {}

  async run(x: Tensor, y: Tensor, step: number): Promise<void> {
    await this.#others.join();
    const part = partOfBatch(x);
    const session = defaultSession();
    const shards = shardsOfRank(this.#cut);
    const [images, targets] = [await withData(x), await withData(y)];
    await this.#agreeOnAlgorithms(images, targets, part);
    try {
      insideCall(() => this.#step(images, targets, part, step));
    } catch (error) {
      this.#tree?.clear();
      if (!(error instanceof OutOfMemoryError)) throw error;
      throw new TrainingError(`fit: the shards of a step do not fit the memory: ${error.message}`, {
        cure: "; use a smaller batch, more shards, or pass microBatch",
      });
    }
    this.#totals.count(part.examples);
    // The step after this one is recorded while this one is computed.
    await session.backpressure(1 + 2 * (shards.length + 1));
  }

  /** Has rank 0 compile the programs of a batch's shards, of all their sizes, for all ranks to compute alike. */
  async #agreeOnAlgorithms(x: Tensor, y: Tensor, { examples }: BatchPart): Promise<void> {
    const { shards } = this.#cut;
    const all = Array.from({ length: shards }, (_, shard) => rangeOfShard(examples, shard, shards));
    const sizes = [...new Set(all.map(([from, to]) => to - from))].filter((size) => size > 0);
    const session = defaultSession();
    await this.#others.agree(`shards of ${sizes.join(", ")}`, async () => {
      this.#recorder.begin();
      this.#placeStates();
      const random = getRngState();
      for (const size of sizes)
        insideCall(() => this.#compileShard(tiled(x, size), tiled(y, size), examples));
      setRngState(random);
      // What was chosen is known when the engine has come to something later.
      await session.connection.read(this.#emptyTree().anyBuffer);
    });
  }

  #compileShard(x: Tensor, y: Tensor, examples: number): void {
    const size = x.size(0);
    const { shards, worldSize } = this.#cut;
    const common = { counts: true, neighbours: shards / worldSize, summation: this.#summation };
    const slices = slicesOf(x, y, 0, size, this.#most(size));
    this.#recorder.begin();
    const shard = { slices, size, examples, seed: 0, isLast: false, passes: slices.length, ...common };
    const captured = this.#recorder.record(shard);
    this.#programOf(captured, this.#emptyTree()).compile();
  }

  /** Examples of a shard that go through the network at once. */
  #most(size: number): number {
    const { microBatch = "auto" } = this.#options;
    return microBatch === "auto" ? size : microBatch;
  }

  #step(x: Tensor, y: Tensor, part: BatchPart, step: number): void {
    const recorder = this.#recorder;
    this.#options.optimizer.zeroGrad();
    this.#packed.forget();
    const own = shardsOfRank(this.#cut);
    recorder.begin();
    if (!this.#meets) this.#placeStates();
    const seed = drawSeed();
    const random = getRngState();
    const shards = own.map((shard) => this.#shard(shard, x, y, part, seed));
    if (part.range[0] === part.range[1]) {
      if (this.#meets) shards[0] = placeHolder(shards[0], x, y);
      else this.#look(x, y, shards[0].passes);
    }
    const sums = this.#meets ? this.#sumTogether(shards) : this.#sum(shards);
    setRngState(random);
    this.#change(sums, step);
  }

  /**
   * The sums over all ranks. Alone, too: what the optimiser makes of the sums (a norm) must not become one loop with the last
   * shard's gradients, which would add in another order than on several ranks.
   */
  #overRanks(sums: readonly Value[]): Value[] {
    if (this.#compress === null) return reduceInBuckets(sums, this.#summation);
    // Changes of buffers and totals are few, and cross as they are.
    const gradients = this.#recorder.parameters.length;
    return [
      ...reduceInBuckets(sums.slice(0, gradients), this.#compress),
      ...reduceInBuckets(sums.slice(gradients), this.#summation),
    ];
  }

  /** Every sum of gradients is rounded, on a rank as between ranks: so it does not matter which shards share a rank. */
  #sumOfTwo(left: Value, right: Value, i: number): Value {
    const sum = add(left, right);
    return this.#compress !== null && i < this.#recorder.parameters.length ? roundedToBfloat16(sum) : sum;
  }

  #shard(shard: number, x: Tensor, y: Tensor, { examples, range }: BatchPart, seed: number): Shard {
    const { shards, worldSize } = this.#cut;
    const [from, to] = rangeOfShard(examples, shard, shards);
    const size = to - from;
    return {
      slices: size === 0 ? null : slicesOf(x, y, from - range[0], to - range[0], this.#most(size)),
      size,
      examples,
      seed: (seed + shard * SEED_STRIDE) % Number.MAX_SAFE_INTEGER,
      isLast: shard === shards - 1,
      passes: slicesIn(rangeOfShard(examples, shards - 1, shards), this.#options.microBatch),
      counts: true,
      neighbours: shards / worldSize,
      summation: this.#summation,
    };
  }

  /**
   * Sees which parameters have gradients, which buffers move, and what is counted, before a step of which this rank has no
   * example: records a pass of which nothing is used, and so nothing computed.
   */
  #look(x: Tensor, y: Tensor, passes: number): void {
    const twice = (batch: Tensor) => noGrad(() => concatenated([batch, batch], 0));
    const slices = [{ x: twice(x), y: twice(y), size: 2 }];
    const alone = { isLast: true, passes, counts: true, neighbours: 1, summation: this.#summation };
    this.#recorder.record({ slices, size: 2, examples: 2, seed: 0, ...alone });
  }

  /** The same in one program, for a network in which shards meet: no shard is done before all others have begun. */
  #sumTogether(shards: readonly Shard[]): Value[] {
    const tree = new TreeSum<readonly Value[]>((left, right) =>
      left.map((one, i) => this.#sumOfTwo(one, right[i], i)),
    );
    for (const shard of shards) tree.push(this.#recorder.record(shard).shares);
    return this.#overRanks(tree.waiting[0]);
  }

  /** The sums of the shards of all ranks; the rank's last one is recorded, the others are sent to the engine. */
  #sum(shards: readonly Shard[]): Value[] {
    const [others, last] = [shards.slice(0, -1), shards[shards.length - 1]];
    const { allParameters, buffers } = this.#recorder;
    const settings = this.#replays?.settings(allParameters) ?? null;
    // Counters stay here, as plain numbers.
    const tensors = [...allParameters, ...buffers.filter(({ value }) => value.data === null)];
    const work = settings === null ? null : workOf(shards, this.precision);
    const known =
      settings === null || work === null ? null : (this.#replays?.find(work, settings, tensors) ?? null);
    const tree = this.#emptyTree();
    if (known !== null) return this.#replay(known, others, last, tree);
    const captured = this.#recorder.record(last);
    const programs = new Map<number, readonly [CapturedShard, ReplayedProgram]>();
    if (others.some(({ size }) => size === last.size))
      programs.set(last.size, [captured, this.#programOf(captured, tree)]);
    for (const shard of others) {
      const buffers = tree.take();
      this.#send(shard, programs, tree, buffers);
      tree.push(buffers);
    }
    const waiting = tree.waiting.flat();
    const sums = this.#overRanks(tree.finish(captured.shares));
    if (settings === null || work === null || captured.inputs === null) return sums;
    // The change of the weights is a program of its own then: it is recorded in every step, for the optimiser's sake.
    const into = this.#places(tree);
    const { inputs, keys } = captured;
    const program = new ReplayedProgram(defaultSession(), {
      ...{ outputs: sums, into, buffers: [...into, ...waiting], inputs },
    });
    this.#sendPacked(program, inputsOf(last, keys), [...into, ...waiting]);
    const other = this.#areAlike.get(last.size) === true ? (programs.get(last.size)?.[1] ?? null) : null;
    if (others.length === 0 || other !== null)
      this.#replays?.keep(work, settings, tensors, {
        ...{ captured, last: program, other, counted: this.#recorder.countedChanges },
      });
    return this.#sumsIn(into);
  }

  /** The same without recording anything. */
  #replay(known: KeptStep, others: readonly Shard[], last: Shard, tree: GradientTree): Value[] {
    const { keys } = known.captured;
    this.#recorder.countAs(known.counted);
    for (const shard of others) {
      const buffers = tree.take();
      if (known.other !== null) this.#sendPacked(known.other, inputsOf(shard, keys), buffers);
      tree.push(buffers);
    }
    const into = this.#places(tree);
    this.#sendPacked(known.last, inputsOf(last, keys), [...into, ...tree.waiting.flat()]);
    tree.clear();
    return this.#sumsIn(into);
  }

  /** Buffers for the sums over all ranks. */
  #places(tree: GradientTree): readonly DeviceBuffer[] {
    this.#results ??= tree.take();
    return this.#results;
  }

  #sumsIn(buffers: readonly DeviceBuffer[]): Value[] {
    const { shapes } = this.#recorder;
    return buffers.map((buffer, i) => valueIn(buffer, shapes[i]));
  }

  /** Sends a shard's program, which is that of another shard of the same size if there is one. */
  #send(
    shard: Shard,
    programs: Map<number, readonly [CapturedShard, ReplayedProgram]>,
    tree: GradientTree,
    buffers: ReturnType<GradientTree["take"]>,
  ): void {
    const { size } = shard;
    const known = programs.get(size);
    if (known !== undefined && this.#areAlike.get(size) === true) {
      const [captured, program] = known;
      this.#sendPacked(program, inputsOf(shard, captured.keys), buffers);
      return;
    }
    const captured = this.#recorder.record(shard);
    const program = this.#programOf(captured, tree);
    if (known !== undefined) {
      const same = captured.inputs !== null && program.key === known[1].key;
      this.#areAlike.set(size, same && this.#areAlike.get(size) !== false);
    }
    programs.set(size, [captured, program]);
    this.#sendPacked(program, captured.inputs === null ? [] : inputsOf(shard, captured.keys), buffers);
  }

  /** A rank with one shard packs for that alone. */
  #sendPacked(
    program: ReplayedProgram,
    inputs: readonly TypedArray[],
    buffers: readonly DeviceBuffer[],
  ): void {
    const { shards, worldSize } = this.#cut;
    const packed = shards > worldSize ? this.#packed.of(program, defaultSession().connection) : undefined;
    program.send(inputs, buffers, packed);
  }

  #programOf({ shares, inputs }: CapturedShard, tree: GradientTree): ReplayedProgram {
    const into = tree.place;
    return new ReplayedProgram(defaultSession(), {
      outputs: shares,
      into,
      buffers: into,
      inputs: inputs ?? [],
    });
  }

  /** Has weights and what else the network keeps lie in the engine, where every shard's program finds them. */
  #placeStates(): void {
    const session = defaultSession();
    const { allParameters, buffers } = this.#recorder;
    for (const { cell } of allParameters) session.requestDeviceBuffer(cell);
    // Counters stay here, as plain numbers.
    for (const { cell, dtype } of buffers) if (isFloating(dtype)) session.requestDeviceBuffer(cell);
    if (session.hasWork) session.submit([]);
  }

  #emptyTree(): GradientTree {
    const { shapes } = this.#recorder;
    if (this.#tree === null || !this.#tree.fits(shapes)) {
      this.#tree = new GradientTree(defaultSession(), shapes, (left, right, i) =>
        this.#sumOfTwo(left, right, i),
      );
      this.#results = null;
    }
    return this.#tree;
  }

  /** Gives every parameter its gradient, every buffer its new contents, and the optimiser its turn. */
  #change(sums: readonly Value[], step: number): void {
    const { parameters, buffers, unused, moving, counted } = this.#recorder;
    const { optimizer, clipGradNorm } = this.#options;
    for (const [i, parameter] of parameters.entries())
      if (!unused.has(parameter)) parameter.grad = new Tensor(cast(sums[i], parameter.dtype));
    for (const [i, count] of counted) overwrite(buffers[i], count);
    const record = (number: number | Tensor) => {
      noGrad(() => {
        for (const [i, buffer] of buffers.entries())
          if (moving.has(buffer)) this.#move(i, new Tensor(sums[parameters.length + i]));
        const totals = sums.slice(parameters.length + buffers.length);
        this.#totals.addSums(
          totals.map((sum) => new Tensor(cast(reshape(sum, []), "float64"))),
          number,
        );
      });
      if (clipGradNorm) clipGradNorm_(this.#net.parameters(), clipGradNorm);
      optimizer.step();
    };
    if (this.#updates === null) record(step);
    else this.#updates.change(step, moving, record);
  }

  #move(i: number, change: Tensor): void {
    const buffer = this.#recorder.buffers[i];
    const old = new Tensor(this.#recorder.before(i));
    const next = isFloating(buffer.dtype)
      ? old.to("float32").add(change).to(buffer.dtype)
      : old.add(change.to(buffer.dtype));
    buffer.assign(next.value);
  }
}

/** The nearest bfloat16, as a 32-bit float. */
function roundedToBfloat16(value: Value): Value {
  return cast(cast(value, "bfloat16"), "float32");
}

/** What a step computes, in words, apart from the network; null if a rank's shards are unlike. */
function workOf(shards: readonly Shard[], precision: Precision): string | null {
  const [{ size, examples, passes, slices }] = shards;
  if (slices === null || shards.some((shard) => shard.size !== size)) return null;
  const parts = slices.map(({ x, y }) => `${x.dtype} ${x.shape} ${y.dtype} ${y.shape}`);
  return `${size} of ${examples} in ${passes}, ${precision}: ${parts.join("; ")}`;
}

/** How many slices a shard is cut into. */
function slicesIn([from, to]: ShardRange, microBatch: StepOptions["microBatch"] = "auto"): number {
  if (microBatch === "auto") return 1;
  let slices = 0;
  for (let left = to - from; left > 0; slices++) left -= nextSlice(left, microBatch);
  return slices;
}

/** Has a rank that has no example come to the meetings with one that does not count. */
function placeHolder(shard: Shard, x: Tensor, y: Tensor): Shard {
  return { ...shard, slices: [{ x, y, size: x.size(0) }], counts: false };
}

/** As many examples, of the same kind. */
function tiled({ value }: Tensor, examples: number): Tensor {
  const { shape, dtype } = value;
  const data = value.data as TypedArray;
  const each = data.length / shape[0];
  const all = allocateArray(dtype, examples * each);
  for (let at = 0; at < all.length; at += data.length)
    all.set(data.subarray(0, all.length - at) as never, at);
  return new Tensor(constantValue(all, [examples, ...shape.slice(1)], dtype));
}

/** The same with its elements here: what a loader leaves for the engine to compute is computed first. */
async function withData(tensor: Tensor): Promise<Tensor> {
  const { value } = tensor;
  if (value.data !== null) return tensor;
  return new Tensor(constantValue(await defaultSession().fetch(value), value.shape, value.dtype));
}
