/** The second part of a fine-tuning: the whole network, with rates by layer. */
import type { Module } from "../../nn/index.ts";
import { AdamW } from "../../optim/optimizers/adam.ts";
import { fit } from "../loop/fit.ts";
import type { Callbacks, FitResult, LossFunction } from "../loop/fit_options.ts";
import { trainingRanks } from "../loop/ranks.ts";
import type { ClassificationMetrics } from "../metrics/classification_metrics.ts";
import { testMetrics } from "../metrics/evaluate.ts";
import { AveragedModel } from "./averaged_model.ts";
import type { TuningData } from "./fine_tune_data.ts";
import type { FineTuneFitOptions, FineTuneOptions } from "./fine_tune_options.ts";
import { FrozenLayers } from "./frozen_layers.ts";
import type { LayerGroup } from "./layer_groups.ts";
import { oneCycle } from "./one_cycle.ts";
import { WeightsBefore } from "./weights_before.ts";

/** The whole network's part of a fine-tuning. */
export interface WholePhase {
  readonly net: Module;
  readonly groups: readonly LayerGroup[];
  /** The highest rate of each group. */
  readonly rates: readonly number[];
  readonly data: TuningData;
  readonly loss: LossFunction | undefined;
  readonly options: FineTuneOptions;
  /** What `fit` is given of the options. */
  readonly fitOptions: FineTuneFitOptions;
}

/** How it went, and the test of the weights that the network has in the end. */
export interface WholeResult {
  readonly fitted: FitResult;
  readonly test: ClassificationMetrics | null;
}

export async function trainWhole(phase: WholePhase): Promise<WholeResult> {
  const { net, groups, rates, data, loss, options, fitOptions } = phase;
  const { epochs, weightDecay = 0.01, pctStart = 0.3, div = 5, ema = null, interpolate = 1 } = options;
  const trained = groups.flatMap(({ params }, i) =>
    params.length === 0 ? [] : [{ params: [...params], lr: rates[i] }],
  );
  const optimizer = AdamW(trained, { weightDecay });
  const average = ema === null ? null : new AveragedModel(net, { decay: ema, optimizer });
  const before = interpolate < 1 ? await WeightsBefore.of(optimizer) : null;
  const { trainLoader, testLoader } = data;
  const frozen = new FrozenLayers(groups);
  const highest = trained.map(({ lr }) => lr);
  try {
    if (options.batchNorm !== "train") frozen.holdBatchNorm(net);
    const fitted = await fit(net, {
      ...fitOptions,
      ...oneCycle(optimizer, highest, epochs, trainLoader.length, { pctStart, div }),
      trainLoader,
      testLoader,
      optimizer,
      epochs,
      loss,
      callbacks: [
        ...(options.unfreeze === "gradual" ? [unfreezing(frozen, groups.length)] : []),
        ...(average === null ? [] : [{ onStep: () => average.updateParameters() }]),
        ...([fitOptions.callbacks ?? []].flat() as Callbacks[]),
      ],
    });
    if (!endsWithOthers(options) || fitted.outcome === "interrupted") return { fitted, test: fitted.test };
    average?.copyTo(net);
    before?.interpolate(interpolate);
    if (testLoader === null) return { fitted, test: null };
    const tested = trainingRanks()?.test(net, testLoader, { loss }) ?? testMetrics(net, testLoader, { loss });
    return { fitted, test: (await tested).classes };
  } finally {
    frozen.release();
  }
}

/** Whether the network ends with other weights than those after the last step. */
export function endsWithOthers({
  epochs,
  ema = null,
  interpolate = 1,
}: Pick<FineTuneOptions, "epochs" | "ema" | "interpolate">): boolean {
  return epochs > 0 && (ema !== null || interpolate < 1);
}

/**
 * In the first epoch the head and the group below it are trained, in each one after it one group more.
 *
 * Source: J. Howard, S. Ruder, "Universal language model fine-tuning for text classification", 2018, section 3.3.
 */
function unfreezing(frozen: FrozenLayers, groups: number): Callbacks {
  const begin = (epoch: number) => frozen.freezeFirst(Math.max(0, groups - 2 - epoch));
  return { onStart: ({ epoch }) => begin(epoch), onEpoch: ({ epoch }) => begin(epoch) };
}
