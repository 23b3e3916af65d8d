/** A training under way, told to pages as server-sent events. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readTextSync } from "../io/regular_file.ts";
import type { ClassName } from "../records/class_names.ts";
import type { MetricsPoint } from "../records/run_record.ts";
import type { Callbacks, EpochEvent, FitResult, StartEvent, StepEvent } from "../train/loop/fit_options.ts";
import { parseFirstLayer } from "../train/runs/first_layer.ts";
import { RUN_FILES } from "../train/runs/run_folder.ts";

/** What is told of the training before it begins. */
export interface LiveDescription {
  readonly model: string;
  /** Of its run, as the Lab lists it. */
  readonly name: string;
  /** Of its run. */
  readonly folder: string;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly classes: readonly ClassName[];
}

/** Takes the text of events. */
export type LiveListener = (text: string) => void;

const STEP_MILLISECONDS = 100;

export class LiveTraining {
  #description: LiveDescription | null = null;
  readonly #listeners = new Set<LiveListener>();
  readonly #points: MetricsPoint[] = [];
  #start: StartEvent | null = null;
  /** Fine-tuning trains the new head alone before the whole network. */
  #part: "head" | "whole" = "whole";
  #lastStep = 0;
  /** The last event of each kind that a page which comes later needs. */
  readonly #last = new Map<string, string>();

  /** Tells a page all that it needs, and from then on what happens; returns what ends that. */
  listen(listener: LiveListener): () => void {
    if (this.#start !== null) listener(this.#startText(this.#start));
    for (const text of this.#last.values()) listener(text);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What is called while a training runs that is described so. */
  callbacks(description: LiveDescription): Callbacks {
    this.#description = description;
    return {
      onStart: (event: StartEvent) => {
        this.#start = event;
        // The second part of a fine-tuning has curves of its own.
        this.#points.splice(0, this.#points.length, ...event.points);
        this.#last.clear();
        this.#send(this.#startText(event));
      },
      onStep: (event: StepEvent) => {
        const now = performance.now();
        if (now - this.#lastStep < STEP_MILLISECONDS) return;
        this.#lastStep = now;
        const { epoch, step, stepsPerEpoch, examplesPerSecond } = event;
        this.#send(eventText("step", { epoch, step, stepsPerEpoch, imagesPerSecond: examplesPerSecond }));
      },
      onPoint: (point: MetricsPoint) => {
        this.#points.push(point);
        this.#send(eventText("point", point));
      },
      onEpoch: async ({ epoch, test }: EpochEvent) => {
        this.#keep("epoch", eventText("epoch", { epoch, confusion: test?.confusion ?? null }));
        this.#sendFilters(description.folder);
      },
      onPhase: (name: string) => {
        if (name === "embeddings") this.#part = "head";
      },
      onEnd: () => {
        this.#part = "whole";
      },
    };
  }

  /** Tells that the training has ended, and its run is whole. */
  end(outcome: FitResult["outcome"]): void {
    this.#keep("end", eventText("end", { outcome }));
  }

  /** The run keeps the first filters of each epoch. */
  #sendFilters(folder: string): void {
    const path = join(folder, RUN_FILES.firstLayer);
    const last = existsSync(path) ? parseFirstLayer(readTextSync(path)).at(-1) : undefined;
    if (last === undefined) return;
    const values = Array.from(last.data, (value) => Number(value.toPrecision(4)));
    this.#keep("filters", eventText("filters", { path: last.layer, shape: last.shape, values }));
  }

  #startText({ epochs, stepsPerEpoch }: StartEvent): string {
    const { folder: _folder, ...description } = this.#description ?? {};
    return eventText("start", {
      ...description,
      part: this.#part,
      epochs,
      stepsPerEpoch,
      points: this.#points,
    });
  }

  #keep(kind: string, text: string): void {
    this.#last.set(kind, text);
    this.#send(text);
  }

  #send(text: string): void {
    for (const listener of this.#listeners) listener(text);
  }
}

/** One server-sent event. JSON has no line ends, and no NaN. */
const eventText = (kind: string, value: unknown): string =>
  `event: ${kind}\ndata: ${JSON.stringify(value)}\n\n`;
