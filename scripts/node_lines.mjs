// Which test files run on which of several versions of Node.js. Most run on each. Those below say the same on every
// Node.js, so that one is enough; each entry is a folder of build/test (with a slash at its end) or a file in it.

/**
 * On the newest: what reads the sources and the documentation, what runs in pages and in other tools, what draws
 * reports, most hand-made features (`classic/features/hog` and `sift` run on each), oneDNN's algorithms (that the library
 * loads, starts and ends is tested on each), whole studies, and whole networks, each op of which is compared with PyTorch on
 * every Node.js (`engines/contract`, `nn`).
 */
const ON_THE_NEWEST = [
  "architecture/completions.test.js",
  "architecture/conv2d_route/",
  "architecture/diagrams/",
  "architecture/editor.test.js",
  "architecture/errors.test.js",
  "architecture/layers.test.js",
  "architecture/names.test.js",
  "architecture/words.test.js",
  "browser/",
  "distributed/",
  "bundlers/",
  "classic/features/dense.test.js",
  "classic/features/filters.test.js",
  "classic/features/surf.test.js",
  "classic/features/words.test.js",
  "classifier/networks.test.js",
  "docs/",
  "draw/",
  "engines/onednn/candidate_algorithms.test.js",
  "engines/onednn/contract.test.js",
  "engines/onednn/networks.test.js",
  "experiments/",
  "interop/",
  "lab/accessibility.test.js",
  "lab/check.test.js",
  "lab/code.test.js",
  "lab/exported_files.test.js",
  "lab/lab.test.js",
  "lab/probes.test.js",
  "lab/training.test.js",
  "lab/workers.test.js",
  "look/",
  "models/",
  "report/",
  "ship/",
  "types/",
];

/**
 * On the oldest, which lacks most: the command line and the book's examples. On the newest the command line runs in
 * `experiments/study_runs`, `engines/onednn/exit_codes` and `architecture/package`.
 */
const ON_THE_OLDEST = ["book/examples.test.js", "cli/"];

const covers = (entry, file) => (entry.endsWith("/") ? file.startsWith(entry) : file === entry);

/** Entries above that no file of all test files answers to: they were renamed or removed. */
export function staleEntries(files) {
  return [...ON_THE_NEWEST, ...ON_THE_OLDEST].filter((entry) => !files.some((file) => covers(entry, file)));
}

/** The files that run on number `index` of `count` versions, which come from the oldest to the newest. */
export function filesOfLine(files, index, count) {
  if (count < 2) return files;
  const elsewhere = [...(index < count - 1 ? ON_THE_NEWEST : []), ...(index > 0 ? ON_THE_OLDEST : [])];
  return files.filter((file) => !elsewhere.some((entry) => covers(entry, file)));
}
