/** A training's live display, as callbacks. */
import type { Terminal } from "../../report/terminal/terminal.ts";
import { resultLine, TrainingDisplay } from "../../report/terminal/training_display.ts";
import type { Callbacks, EpochEvent, FitResult, StartEvent, StepEvent } from "./fit_options.ts";

/** Where a display writes: `process.stderr`, a file, anything with `write`. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface ProgressOptions {
  /** Where to write; by default standard error, in a page the console. */
  readonly stream?: ProgressStream;
  /** Whether the curves are drawn on a terminal. Default true. */
  readonly plot?: boolean;
  /** What the images are that judge the epochs, in words and legends. Default "test". */
  readonly heldOut?: "test" | "validation";
}

/**
 * Shows a training as it runs, in the callbacks of `train.fit`: on a terminal the curves and a line of progress with an
 * estimate of what is left, redrawn in place; elsewhere a plain line for each epoch, and at most one every half minute
 * in between. `progress: true` of `train.fit` is this one.
 *
 * @example
 * ```ts
 * const callbacks = train.progressDisplay({ stream: process.stdout, plot: false });
 * await train.fit(net, { trainLoader, optimizer, epochs: 1, callbacks, progress: false });
 * ```
 */
export function progressDisplay(options: ProgressOptions = {}): ProgressDisplay {
  return new ProgressDisplay(() => terminalOf(options.stream), options);
}

/** {@link progressDisplay}'s callbacks. */
export class ProgressDisplay implements Callbacks {
  readonly #open: () => Terminal | Promise<Terminal>;
  readonly #options: Pick<ProgressOptions, "plot" | "heldOut">;
  #display: TrainingDisplay | null = null;
  #terminal: Terminal | null = null;
  /** Told before there was a display. */
  readonly #early: string[] = [];
  #loss: number | undefined;
  #accuracy: number | undefined;

  constructor(
    open: () => Terminal | Promise<Terminal>,
    options: Pick<ProgressOptions, "plot" | "heldOut"> = {},
  ) {
    this.#open = open;
    this.#options = options;
  }

  async onStart({ epochs, stepsPerEpoch, points }: StartEvent): Promise<void> {
    this.#terminal = await this.#open();
    this.#display = new TrainingDisplay(this.#terminal, {
      epochs,
      stepsPerEpoch,
      points,
      plot: this.#options.plot ?? true,
      heldOut: this.#options.heldOut ?? "test",
    });
    for (const text of this.#early.splice(0)) this.#display.log(text);
  }

  onStep({ epoch, step, examplesPerSecond }: StepEvent): void {
    this.#display?.step({ epoch, step, loss: this.#loss, accuracy: this.#accuracy, examplesPerSecond });
  }

  onPoint(point: EpochEvent["point"]): void {
    this.#loss = point.trainLoss;
    // A network that is not a classifier has none.
    this.#accuracy = Number.isNaN(point.trainAccuracy) ? undefined : point.trainAccuracy;
    this.#display?.point(point);
  }

  onPhase(name: string): void {
    this.#display?.phase(name);
  }

  onNote(text: string): void {
    this.log(text);
  }

  async onEnd({ outcome, points, examplesPerSecond, seconds }: FitResult): Promise<void> {
    this.stop();
    const { heldOut = "test" } = this.#options;
    const line = resultLine(points.at(-1), { outcome, examplesPerSecond, seconds, heldOut });
    this.#terminal?.write(`${line}\n`);
  }

  /** Writes a line that stays, above the live part. */
  log(text: string): void {
    if (this.#display === null) this.#early.push(text);
    else this.#display.log(text);
  }

  /** Ends the live part; safe to call twice. */
  stop(): void {
    this.#display?.stop();
  }
}

/** Whether `fit` shows its progress unasked: only if a person looks at it. */
export function isOnTerminal(): boolean {
  return standardError()?.isTTY === true;
}

function standardError(): ProgressStream | undefined {
  return (globalThis as { process?: { stderr?: ProgressStream } }).process?.stderr;
}

async function terminalOf(stream = standardError()): Promise<Terminal> {
  if (stream === undefined) return consoleTerminal();
  const { nodeTerminal } = await import("../../report/terminal/node_terminal.ts");
  const env = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {};
  return nodeTerminal(stream, env);
}

/** A page's console: lines, nothing that is redrawn. */
function consoleTerminal(): Terminal {
  return {
    isTTY: false,
    columns: 80,
    rows: 24,
    colour: 0,
    unicode: true,
    write: (text) => console.log(text.trimEnd()),
  };
}
