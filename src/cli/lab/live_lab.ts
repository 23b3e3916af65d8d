/** The Lab beside a training of the command line. */
import { basename, dirname, resolve } from "node:path";
import type { StartingPhotos } from "../../experiments/photos/train_photos.ts";
import type { StartingRun } from "../../experiments/train.ts";
import { LAB_PORT, LiveTraining, type RunningLab, serveLab } from "../../lab/index.ts";
import type { Callbacks, FitResult } from "../../train/loop/fit_options.ts";
import type { Output } from "../console/output.ts";

/** A training that is about to begin, of a network of the chapter or on photographs. */
type ShownRun = Pick<StartingRun | StartingPhotos, "folder" | "classes"> & {
  readonly config: Pick<StartingPhotos["config"], "model" | "batchSize" | "lr">;
};

export class LiveLab {
  readonly #server: RunningLab;
  readonly #training: LiveTraining;
  /** The folder of the run lies in it; known when the training begins. */
  readonly #folders: string[];

  private constructor(server: RunningLab, training: LiveTraining, folders: string[]) {
    this.#server = server;
    this.#training = training;
    this.#folders = folders;
  }

  /**
   * @param port - true for the usual one.
   * @param images - folders of images that the page can open too.
   * @throws FileError if the Lab was not built; ArgumentError for a port in use.
   */
  static async open(port: number | true, output: Output, images: readonly string[] = []): Promise<LiveLab> {
    const training = new LiveTraining();
    const liveRuns: string[] = [];
    const server = await serveLab({
      live: training,
      liveRuns,
      folders: images,
      port: port === true ? LAB_PORT : port,
    });
    output.line(`watch it learn: ${server.url}`);
    output.event({ event: "lab", url: server.url });
    return new LiveLab(server, training, liveRuns);
  }

  /** What is called while a training runs. */
  callbacks({ config, folder, classes }: ShownRun): Callbacks {
    this.#folders.push(dirname(resolve(folder)));
    const { model, batchSize, lr: learningRate } = config;
    const name = basename(folder);
    return this.#training.callbacks({
      model: model ?? "network",
      name,
      folder,
      batchSize,
      learningRate,
      classes,
    });
  }

  /** After this the run can be opened in the page. */
  ended(outcome: FitResult["outcome"]): void {
    this.#training.end(outcome);
  }

  /** On a terminal the page can be looked at, and the run opened in it, until Ctrl-C. */
  async stayOpen(signal: AbortSignal, output: Output): Promise<void> {
    if (!process.stdout.isTTY || signal.aborted) return;
    output.line(`the Lab stays open at ${this.#server.url}; Ctrl-C ends it`);
    signal.addEventListener("abort", () => void this.close());
    await this.#server.closed;
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}
