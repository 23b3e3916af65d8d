/** Reads a file as the library does and prints what came of it, and the most memory that took. */

import { readSeriesRun } from "../../src/experiments/series_run.ts";
import { readMaybeGzipped } from "../../src/io/gzip_file.ts";
import { readImage } from "../../src/io/images/decode_image.ts";
import { readSafetensors } from "../../src/io/safetensors/safetensors_file.ts";
import { readCheckpoint } from "../../src/train/runs/checkpoint.ts";

const READERS: Readonly<Record<string, (path: string) => unknown>> = {
  image: (path) => readImage(path, { channels: 1 }),
  safetensors: readSafetensors,
  checkpoint: readCheckpoint,
  gzip: (path) => readMaybeGzipped(path, 1000),
  run: readSeriesRun,
};

const [, , reader, path] = process.argv;
const before = process.resourceUsage().maxRSS;
let error: { name: string; message: string } | null = null;
try {
  await READERS[reader](path);
} catch (thrown) {
  const { name, message } = thrown as Error;
  error = { name, message: message.slice(0, 1000) };
}
console.log(JSON.stringify({ error, megabytes: (process.resourceUsage().maxRSS - before) / 1024 }));
