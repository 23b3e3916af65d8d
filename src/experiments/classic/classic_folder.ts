/** The folder of a classic run: its model, its numbers, its report page. Node only. */
import { join } from "node:path";
import { writeFileAtomicSync } from "../../io/atomic_file.ts";
import { makeFolderSync } from "../../io/make_folder.ts";
import { environmentNow } from "../../train/runs/environment.ts";
import { runName } from "../../train/runs/run_folder.ts";
import type { ClassicData } from "./classic_data.ts";
import { renderClassicReport } from "./classic_report.ts";
import type { ClassicResult } from "./classic_run.ts";
import { wordsToBytes } from "./classic_words.ts";
import { CLASSIC_FILES, type ClassicRunData } from "./saved_classic.ts";

/** The folder of a new run, `runs/<time>-<features>-<classifier>` if none was chosen. */
export function classicFolder(out: string | null, features: string, classifier: string): string {
  return out ?? join("runs", runName(`${features}-${classifier}`));
}

/**
 * Writes a run's folder.
 *
 * @throws FileError if it cannot be written.
 */
export async function writeClassicRun(
  folder: string,
  result: ClassicResult,
  data: ClassicData,
  { side, command }: { readonly side: number; readonly command: string },
): Promise<void> {
  const { settings, columns, testAccuracy, trainSeconds, trainProcessorSeconds, featureSeconds } = result;
  const { predictPerSecond, modelBytes } = result;
  const environment = environmentNow();
  const of: ClassicRunData = { data: data.name, side, seed: settings.seed };
  const record = {
    version: 1,
    settings: { ...settings, ...of, trainSize: data.train.images.length, columns },
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
  if (result.vocabularies.size > 0)
    writeFileAtomicSync(join(folder, CLASSIC_FILES.words), wordsToBytes(result.vocabularies));
  writeFileAtomicSync(join(folder, CLASSIC_FILES.record), `${JSON.stringify(record, null, 2)}\n`);
  writeFileAtomicSync(
    join(folder, CLASSIC_FILES.report),
    await renderClassicReport(result, data, { environment, command }),
  );
}
