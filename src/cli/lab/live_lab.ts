/** The Lab beside a training of the command line. */
import { basename, dirname, resolve } from "node:path";
import type { StartingRun } from "../../experiments/train.ts";
import { LAB_PORT, LiveTraining, type RunningLab, serveLab } from "../../lab/index.ts";
import type { Callbacks } from "../../train/loop/fit_options.ts";
import type { Output } from "../console/output.ts";

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

  /** @throws FileError if the Lab was not built; ArgumentError for a port in use. */
  static async open(port: number | null, output: Output): Promise<LiveLab> {
    const training = new LiveTraining();
    const folders: string[] = [];
    const server = await serveLab({ live: training, liveRuns: folders, port: port ?? LAB_PORT });
    output.line(`watch it learn: ${server.url}`);
    output.event({ event: "lab", url: server.url });
    return new LiveLab(server, training, folders);
  }

  callbacks({ config, folder }: StartingRun): Callbacks {
    this.#folders.push(dirname(resolve(folder)));
    const { model, batchSize, lr } = config;
    return this.#training.callbacks({ model, name: basename(folder), folder, batchSize, learningRate: lr });
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
