/** The training loop. */

import { isThenable } from "../../base/builtin_kinds.ts";
import { type DivergenceError, TrainingError } from "../../base/errors.ts";
import type { Module } from "../../nn/index.ts";
import { keepModes } from "../../nn/module/modes.ts";
import type { MetricsPoint } from "../../records/run_record.ts";
import { isBf16Supported } from "../../runtime/runtime.ts";
import { getRngState, type RngState, setRngState } from "../../tensor/random_state.ts";
import { type TestMetrics, testMetrics } from "../metrics/evaluate.ts";
import { RunningTotals } from "../metrics/running_totals.ts";
import type { TrainingState } from "../runs/checkpoint.ts";
import { divergenceError, nonFiniteWeight } from "./divergence.ts";
import { EarlyStopping } from "./early_stopping.ts";
import { type Callbacks, type FitOptions, type FitResult, type Loader, onTestSet } from "./fit_options.ts";
import { asLoader, checkBatch, requireAnew } from "./loaders.ts";
import { improvement, type Monitor, metricOf, monitorOf, plateauOf } from "./monitor.ts";
import { type Precision, usablePrecision } from "./precision.ts";
import { type SharedStep, type TrainingRanks, trainingRanks } from "./ranks.ts";
import { compareSettings, type RunSettings, requireEpochs, settingsOf } from "./resume_rules.ts";
import { Stopwatch } from "./stopwatch.ts";
import { TrainStep } from "./train_step.ts";

type Options = Omit<FitOptions, "callbacks"> & { readonly callbacks: readonly Callbacks[] };

/** How an epoch ended. */
type Ending = "done" | "interrupted" | "stopped early";

/** One training, from its start or its last checkpoint to its end; `fit` makes it and calls `run` once. */
export class Training {
  private readonly net: Module;
  private readonly options: Options;
  private readonly trainLoader: Loader;
  private readonly testLoader: Loader | null;
  /** Null until the first test has shown which metrics there are. */
  private monitor: Monitor | null;
  private readonly totals: RunningTotals;
  private readonly trainStep: SharedStep;
  /** The ranks that share it; null if it runs alone. */
  private readonly ranks: TrainingRanks | null = trainingRanks();
  private readonly stopping: EarlyStopping | null;
  private readonly clock = new Stopwatch();
  private readonly started = performance.now();
  private precision: Precision = "f32";
  private epoch = 0;
  private batch = 0;
  /** Examples of the epoch under way that are done: where it goes on, also in batches of another size. */
  private example = 0;
  /** Of the epoch under way, for a loader that draws one; null before it has begun. */
  private epochSeed: number | null = null;
  /** The order of the epoch in which a training goes on; null when it begins one. */
  private orderBefore: string | null = null;
  private settings: RunSettings = {};
  private step = 0;
  private secondsBefore = 0;
  private points: MetricsPoint[] = [];
  private best: TrainingState["best"] = null;
  private test: TestMetrics | null = null;
  private lastCheckpoint = { at: performance.now(), took: 0, step: -1 };

  constructor(net: Module, options: Options) {
    const { ranks } = this;
    const given = asLoader(options.trainLoader, "trainLoader");
    this.net = net;
    this.options =
      ranks === null
        ? options
        : { ...options, signal: ranks.signal, run: ranks.rank === 0 ? options.run : null };
    this.trainLoader = ranks?.share(given, options.signal) ?? given;
    this.testLoader = options.testLoader ? asLoader(options.testLoader, "testLoader") : null;
    requireAnew(this.trainLoader, "trainLoader", options.epochs);
    if (this.testLoader !== null) requireAnew(this.testLoader, "testLoader", options.epochs);
    this.monitor = monitorOf(options, this.testLoader !== null);
    this.totals = new RunningTotals(options.metrics);
    this.trainStep =
      ranks?.step(net, options, this.totals) ??
      new TrainStep(net, options, this.totals, (note) => this.tell("onNote", note));
    const { earlyStopping } = options;
    this.stopping = earlyStopping
      ? new EarlyStopping({ ...earlyStopping, ...(this.monitor && { monitor: this.monitor }) })
      : null;
  }

  async run(): Promise<FitResult> {
    const { optimizer } = this.options;
    const keptGradients = optimizer.keepGradients;
    const restoreModes = keepModes(this.net);
    optimizer.keepGradients = false;
    try {
      await this.choosePrecision();
      await this.ranks?.begin(this.net, this.options, this.trainLoader);
      await this.resume();
      await this.tell("onStart", {
        epoch: this.epoch,
        epochs: this.options.epochs,
        batch: this.batch,
        points: this.points,
        stepsPerEpoch: this.trainLoader.length,
      });
      const outcome = await this.epochs();
      const result = await this.result(outcome);
      await this.tell("onEnd", result);
      return result;
    } finally {
      // They were not kept: a backward pass that came later could not add to them.
      optimizer.zeroGrad();
      restoreModes();
      if (keptGradients !== undefined) optimizer.keepGradients = keptGradients;
    }
  }

  private async choosePrecision(): Promise<void> {
    const { precision, note } = await usablePrecision(this.options.precision ?? "f32");
    this.precision = precision;
    this.trainStep.precision = precision;
    if (note !== undefined) await this.tell("onNote", note);
  }

  private async resume(): Promise<void> {
    const { run, optimizer, scheduler } = this.options;
    const notes: string[] = [];
    // Which binary it computes with is known once it has started.
    await isBf16Supported();
    this.settings = settingsOf(this.options, this.trainLoader, this.precision);
    const check = (state: TrainingState) => {
      requireEpochs(this.options.epochs, state);
      this.monitor ??= testMetricOf(state.settings);
      const now = { ...this.settings, monitor: this.monitor };
      notes.push(...compareSettings(state.settings ?? {}, now, state));
    };
    const state = await (this.ranks?.resume(this.net, optimizer, run ?? null, check) ??
      run?.resume(this.net, optimizer, check));
    for (const note of notes) await this.tell("onNote", note);
    if (!state) {
      // So that there is always something to go on from. Lazy layers have no weights before their first batch.
      const lazy = [...this.net.modules()].some((module) => module.isLazy);
      if (run && !lazy) await this.checkpoint();
      return;
    }
    this.goOnAt(state);
    this.step = state.step;
    this.secondsBefore = state.seconds;
    this.points = [...state.points];
    // The best by another metric says nothing.
    const sameMetric = (state.settings?.monitor ?? this.monitor) === this.monitor;
    this.best = sameMetric ? state.best : null;
    this.lastCheckpoint.step = state.step;
    this.totals.load(state.totals);
    this.trainStep.load(state.microBatch ?? null);
    if (state.scheduler !== null) scheduler?.loadStateDict(state.scheduler);
    if (state.earlyStopping !== null && sameMetric) this.stopping?.load(state.earlyStopping);
    if (state.loaderRandom) this.trainLoader.generator?.setState(state.loaderRandom as RngState);
    setRngState(state.random as RngState);
  }

  /** The place in an epoch, by examples if the loader can begin at any of them. */
  private goOnAt(state: TrainingState): void {
    this.epoch = state.epoch;
    this.epochSeed = state.epochSeed ?? null;
    this.example = state.example ?? (state.batch === 0 ? 0 : state.totals.examples);
    this.batch = this.trainLoader.batchAt?.(this.example) ?? state.batch;
    this.orderBefore = this.example === 0 ? null : (state.order ?? null);
  }

  private async epochs(): Promise<FitResult["outcome"]> {
    if (this.stopping?.isOver) return "stopped early";
    while (this.epoch < this.options.epochs) {
      const ending =
        this.isInterrupted() || !(await this.trainEpoch()) ? "interrupted" : await this.endEpoch();
      if (ending === "done") continue;
      if (ending === "interrupted") await this.checkpoint();
      return ending;
    }
    return "finished";
  }

  private async result(outcome: FitResult["outcome"]): Promise<FitResult> {
    // A run that was finished before it was resumed has not been tested in this process.
    if (this.test === null && this.testLoader !== null && outcome !== "interrupted")
      this.test = await this.evaluateTest();
    return {
      points: this.points,
      test: this.test?.classes ?? null,
      examplesPerSecond: this.clock.rate(),
      seconds: this.seconds(),
      step: this.step,
      outcome,
      best: this.best,
      monitor: this.best === null ? null : this.monitor,
      precision: this.precision,
    };
  }

  /** Trains to the end of the epoch; false if it was interrupted on the way. */
  private async trainEpoch(): Promise<boolean> {
    const stepsPerEpoch = this.trainLoader.length;
    this.net.train();
    if (this.example === 0) this.totals.reset();
    this.epochSeed ??= this.trainLoader.drawSeed?.() ?? null;
    const batches = this.trainLoader.iterate({
      epoch: this.epoch,
      fromBatch: this.batch,
      fromExample: this.example,
      seed: this.epochSeed,
    });
    this.requireSameOrder();
    for await (const item of batches) {
      if (this.isInterrupted()) return false;
      const [x, y] = checkBatch(item, "trainLoader");
      this.clock.start();
      await this.trainStep.run(x, y, this.step);
      const examples = this.ranks?.examplesOf(x) ?? x.size(0);
      this.clock.stop(examples);
      this.step++;
      this.batch++;
      this.example += this.examplesIn(examples);
      if (this.options.schedulerStep === "step") this.options.scheduler?.step();
      const { epoch, batch: step } = this;
      await this.tell("onStep", { epoch, step, stepsPerEpoch, examplesPerSecond: this.clock.rate() });
      if (stepsPerEpoch !== null && step >= stepsPerEpoch) continue;
      if (stepsPerEpoch !== null && this.isPoint(step, stepsPerEpoch))
        await this.addPoint(epoch + step / stepsPerEpoch);
      if (this.checkpointIsDue()) await this.checkpoint();
    }
    if (this.example === 0)
      throw new TrainingError(
        "trainLoader gave no batches: the data set is empty, or smaller than a batch with dropLast",
      );
    return !this.isInterrupted();
  }

  /** An epoch that is resumed in another order would repeat examples and leave others out. */
  private requireSameOrder(): void {
    const { order = null } = this.trainLoader;
    const before = this.orderBefore;
    this.orderBefore = null;
    if (before === null || order === null || before === order) return;
    throw new TrainingError(
      "the run cannot go on within its epoch: trainLoader gives the examples in another order than before (another data " +
        "set, seed or sampler, or a sampler that shuffles again each time it is walked); give the loader that the run was " +
        "made with, and let a sampler of your own depend on setEpoch(epoch) alone",
    );
  }

  /** Examples that a step has taken from the loader. */
  private examplesIn(batch: number): number {
    const { examples, batchSize } = this.trainLoader;
    if (typeof examples !== "number" || typeof batchSize !== "number") return batch;
    return Math.min(batchSize, examples - this.example);
  }

  /** The book draws a point every fifth of an epoch. */
  private isPoint(step: number, perEpoch: number): boolean {
    const every = Math.max(1, Math.floor(perEpoch / (this.options.pointsPerEpoch ?? 5)));
    return step % every === 0;
  }

  private async addPoint(epoch: number, test: TestMetrics | null = null): Promise<MetricsPoint> {
    this.clock.start();
    const trained = await this.totals.read();
    this.clock.stop(0);
    if (trained.firstBadStep >= 0) throw this.diverged(trained.firstBadStep + 1, trained.loss);
    const extra = { ...trained.metrics, ...(test && withPrefix(test.metrics)) };
    const point: MetricsPoint = {
      epoch,
      trainLoss: trained.loss,
      trainAccuracy: trained.accuracy,
      ...(test && { testLoss: test.loss }),
      ...(test?.classes && { testAccuracy: test.classes.accuracy }),
      ...(Object.keys(extra).length > 0 && { extra }),
      step: this.step,
      lr: this.options.optimizer.paramGroups[0].lr,
      // A run that is resumed behind the last step of an epoch has not trained yet when it notes the epoch's metrics.
      ...(this.clock.hasRun && { examplesPerSecond: this.clock.rate() }),
      seconds: this.seconds(),
    };
    this.points.push(point);
    this.options.run?.point(point);
    await this.tell("onPoint", point);
    return point;
  }

  /** Tests, notes the metrics, steps the scheduler and saves. */
  private async endEpoch(): Promise<Ending> {
    this.clock.start();
    const { firstBadStep, loss } = await this.totals.read();
    this.clock.stop(0);
    if (firstBadStep >= 0) throw this.diverged(firstBadStep + 1, loss);
    await this.requireFiniteWeights();
    const test = this.testLoader === null ? null : await this.evaluateTest();
    // The steps are all done; the test is made again when the run goes on.
    if (test?.interrupted) return "interrupted";
    this.test = test;
    const point = await this.addPoint(this.epoch + 1, test);
    this.epoch++;
    this.batch = 0;
    this.example = 0;
    this.epochSeed = null;
    this.monitor ??= point.testAccuracy === undefined ? "testLoss" : "testAccuracy";
    const metric = metricOf(point, this.monitor);
    const better = this.noteBest(this.monitor, metric);
    this.stepScheduler(metric);
    const stop = this.stopping?.judge(this.monitor, metric) ?? false;
    await this.tell("onEpoch", { epoch: this.epoch, point, test: test?.classes ?? null });
    if (this.options.run) {
      await this.tell("onPhase", "saving");
      if (better) await this.options.run.weights("best", this.net);
      await this.options.run.weights("last", this.net);
      await this.checkpoint();
    }
    return stop ? "stopped early" : "done";
  }

  private async evaluateTest(): Promise<TestMetrics> {
    await this.tell("onPhase", "testing");
    const { loss, metrics, signal } = this.options;
    const { precision } = this;
    const random = getRngState();
    const [net, loader] = [this.net, this.testLoader as Loader];
    const options = { loss, metrics, signal, precision };
    const tested = await (this.ranks?.test(net, loader, options) ?? testMetrics(net, loader, options));
    // An interrupted test is made again, with the same random numbers.
    if (tested.interrupted) setRngState(random);
    return tested;
  }

  private noteBest(monitor: Monitor, value: number): boolean {
    if (Number.isNaN(value)) return false;
    if (this.best !== null && improvement(monitor, value, this.best.value) <= 0) return false;
    this.best = { epoch: this.epoch, value };
    return true;
  }

  private stepScheduler(metric: number): void {
    const { scheduler, schedulerStep } = this.options;
    if (!scheduler || schedulerStep === "step") return;
    if (plateauOf(scheduler) === null) scheduler.step();
    else scheduler.step(metric);
  }

  private checkpointIsDue(): boolean {
    if (!this.options.run) return false;
    const { at, took } = this.lastCheckpoint;
    const wanted = 1000 * (this.options.checkpointSeconds ?? 30);
    // Large networks: writing must not take more than a small share of the time.
    const interval = wanted === 0 ? 0 : Math.max(wanted, 20 * took);
    return performance.now() - at > interval;
  }

  private async checkpoint(): Promise<void> {
    const { run, scheduler, optimizer } = this.options;
    if (!run) return;
    const started = performance.now();
    const totals = await this.totals.save();
    if (totals.firstBad >= 0) throw this.diverged(totals.firstBad + 1, totals.lossSum / totals.examples);
    await this.requireFiniteWeights();
    const { epoch, batch, example, epochSeed, step, points, best, trainLoader } = this;
    const settings = { ...this.settings, monitor: this.monitor };
    const path = await run.checkpoint(this.net, optimizer, {
      epoch,
      batch,
      example,
      epochSeed,
      order: example === 0 ? null : (trainLoader.order ?? null),
      settings,
      step,
      seconds: this.seconds(),
      points,
      best,
      totals,
      random: getRngState(),
      loaderRandom: trainLoader.generator?.getState() ?? null,
      microBatch: this.trainStep.found,
      scheduler: scheduler?.stateDict() ?? null,
      earlyStopping: this.stopping?.state() ?? null,
    });
    const at = performance.now();
    this.lastCheckpoint = { at, took: at - started, step };
    await this.tell("onCheckpoint", { path, epoch, batch });
  }

  /** A loss can be finite and its step still make the weights non-finite: those must not replace a good checkpoint. */
  private async requireFiniteWeights(): Promise<void> {
    if (!this.options.run || this.step === 0) return;
    const name = await nonFiniteWeight(this.net);
    if (name !== null) throw this.diverged(this.step, (await this.totals.read()).loss, name);
  }

  private diverged(step: number, loss: number, weight: string | null = null): DivergenceError {
    const { lr } = this.options.optimizer.paramGroups[0];
    const checkpointStep = this.lastCheckpoint.step;
    return divergenceError({ epoch: this.epoch + 1, step, loss, weight, lr, checkpointStep });
  }

  private isInterrupted(): boolean {
    return this.options.signal?.aborted ?? false;
  }

  private seconds(): number {
    return this.secondsBefore + (performance.now() - this.started) / 1000;
  }

  private async tell<K extends keyof Callbacks>(
    name: K,
    event: Parameters<NonNullable<Callbacks[K]>>[0],
  ): Promise<void> {
    for (const callbacks of this.options.callbacks) {
      const told = (callbacks[name] as ((event: unknown) => unknown) | undefined)?.call(callbacks, event);
      if (isThenable(told)) await told;
    }
  }
}

/** The metric that a run's first test chose, to go on with. */
function testMetricOf(settings: RunSettings | null | undefined): Monitor | null {
  const metric = settings?.monitor;
  return metric === "testAccuracy" || metric === "testLoss" ? metric : null;
}

function withPrefix(metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [onTestSet(name), value]));
}
