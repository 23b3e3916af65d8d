/** `convoyant classic`: trains and tests one pipeline of hand-made features. */
import { join } from "node:path";
import { TrainingError } from "../../base/errors.ts";
import type { WordEncoding } from "../../classic/index.ts";
import { classifierEntry } from "../../experiments/classic/classic_classifiers.ts";
import { openClassicData, USUAL_SIDE } from "../../experiments/classic/classic_data.ts";
import { featureEntries } from "../../experiments/classic/classic_features.ts";
import { classicFolder, writeClassicRun } from "../../experiments/classic/classic_folder.ts";
import { runClassic } from "../../experiments/classic/classic_run.ts";
import { CLASSIC_FILES } from "../../experiments/classic/saved_classic.ts";
import { refuseUnused } from "../../experiments/classic/unused_settings.ts";
import { shellWord } from "../../experiments/shell_text.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMetric,
  formatRate,
} from "../../report/number_text.ts";
import { renderTable } from "../../report/terminal/table.ts";
import { useEngine } from "../../tensor/index.ts";
import { INTERRUPTED, interruption } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";
import { PhaseProgress } from "./phase_progress.ts";

/** Options of the command. */
export interface ClassicCommand {
  readonly features: string;
  readonly classifier: string;
  readonly data: string;
  readonly dataDir?: string;
  readonly trainSize?: number;
  readonly C?: number;
  readonly gamma?: number;
  readonly side?: number;
  readonly seed: number;
  readonly words?: number;
  readonly encoding?: WordEncoding;
  readonly pyramid?: number;
  readonly out?: string;
  readonly engine?: string;
  readonly threads?: number;
}

export async function classicCommand(command: ClassicCommand, output: Output): Promise<number> {
  const { features, classifier, seed, side = USUAL_SIDE, data: name, dataDir } = command;
  // A mistyped name is found before anything is read.
  featureEntries(features);
  classifierEntry(classifier);
  await refuseUnused(command);
  const { engine, threads } = command;
  if (engine !== undefined) await useEngine(engine, threads === undefined ? {} : { threads });
  const interrupt = interruption(() => output.note("Stopping; press Ctrl-C again to stop at once."));
  interrupt.arm();
  const progress = new PhaseProgress(output);
  try {
    const data = await openClassicData({
      data: name,
      dataDir,
      trainSize: command.trainSize ?? null,
      side,
      seed,
      onNote: (text) => output.note(text),
    });
    for (const reason of data.leftOut) output.note(`left out: ${reason}`);
    const { encoding = "hard", pyramid = 0, words = null, C = null, gamma = null } = command;
    const settings = { features, classifier, C, gamma, seed, words, encoding, pyramid };
    output.event({ event: "start", ...settings, data: data.name, trainSize: data.train.images.length });
    const result = await runClassic(settings, data, {
      signal: interrupt.signal,
      onProgress: (state) => progress.update(state.phase, state.done),
    });
    progress.stop();
    const folder = classicFolder(command.out ?? null, features, classifier);
    await writeClassicRun(folder, result, data, { side, command: commandText(command) });
    const { testAccuracy, trainSeconds, predictPerSecond, modelBytes } = result;
    output.lines(
      renderTable(
        [{ title: "pipeline" }, ...["test accuracy", "training", "predictions/s", "model"].map(rightColumn)],
        [
          [
            `${features}, ${classifier}`,
            formatMetric(testAccuracy),
            formatDuration(trainSeconds),
            formatRate(predictPerSecond),
            formatBytes(modelBytes),
          ],
        ],
        output.style,
      ),
    );
    output.line(`report: ${join(folder, CLASSIC_FILES.report)}`);
    const leftOut = data.leftOut.length;
    if (leftOut > 0)
      output.note(
        leftOut === 1
          ? "1 file could not be read, and was left out."
          : `${formatCount(leftOut)} files could not be read, and were left out.`,
      );
    output.event({
      event: "end",
      testAccuracy,
      trainSeconds,
      trainProcessorSeconds: result.trainProcessorSeconds,
      featureSeconds: result.featureSeconds,
      predictPerSecond,
      features,
      classifier,
      columns: result.columns,
      modelBytes,
      ...(leftOut > 0 && { unreadable: leftOut }),
      run: folder,
    });
    return 0;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    progress.stop();
    if (!(error instanceof TrainingError) && (error as Error).name !== "AbortError") throw error;
    output.event({ event: "interrupted" });
    output.note("Interrupted; nothing was saved.");
    return INTERRUPTED;
  } finally {
    progress.stop();
    interrupt.release();
  }
}

const rightColumn = (title: string) => ({ title, align: "right" as const });

/** The command that repeats the run. */
function commandText(command: ClassicCommand): string {
  const { features, classifier, words, encoding, pyramid, data, trainSize, C, gamma, side, seed } = command;
  const options: [string, string | number | undefined][] = [
    ["features", features],
    ["classifier", classifier],
    ["words", words],
    ["encoding", encoding],
    ["pyramid", pyramid],
    ["data", data],
    ["train-size", trainSize],
    ["C", C],
    ["gamma", gamma],
    ["side", side],
    ["seed", seed],
  ];
  const given = options.flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, shellWord(String(value))],
  );
  return ["npx convoyant classic", ...given].join(" ");
}
