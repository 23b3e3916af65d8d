/** The training loop. */
import { ArgumentError, TrainingError } from "../base/errors.ts";
import { insideCall } from "../graph/scope.ts";
import { clipGradNorm_ } from "../nn/gradient_clipping.ts";
import type { Module } from "../nn/index.ts";
import type { MetricsPoint } from "../report/run_record.ts";
import { crossEntropy } from "../tensor/functions/index.ts";
import { noGrad } from "../tensor/autograd.ts";
import { getRngState, setRngState } from "../tensor/random_state.ts";
import { executor } from "../tensor/runtime.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { TrainingState } from "./checkpoint.ts";
import type { ClassificationMetrics } from "./classification_metrics.ts";
import { EarlyStopping } from "./early_stopping.ts";
import { evaluate } from "./evaluate.ts";
import type { Callbacks, FitOptions, FitResult } from "./fit_options.ts";
import { RunningTotals } from "./running_totals.ts";

/**
 * Trains a network as the book's `train_ch6` does: every epoch goes once through the training set, the curves
 * get a point every fifth of an epoch (running means of loss and accuracy over the epoch so far), and the test
 * set is looked at after each epoch.
 *
 * With a `run` the training can be interrupted at any moment and taken up again to bit-identical weights and
 * metrics.
 *
 * @throws TrainingError where the loss becomes NaN or infinite (it says at which step).
 * @example
 * ```ts
 * const net = models.lenet();
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.9 });
 * const { trainLoader, testLoader } = await data.fashionMnist({ batchSize: 256 });
 * await train.fit(net, { trainLoader, testLoader, optimizer, epochs: 10 });
 * ```
 */
export async function fit(net: Module, options: FitOptions): Promise<FitResult> {
  if (!(Number.isInteger(options.epochs) && options.epochs >= 0)) {
    throw new ArgumentError(`fit: expected \`epochs\` to be a whole number, got ${options.epochs}`);
  }
  if (typeof options.out === "string") return fitInOut(net, options, options.out);
  const training = new Training(net, options);
  await training.resume();
  return training.run();
}

/** Files are Node's business: a page never loads this part. */
async function fitInOut(net: Module, options: FitOptions, out: string): Promise<FitResult> {
  const { fitInFolder } = await import("./recorded_fit.ts");
  const { RunFolder } = await import("./run_folder.ts");
  const resume = options.resume ?? false;
  const folder = resume ? RunFolder.open(out) : RunFolder.create(out);
  try {
    const { epochs, optimizer, name = net.constructor.name, classNames } = options;
    const settings = { epochs, lr: optimizer.paramGroups[0].lr, optimizer: optimizer.constructor.name, ...options.settings };
    return await fitInFolder(net, { ...options, out: null }, folder, resume, { model: name, classNames, settings });
  } finally {
    folder.close();
  }
}

class Training {
  private readonly net: Module;
  private readonly options: FitOptions;
  private readonly callbacks: readonly Callbacks[];
  private readonly totals = new RunningTotals();
  private readonly stopping: EarlyStopping | null;
  private readonly clock = new Stopwatch();
  private epoch = 0;
  private batch = 0;
  private step = 0;
  private secondsBefore = 0;
  private readonly started = performance.now();
  private points: MetricsPoint[] = [];
  private best: TrainingState["best"] = null;
  private test: ClassificationMetrics | null = null;
  private lastCheckpoint = performance.now();
  private finished = false;

  constructor(net: Module, options: FitOptions) {
    this.net = net;
    this.options = options;
    this.callbacks = options.callbacks ?? [];
    this.stopping = options.earlyStopping ? new EarlyStopping(options.earlyStopping) : null;
    options.optimizer.keepGradients = false;
  }

  async resume(): Promise<void> {
    const state = await this.options.run?.resume(this.net, this.options.optimizer);
    if (!state) return;
    this.epoch = state.epoch;
    this.batch = state.batch;
    this.step = state.step;
    this.secondsBefore = state.seconds;
    this.points = [...state.points];
    this.best = state.best;
    this.finished = state.finished && state.epoch >= this.options.epochs;
    this.totals.load(state.totals);
    if (state.scheduler !== null) this.options.scheduler?.loadStateDict(state.scheduler);
    if (state.earlyStopping !== null) this.stopping?.load(state.earlyStopping);
    setRngState(state.random as Parameters<typeof setRngState>[0]);
  }

  async run(): Promise<FitResult> {
    let outcome: FitResult["outcome"] = "finished";
    while (this.epoch < this.options.epochs && !this.finished) {
      const done = await this.trainEpoch();
      if (!done) {
        await this.checkpoint();
        outcome = "interrupted";
        break;
      }
      const stop = await this.endEpoch();
      if (stop) {
        outcome = "stopped early";
        break;
      }
      if (this.options.signal?.aborted && this.epoch < this.options.epochs) {
        outcome = "interrupted";
        break;
      }
    }
    if (this.test === null && this.options.testLoader && outcome === "finished") this.test = await this.evaluateTest();
    return {
      points: this.points,
      test: this.test,
      examplesPerSecond: this.clock.rate(),
      seconds: this.seconds(),
      step: this.step,
      outcome,
      best: this.best,
    };
  }

  /** Trains to the end of the epoch; false where it was interrupted on the way. */
  private async trainEpoch(): Promise<boolean> {
    const { trainLoader, signal } = this.options;
    const perEpoch = trainLoader.length;
    this.net.train();
    if (this.batch === 0) this.totals.reset();
    for await (const [x, y] of trainLoader.iterate({ epoch: this.epoch, fromBatch: this.batch })) {
      if (signal?.aborted) return false;
      this.clock.start();
      this.trainStep(x, y);
      await executor().backpressure(2);
      this.clock.stop(x.size(0));
      this.batch++;
      for (const c of this.callbacks) {
        c.onStep?.({ epoch: this.epoch, step: this.batch, stepsPerEpoch: perEpoch, examplesPerSecond: this.clock.rate() });
      }
      if (this.batch < perEpoch) {
        if (this.isPoint(this.batch, perEpoch)) await this.addPoint(this.epoch + this.batch / perEpoch);
        if (this.checkpointIsDue()) await this.checkpoint();
      }
    }
    return this.batch >= perEpoch || !signal?.aborted;
  }

  private trainStep(x: Tensor, y: Tensor): void {
    const { optimizer, loss: lossOf = crossEntropy, clipGradNorm, scheduler, schedulerStep } = this.options;
    // Inside a call of ours nothing but the weights and the totals has to be kept.
    insideCall(() => {
      const output = this.net(x) as Tensor;
      const loss = lossOf(output, y);
      optimizer.zeroGrad();
      loss.backward();
      if (clipGradNorm) clipGradNorm_(this.net.parameters(), clipGradNorm);
      noGrad(() => this.totals.add(loss, output, y, this.step));
      optimizer.step();
    });
    this.step++;
    if (schedulerStep === "step") scheduler?.step();
  }

  /** The book draws a point every fifth of an epoch. */
  private isPoint(batch: number, perEpoch: number): boolean {
    const every = Math.max(1, Math.floor(perEpoch / (this.options.pointsPerEpoch ?? 5)));
    return batch % every === 0;
  }

  private async addPoint(epoch: number, more: Partial<MetricsPoint> = {}): Promise<MetricsPoint> {
    this.clock.start();
    const figures = await this.totals.read();
    this.clock.stop(0);
    if (figures.firstBadStep >= 0) throw this.notANumber(figures.firstBadStep);
    const point: MetricsPoint = {
      epoch,
      trainLoss: figures.loss,
      trainAccuracy: figures.accuracy,
      ...more,
      step: this.step,
      lr: this.options.optimizer.paramGroups[0].lr,
      examplesPerSecond: this.clock.rate(),
      seconds: this.seconds(),
    };
    this.points.push(point);
    this.options.run?.point(point);
    for (const c of this.callbacks) c.onPoint?.(point);
    return point;
  }

  /** Tests, notes the figures, steps the scheduler and saves; true where training should end early. */
  private async endEpoch(): Promise<boolean> {
    this.clock.start();
    const figures = await this.totals.read();
    this.clock.stop(0);
    if (figures.firstBadStep >= 0) throw this.notANumber(figures.firstBadStep);
    this.test = this.options.testLoader ? await this.evaluateTest() : null;
    const tested = this.test === null ? {} : { testLoss: this.test.loss, testAccuracy: this.test.accuracy };
    const point = await this.addPoint(this.epoch + 1, tested);
    this.epoch++;
    this.batch = 0;
    const better = this.noteBest(point);
    this.stepScheduler(point);
    const stop = this.stopping?.update(point) ?? false;
    this.finished = stop || this.epoch >= this.options.epochs;
    for (const c of this.callbacks) await c.onEpoch?.({ epoch: this.epoch, point, test: this.test });
    if (this.options.run) {
      for (const c of this.callbacks) c.onPhase?.("saving");
      if (better) await this.options.run.weights("best", this.net);
      await this.options.run.weights("last", this.net);
      await this.checkpoint();
    }
    return stop;
  }

  private async evaluateTest(): Promise<ClassificationMetrics> {
    for (const c of this.callbacks) c.onPhase?.("testing");
    return evaluate(this.net, this.options.testLoader as NonNullable<FitOptions["testLoader"]>);
  }

  private noteBest(point: MetricsPoint): boolean {
    const monitor = this.options.monitor ?? (this.options.testLoader ? "testAccuracy" : "trainLoss");
    const value = point[monitor];
    if (value === undefined || Number.isNaN(value)) return false;
    const sign = monitor.endsWith("Loss") ? -1 : 1;
    if (this.best !== null && sign * (value - this.best.value) <= 0) return false;
    this.best = { epoch: this.epoch, value };
    return true;
  }

  private stepScheduler(point: MetricsPoint): void {
    const { scheduler, schedulerStep } = this.options;
    if (!scheduler || schedulerStep === "step") return;
    // ReduceLROnPlateau wants the figure, the others nothing.
    if (scheduler.constructor.name.startsWith("ReduceLROnPlateau")) scheduler.step(point.testLoss ?? point.trainLoss);
    else scheduler.step();
  }

  private checkpointIsDue(): boolean {
    if (!this.options.run) return false;
    return performance.now() - this.lastCheckpoint > 1000 * (this.options.checkpointSeconds ?? 30);
  }

  private async checkpoint(): Promise<void> {
    const { run, scheduler, optimizer } = this.options;
    if (!run) return;
    const totals = await this.totals.save();
    if (totals.firstBad >= 0) throw this.notANumber(totals.firstBad);
    const path = await run.checkpoint(this.net, optimizer, {
      epoch: this.epoch,
      batch: this.batch,
      step: this.step,
      seconds: this.seconds(),
      points: this.points,
      best: this.best,
      totals,
      random: getRngState(),
      scheduler: scheduler?.stateDict() ?? null,
      earlyStopping: this.stopping?.state() ?? null,
      finished: this.finished,
    });
    this.lastCheckpoint = performance.now();
    for (const c of this.callbacks) c.onCheckpoint?.({ path, epoch: this.epoch, batch: this.batch });
  }

  private notANumber(step: number): TrainingError {
    const kept = this.options.run ? " The last checkpoint from before it is kept." : "";
    return new TrainingError(
      `the loss became NaN or infinite at step ${step + 1} (epoch ${this.epoch + 1}).${kept} Try a smaller learning rate (it is ${this.options.optimizer.paramGroups[0].lr}), or clip the gradients`,
    );
  }

  private seconds(): number {
    return this.secondsBefore + (performance.now() - this.started) / 1000;
  }
}

/** Time spent in training steps alone, as the book counts examples per second. */
class Stopwatch {
  private total = 0;
  private since = 0;
  private examples = 0;

  start(): void {
    this.since = performance.now();
  }

  stop(examples: number): void {
    this.total += performance.now() - this.since;
    this.examples += examples;
  }

  /** Examples per second. */
  rate(): number {
    return this.total === 0 ? 0 : (1000 * this.examples) / this.total;
  }
}
