// Which test files run on which of several versions of Node.js. Most say the same on every Node.js and run on the newest
// alone. Those below do not: each entry is a folder of build/test (with a slash at its end) or a file in it.

/**
 * On each: what rests on Node.js itself (threads, files, sockets, streams, processes that end; not what is computed from
 * what they give, such as formats of files or the rules of resumed runs) and on what its V8 can do (the oldest has no
 * relaxed SIMD, so the kernels are others: each op on each engine in `engines/contract`).
 */
const ON_EACH = [
  "architecture/clone.test.js",
  "architecture/package.test.js",
  "base/",
  "data/fetch/",
  "data/folders/image_cache.test.js",
  "data/folders/image_folder.test.js",
  "data/folders/image_list.test.js",
  "data/data_loader.test.js",
  "engines/contract/",
  "engines/cpu/",
  "engines/onednn/default_engine.test.js",
  "engines/onednn/loading.test.js",
  "io/atomic_file.test.js",
  "io/fetch/",
  "io/formats/wheels.test.js",
  "io/images.test.js",
  "io/regular_file.test.js",
  "io/sharp_decoder.test.js",
  "runtime/engine_changes.test.js",
  "runtime/failed_runs.test.js",
  "runtime/out_of_memory.test.js",
  "serve/",
  "train/loop/event_loop.test.js",
  "train/loop/fit.test.js",
  "train/runs/full_disk.test.js",
  "train/runs/interruption.test.js",
  "train/runs/run_folder.test.js",
  "workers/",
];

/**
 * On the oldest, which lacks most: the book's examples, how processes end, and a part of the command line; its other
 * commands run on the newest.
 */
const ON_THE_OLDEST = [
  "book/examples.test.js",
  "cli/bad_files.test.js",
  "cli/data.test.js",
  "cli/draw.test.js",
  "cli/predict.test.js",
  "cli/predict_many.test.js",
  "cli/serve.test.js",
  "cli/train.test.js",
  "cli/train_options.test.js",
  "cli/usage.test.js",
  "engines/onednn/exit_codes.test.js",
];

const covers = (entry, file) => (entry.endsWith("/") ? file.startsWith(entry) : file === entry);
const isIn = (list, file) => list.some((entry) => covers(entry, file));

/** Entries above that no file of all test files answers to: they were renamed or removed. */
export function staleEntries(files) {
  return [...ON_EACH, ...ON_THE_OLDEST].filter((entry) => !files.some((file) => covers(entry, file)));
}

/** The files that run on number `index` of `count` versions, which come from the oldest to the newest. */
export function filesOfLine(files, index, count) {
  if (count < 2) return files;
  const isOldest = index === 0;
  const isNewest = index === count - 1;
  return files.filter((file) => isIn(ON_EACH, file) || (isIn(ON_THE_OLDEST, file) ? isOldest : isNewest));
}
