/** The Lab's session in Node.js, on the first images of the data set's test part or on images made by a formula. */
import { FASHION_CLASSES } from "../../apps/lab/src/data/fashion_mnist.ts";
import type { LabData } from "../../apps/lab/src/data/lab_data.ts";
import type { Block } from "../../apps/lab/src/experiment/blocks.ts";
import {
  EXPERIMENT_FORMAT,
  type Experiment,
  type NetworkSource,
} from "../../apps/lab/src/experiment/experiment.ts";
import { LabSession } from "../../apps/lab/src/worker/lab_session.ts";
import type { EventName, Events } from "../../apps/lab/src/worker/protocol.ts";
import { runCode } from "../../apps/lab/src/worker/run_code.ts";
import { handlersOf } from "../../apps/lab/src/worker/session_calls.ts";

/** Images of ten classes that a network can learn to tell apart: a bright bar at another height for each. */
export function madeData(trainCount: number, testCount: number, side = 28): LabData {
  const set = (count: number, seed: number) => {
    const pixels = new Uint8Array(count * side * side);
    const labels = Uint8Array.from({ length: count }, (_, i) => (i * 7 + seed) % 10);
    labels.forEach((label, i) => {
      for (let p = 0; p < side * side; p++) {
        const row = Math.floor(p / side);
        const bar = Math.floor((row * 10) / side) === label ? 160 : 0;
        pixels[i * side * side + p] = bar + ((i * 31 + p * 17 + seed * 101 + ((i * p) >> 3)) % 90);
      }
    });
    return { pixels, labels, count };
  };
  return { train: set(trainCount, 1), test: set(testCount, 2), channels: 1, side, classes: FASHION_CLASSES };
}

export const LENET: NetworkSource = {
  kind: "known",
  name: "lenet",
  options: { width: 1, size: 28, activation: "relu", batchNorm: false, dropout: 0 },
};

export const blocks = (...list: Block[]): NetworkSource => ({ kind: "blocks", size: 28, blocks: list });

export function experimentOf(
  networks: readonly NetworkSource[],
  training: Partial<Experiment["training"]> = {},
): Experiment {
  return {
    format: EXPERIMENT_FORMAT,
    title: "An experiment",
    data: { kind: "fashion-mnist", subset: true },
    networks,
    training: {
      ...{ learningRate: 0.1, batchSize: 16, optimizer: "sgd", weightDecay: 0, seed: 3, epochs: 100 },
      ...training,
    },
  };
}

/** A session and what it told. */
export interface TestLab {
  readonly session: LabSession;
  readonly calls: ReturnType<typeof handlersOf>;
  readonly events: { readonly name: EventName; readonly event: Events[EventName] }[];
  /** Events of one kind, in order. */
  told<K extends EventName>(name: K): Events[K][];
  /** Losses of all steps that were told, by network. */
  losses(network?: number): number[];
}

export function openLab(given: LabData = madeData(96, 40), memoryLimit?: number): TestLab {
  const events: TestLab["events"] = [];
  const session = new LabSession({
    loadData: async () => given,
    runCode: (code, input) => runCode(code, input, (text) => text),
    ...(memoryLimit !== undefined && { memoryLimit }),
    base: () => "http://localhost/",
    tell: (name, event) => events.push({ name, event }),
  });
  const told = <K extends EventName>(name: K) =>
    events.filter((one) => one.name === name).map(({ event }) => event as Events[K]);
  return {
    session,
    calls: handlersOf(session),
    events,
    told,
    losses: (network = 0) => told("steps").flatMap(({ points }) => points.map(({ loss }) => loss[network])),
  };
}
