/** A pipeline of hand-made features and a classifier, from its settings to the folder of its run. Node only. */
import { optionTexts, usualSettings } from "../settings/setting.ts";
import { shellWord } from "../shell_text.ts";
import { classifierEntry } from "./classic_classifiers.ts";
import { type ClassicData, openClassicData } from "./classic_data.ts";
import { featureEntries } from "./classic_features.ts";
import { classicFolder, writeClassicRun } from "./classic_folder.ts";
import { type ClassicResult, type ClassicSettings, type ClassicWatch, runClassic } from "./classic_run.ts";
import { CLASSIC_SETTINGS, type GivenClassicSettings, USUAL_SIDE } from "./classic_settings.ts";
import { refuseUnused } from "./unused_settings.ts";

/** How a training is watched and ended, and where it is kept. */
export interface TrainClassicOptions extends ClassicWatch {
  /** The run's folder. @default `runs/<time>-<features>-<classifier>` */
  readonly out?: string | null;
  /** Called when the images are there. */
  readonly onStart?: (settings: ClassicSettings, data: ClassicData) => void;
  /** Called with what is being fetched, and what is not as it was asked for. */
  readonly onNote?: (text: string) => void;
}

/** A pipeline that was trained and kept. */
export interface TrainedClassic extends ClassicResult {
  /** The run's folder. */
  readonly folder: string;
  /** Files that could not be read and were left out: each with the reason. */
  readonly leftOut: readonly string[];
}

/**
 * Trains and tests a pipeline of hand-made features and a classifier, and keeps the run: what `convoyant classic` does.
 *
 * @param given - settings that are not the usual ones: HOG and a linear SVM on Fashion-MNIST.
 * @throws ArgumentError for an unknown name, and for a setting that would have no effect; TrainingError when it is
 *   interrupted.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { testAccuracy } = await experiments.trainClassic({ features: "hog", classifier: "rbf-svm", trainSize: 5000 });
 * testAccuracy;
 * ```
 */
export async function trainClassic(
  given: GivenClassicSettings = {},
  options: TrainClassicOptions = {},
): Promise<TrainedClassic> {
  const all = { ...usualSettings(CLASSIC_SETTINGS), ...given };
  const { features, classifier, seed, side = USUAL_SIDE, data: name, dataDir, trainSize = null } = all;
  const { encoding = "hard", pyramid = 0, words = null, C = null, gamma = null } = all;
  // A mistyped name is found before anything is read.
  featureEntries(features);
  classifierEntry(classifier);
  await refuseUnused({ ...all, dataDir: dataDir ?? undefined });
  const { onNote = () => {}, onStart } = options;
  const data = await openClassicData({
    data: name,
    dataDir: dataDir ?? undefined,
    trainSize,
    side,
    seed,
    onNote,
  });
  for (const reason of data.leftOut) onNote(`left out: ${reason}`);
  const settings = { features, classifier, C, gamma, seed, words, encoding, pyramid };
  onStart?.(settings, data);
  const result = await runClassic(settings, data, options);
  const folder = classicFolder(options.out ?? null, features, classifier);
  await writeClassicRun(folder, result, data, { side, command: commandText(all) });
  return { ...result, folder, leftOut: data.leftOut };
}

/** The command that repeats the run. */
function commandText({ dataDir: _, ...given }: GivenClassicSettings): string {
  const said = Object.fromEntries(
    Object.entries(CLASSIC_SETTINGS).map(([name, one]) => [name, { ...one, alwaysSaid: true }]),
  );
  return ["npx convoyant classic", ...optionTexts(said, given, shellWord)].join(" ");
}
