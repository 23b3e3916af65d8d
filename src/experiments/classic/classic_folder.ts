/** The folder of a classic run: its model, its numbers, its report page. Node only. */
import { join } from "node:path";
import { writeFileAtomicSync } from "../../io/atomic_file.ts";
import { makeFolderSync } from "../../io/make_folder.ts";
import { encodeSafetensors } from "../../io/safetensors/safetensors.ts";
import { environmentNow } from "../../train/runs/environment.ts";
import { runName } from "../../train/runs/run_folder.ts";
import type { ClassicData } from "./classic_data.ts";
import { renderClassicReport } from "./classic_report.ts";
import type { ClassicResult } from "./classic_run.ts";

/** Names of the files of a classic run. */
export const CLASSIC_FILES = {
  record: "classic.json",
  model: "model.safetensors",
  words: "words.safetensors",
  report: "report.html",
} as const;

/** The folder of a new run, `runs/<time>-<features>-<classifier>` if none was chosen. */
export function classicFolder(out: string | null, features: string, classifier: string): string {
  return out ?? join("runs", runName(`${features}-${classifier}`));
}

/**
 * Writes a run's folder.
 *
 * @throws FileError if it cannot be written.
 */
export function writeClassicRun(
  folder: string,
  result: ClassicResult,
  data: ClassicData,
  command: string,
): void {
  const { settings, columns, testAccuracy, trainSeconds, trainProcessorSeconds, featureSeconds } = result;
  const { predictPerSecond, modelBytes } = result;
  const environment = environmentNow();
  const record = {
    version: 1,
    settings: { ...settings, data: data.name, trainSize: data.train.images.length, columns },
    results: {
      testAccuracy,
      trainSeconds,
      trainProcessorSeconds,
      featureSeconds,
      predictPerSecond,
      modelBytes,
    },
    environment,
    command,
  };
  makeFolderSync(folder);
  writeFileAtomicSync(join(folder, CLASSIC_FILES.model), result.model);
  if (result.words !== null) {
    const { rows, columns, data: values } = result.words;
    const words = { data: values, shape: [rows, columns], dtype: "float32" as const };
    writeFileAtomicSync(join(folder, CLASSIC_FILES.words), encodeSafetensors(new Map([["words", words]])));
  }
  writeFileAtomicSync(join(folder, CLASSIC_FILES.record), `${JSON.stringify(record, null, 2)}\n`);
  writeFileAtomicSync(
    join(folder, CLASSIC_FILES.report),
    renderClassicReport(result, data, { environment, command }),
  );
}
