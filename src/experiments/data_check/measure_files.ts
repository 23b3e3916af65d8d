/** Reads and measures many image files, in workers if that pays. */
import { FileError } from "../../base/errors.ts";
import { breathe } from "../../data/folders/walk_folder.ts";
import { processors } from "../../workers/processors.ts";
import { RequestWorkers } from "../../workers/request_workers.ts";
import type { WorkerScript } from "../../workers/worker_port.ts";
import { type FileQuestion, type MeasuredFile, measureFile } from "./measure_file.ts";

/** Fewer files than this are read sooner than workers start. */
const WORTH_WORKERS = 64;

/** Each has images of its own in memory. */
const MOST_WORKERS = 16;

/** Files that each worker is asked for ahead. */
const AHEAD = 2;

const SCRIPT: WorkerScript = {
  url: () => new URL("./measure_worker.js", import.meta.url),
  source: () => import("#worker_sources/measure_worker"),
};

/** How many workers a check of a number of files uses. */
export function measuringWorkers(files: number): number {
  const count = Math.min(processors(), MOST_WORKERS);
  return files < WORTH_WORKERS || count < 2 ? 0 : count;
}

/**
 * What is found in each file, in their order, the same for any number of workers; for a file that cannot be read or
 * decoded the error. Workers end with the last file, or when no more are asked for.
 */
export async function* measureFiles(
  paths: readonly string[],
  withImage: boolean,
  workers = measuringWorkers(paths.length),
): AsyncGenerator<MeasuredFile | FileError> {
  const questions = paths.map((path) => ({ path, withImage }));
  if (workers > 0) {
    yield* measureInWorkers(questions, workers);
    return;
  }
  for (const question of questions) {
    await breathe();
    yield await measureFile(question).catch(fileError);
  }
}

async function* measureInWorkers(
  questions: readonly FileQuestion[],
  count: number,
): AsyncGenerator<MeasuredFile | FileError> {
  const pool = await RequestWorkers.start<null, FileQuestion, MeasuredFile>({
    count,
    script: SCRIPT,
    given: null,
    owner: "checkData",
  });
  try {
    for (const answer of pool.answers(questions.length, (i) => questions[i], AHEAD))
      yield await answer.catch(fileError);
  } finally {
    await pool.stop();
  }
}

function fileError(error: unknown): FileError {
  if (error instanceof FileError) return error;
  throw error;
}
