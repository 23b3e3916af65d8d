/** The first part of a fine-tuning: the head alone, on embeddings of the frozen backbone. */
import { DataLoader } from "../../data/data_loader.ts";
import type { Module } from "../../nn/index.ts";
import { keepModes } from "../../nn/module/modes.ts";
import { AdamW } from "../../optim/optimizers/adam.ts";
import { fit } from "../loop/fit.ts";
import type { Callbacks, FitResult, LossFunction } from "../loop/fit_options.ts";
import { usablePrecision } from "../loop/precision.ts";
import { type Embeddings, embed } from "./embeddings.ts";
import type { TuningData } from "./fine_tune_data.ts";
import type { FineTuneFitOptions, FineTuneOptions } from "./fine_tune_options.ts";
import { HeadNetwork } from "./head_network.ts";
import type { Head } from "./heads.ts";
import { oneCycle } from "./one_cycle.ts";

/** Batches of embeddings: small, for many cheap steps. */
const EMBEDDINGS_IN_BATCH = 32;

/** The head's part of a fine-tuning. */
export interface HeadPhase {
  readonly net: Module;
  readonly head: Head;
  readonly data: TuningData;
  readonly loss: LossFunction | undefined;
  readonly options: FineTuneOptions;
  /** What `fit` is given of the options. */
  readonly fitOptions: FineTuneFitOptions;
}

/** Computes the embeddings and trains the head on them; null if it was interrupted before. */
export async function trainHead(phase: HeadPhase): Promise<FitResult | null> {
  const { net, data, options } = phase;
  const { precision } = await usablePrecision(options.precision ?? "f32");
  const { signal, embeddingViews: views = 1 } = options;
  await tellPhase(options, "embeddings");
  const trained = await embed(net, phase.head, data.plainLoader, {
    name: options.data.plain ? "data.plain" : "data.train",
    views,
    precision,
    signal,
  });
  if (trained === null) return null;
  const { testLoader } = data;
  const tested =
    testLoader &&
    (await embed(net, phase.head, testLoader, { name: "data.test", views: 1, precision, signal }));
  if (testLoader !== null && tested === null) return null;
  const restoreModes = keepModes(net);
  // What comes after the head is recorded with the whole network: see `HeadNetwork`.
  net.eval();
  try {
    return await fitHead(phase, trained, tested);
  } finally {
    restoreModes();
  }
}

async function fitHead(
  { net, head, loss, options, fitOptions }: HeadPhase,
  { dataset, headIsLast, imageShape }: Embeddings,
  tested: Embeddings | null,
): Promise<FitResult> {
  const { freezeEpochs = 40, baseLr: lr = 2e-3, weightDecay = 0.01, pctStart = 0.3 } = options;
  const network = new HeadNetwork(net, head, headIsLast, imageShape);
  const trainLoader = DataLoader(dataset, { batchSize: EMBEDDINGS_IN_BATCH, shuffle: true });
  const optimizer = AdamW(
    network.parameters().filter(({ requiresGrad }) => requiresGrad),
    { lr, weightDecay },
  );
  return await fit(network, {
    ...fitOptions,
    ...oneCycle(optimizer, [lr], freezeEpochs, trainLoader.length, { pctStart, div: 25 }),
    // Its epochs cost next to nothing, and the learning rate rises first: what ends early is the whole network's training.
    earlyStopping: null,
    // Once an epoch is enough of so short ones.
    pointsPerEpoch: 1,
    trainLoader,
    testLoader: tested && DataLoader(tested.dataset, { batchSize: 256 }),
    optimizer,
    epochs: freezeEpochs,
    loss,
  });
}

/** Tells callbacks that something besides training goes on. */
async function tellPhase({ callbacks }: FineTuneOptions, name: string): Promise<void> {
  for (const each of [callbacks ?? []].flat() as Callbacks[]) await each.onPhase?.(name);
}
