/** One step of training: a batch through the network and back, whole or in slices, and the change of the weights. */
import { OutOfMemoryError, ShapeError, TrainingError } from "../../base/errors.ts";
import { insideCall } from "../../graph/node.ts";
import { clipGradNorm_ } from "../../nn/gradient_clipping.ts";
import type { Module } from "../../nn/index.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { crossEntropy } from "../../tensor/functions/index.ts";
import { getRngState, setRngState } from "../../tensor/random_state.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { RunningTotals } from "../metrics/running_totals.ts";
import type { FitOptions } from "./fit_options.ts";
import { type LossSample, requireMean, sampleLosses } from "./mean_loss.ts";
import { mixesExamples, nextSlice, partOf } from "./micro_batches.ts";
import { lossOf, outputsOf } from "./network_output.ts";
import { inPrecision, type Precision } from "./precision.ts";

type StepOptions = Pick<FitOptions, "optimizer" | "loss" | "clipGradNorm" | "microBatch">;

/** A batch, or a slice of one, on its way through the network. */
interface Part {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly examples: number;
  /** The network's output, once it is recorded. */
  output?: Tensor;
  /** If the loss is to be checked. */
  sample?: LossSample;
}

export class TrainStep {
  precision: Precision = "f32";
  private readonly net: Module;
  private readonly options: StepOptions;
  private readonly totals: RunningTotals;
  private readonly note: (text: string) => Promise<void>;
  private readonly automatic: boolean;
  /** Examples that go through the network at once at most. */
  private most: number;
  /** Examples that have been found to fit. */
  private fitting = 0;
  /** A given loss is compared with those of its parts, on the first slice. */
  private lossIsChecked: boolean;

  /** @param note - called when batches do not fit and are run in slices. */
  constructor(
    net: Module,
    options: StepOptions,
    totals: RunningTotals,
    note: (text: string) => Promise<void>,
  ) {
    const { microBatch = "auto" } = options;
    this.net = net;
    this.options = options;
    this.totals = totals;
    this.note = note;
    this.automatic = microBatch === "auto";
    this.most = microBatch === "auto" ? Number.POSITIVE_INFINITY : microBatch;
    this.lossIsChecked = options.loss === undefined;
  }

  /** Examples in a slice at most, if it was found out; a resumed training goes on with as many. */
  get found(): number | null {
    return this.automatic && Number.isFinite(this.most) ? this.most : null;
  }

  load(found: number | null): void {
    if (this.automatic && found !== null) this.most = found;
  }

  /**
   * Sends a step to the engine; resolves when no more than two runs are under way.
   *
   * @throws OutOfMemoryError if not even one example fits, or as many as `microBatch` says; TrainingError if
   * the batch does not fit and the network mixes its examples; ArgumentError if slices are needed and the loss is
   * not a mean over examples.
   */
  async run(x: Tensor, y: Tensor, step: number): Promise<void> {
    const whole: Part = { x, y, examples: x.size(0) };
    const before = this.most;
    const sent = whole.examples <= this.most && this.attempt(whole, () => this.whole(whole, step));
    if (!sent) await this.inSlices(whole, step);
    this.totals.count(y.size(0));
    await defaultSession().backpressure(2);
    if (this.most === before) return;
    await this.note(
      `A step on ${whole.examples} examples at once does not fit the memory: they are run in slices of at most ${this.most}.`,
    );
  }

  /** The whole step as one program. */
  private whole(batch: Part, step: number): void {
    const loss = this.forward(batch);
    this.options.optimizer.zeroGrad();
    loss.backward();
    this.clip();
    this.count(batch, loss, step);
    this.options.optimizer.step();
  }

  private async inSlices(batch: Part, step: number): Promise<void> {
    const { x, y, examples } = batch;
    if (y.size(0) !== examples) {
      throw new ShapeError(
        `fit: a batch of ${examples} inputs and ${y.size(0)} targets cannot be run in slices; use a smaller batch`,
      );
    }
    this.options.optimizer.zeroGrad();
    for (let done = 0; done < examples; ) {
      const size = nextSlice(examples - done, this.most);
      const slice: Part = {
        x: partOf(x, done, done + size),
        y: partOf(y, done, done + size),
        examples: size,
      };
      if (!this.attempt(slice, () => this.addSlice(slice, size / examples, step))) continue;
      await defaultSession().backpressure(2);
      if (slice.sample !== undefined) await requireMean(slice.sample);
      this.lossIsChecked = true;
      done += size;
    }
    insideCall(() => {
      this.clip();
      this.options.optimizer.step();
    });
  }

  /** Adds a slice's gradients to those of the slices before it. */
  private addSlice(slice: Part, share: number, step: number): void {
    const loss = this.forward(slice);
    loss.mul(share).backward();
    this.count(slice, loss, step);
    if (!this.lossIsChecked) slice.sample = this.sampleOf(slice);
    defaultSession().keepGradients(slice.sample?.losses.map((one) => one.value));
  }

  /** The loss. */
  private forward(part: Part): Tensor {
    const { loss = crossEntropy } = this.options;
    const outputs = inPrecision(this.precision, () => outputsOf(this.net, part.x));
    part.output = outputs.output;
    return inPrecision(this.precision, () => lossOf(loss, outputs, part.y));
  }

  private sampleOf({ output, y }: Part): LossSample {
    const { loss = crossEntropy } = this.options;
    return inPrecision(this.precision, () => sampleLosses(loss, output as Tensor, y));
  }

  private clip(): void {
    const { clipGradNorm } = this.options;
    if (clipGradNorm) clipGradNorm_(this.net.parameters(), clipGradNorm);
  }

  private count({ output, y }: Part, loss: Tensor, step: number): void {
    noGrad(() => this.totals.add(loss, output as Tensor, y, step));
  }

  /**
   * Records and sends a part of the step; if it does not fit the memory, puts everything back as it was before,
   * so that it can be tried with less.
   */
  private attempt(part: Part, body: () => void): boolean {
    // Changes that wait (an average of the weights, say) must not share the fate of a run that is refused.
    if (part.examples > this.fitting && defaultSession().hasPendingCommits) defaultSession().submit([]);
    const random = getRngState();
    const parameters = [...this.net.parameters()];
    const gradients = parameters.map((parameter) => parameter.grad);
    try {
      // Inside a call of ours nothing but the weights and the totals has to be kept.
      insideCall(body);
    } catch (error) {
      if (!this.automatic || !(error instanceof OutOfMemoryError)) throw error;
      setRngState(random);
      parameters.forEach((parameter, i) => {
        if (parameter.grad === gradients[i]) return;
        if (parameter.grad !== null) defaultSession().gradients.forget(parameter.grad.cell);
        parameter.grad = gradients[i];
      });
      this.takeLess(part, error);
      return false;
    }
    this.fitting = Math.max(this.fitting, part.examples);
    return true;
  }

  /** Makes slices smaller from here on. */
  private takeLess({ examples, output, x }: Part, error: OutOfMemoryError): void {
    if (examples <= 1 || output === undefined) throw error;
    const half = Math.ceil(examples / 2);
    const mixing = mixesExamples(output.value, x.value);
    if (mixing !== null) {
      const { message } = error;
      throw new TrainingError(
        `fit: a step on ${examples} examples does not fit the memory, and in slices it would compute something else, ` +
          `for the network mixes the examples of a batch: ${mixing}`,
        {
          cure: `. Use a smaller batch, or pass microBatch: ${half} to have statistics of each slice by itself (${message})`,
          reason: "batch too large",
          facts: { half, message },
        },
      );
    }
    this.most = half;
    this.fitting = 0;
  }
}
