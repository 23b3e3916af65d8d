/** The Lab beside a training of this process. */
import { basename, dirname, resolve } from "node:path";
import type { ClassName } from "../records/class_names.ts";
import type { Callbacks, FitResult } from "../train/loop/fit_options.ts";
import { LAB_PORT, type RunningLab, serveLab } from "./index.ts";
import { LiveTraining } from "./live_training.ts";

/** A training that is about to begin, of a network of the chapter or on photographs. */
export interface ShownRun {
  /** The run's. */
  readonly folder: string;
  readonly classes: readonly ClassName[];
  readonly config: {
    readonly model: string | null;
    readonly batchSize: number;
    readonly lr: number;
  };
}

export class TrainingLab {
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
  static async open(port: number | true, images: readonly string[] = []): Promise<TrainingLab> {
    const live = new LiveTraining();
    const liveRuns: string[] = [];
    const server = await serveLab({ live, liveRuns, folders: images, port: port === true ? LAB_PORT : port });
    return new TrainingLab(server, live, liveRuns);
  }

  get url(): string {
    return this.#server.url;
  }

  /** Settles when the page is no longer served. */
  get closed(): Promise<unknown> {
    return this.#server.closed;
  }

  /** What is called while a training runs. */
  callbacks({ config, folder, classes }: ShownRun): Callbacks {
    this.#folders.push(dirname(resolve(folder)));
    const { model, batchSize, lr: learningRate } = config;
    const name = basename(folder);
    return this.#training.callbacks({
      ...{ model: model ?? "network", name, folder },
      ...{ batchSize, learningRate, classes },
    });
  }

  /** After this the run can be opened in the page. */
  ended(outcome: FitResult["outcome"]): void {
    this.#training.end(outcome);
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}
