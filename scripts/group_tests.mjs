// Which test files share a process. Starting one and loading the package takes longer than most files' tests, so files of
// a folder run one after another in one process (`test/files_in_group.ts`), each as a suite with its name.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { bundleFolder } from "./bundle_tests.mjs";
import { root } from "./setup.mjs";

/** Take many seconds each: they run first, longest first, so that none of them is left over when all others have ended. */
const LONG = [
  "docs/guides.test.js",
  "distributed/training.test.js",
  "ship/page.test.js",
  "architecture/editor.test.js",
  "lab/live.test.js",
  "bundlers/servers.test.js",
  "bundlers/bundlers.test.js",
  "lab/lab.test.js",
  "lab/accessibility.test.js",
  "interop/onnx/onnx_runtime.test.js",
  "models/torchvision_weights.test.js",
  "cli/train.test.js",
  "book/examples.test.js",
  "docs/own_images.test.js",
  "docs/examples.test.js",
  "cli/terminal.test.js",
  "cli/registries.test.js",
  "engines/onednn/networks.test.js",
  "engines/onednn/exit_codes.test.js",
  "ship/verify.test.js",
  "tensor/autocast.test.js",
  "engines/wasm/convolution.test.js",
  "cli/classic_runs.test.js",
  "models/efficientnet_lite0_weights.test.js",
  "models/network_gradients.test.js",
  "distributed/cli.test.js",
  "train/runs/interruption.test.js",
  "browser/browser.test.js",
  "experiments/photos/start_files.test.js",
  "ship/networks.test.js",
  "cli/profile.test.js",
  "compiler/left_out_passes.test.js",
  "engines/onednn/contract.test.js",
  "train/loop/micro_batches.test.js",
  "runtime/engine_changes.test.js",
  "engines/wasm/matmul.test.js",
  "classifier/promise.test.js",
  "classifier/networks.test.js",
  "architecture/conv2d_route/conv2d_route.test.js",
  "engines/exact_convolutions.test.js",
  "engines/wasm/moving.test.js",
  "browser/drawings.test.js",
  "engines/contract/nn.test.js",
  "browser/late_kernels.test.js",
  "classifier/packed_weights.test.js",
  "engines/cpu/loops/reductions.test.js",
  "train/runs/run_algorithms.test.js",
  "architecture/package.test.js",
  "browser/look_figures.test.js",
  "engines/wasm/pooling_last.test.js",
  "classic/learners/svm.test.js",
  "experiments/study_runs.test.js",
  "classic/learners/determinism.test.js",
  "distributed/collectives.test.js",
  "architecture/completions.test.js",
  "train/runs/resume_rules.test.js",
  "models/parity.test.js",
  "look/attribution.test.js",
  "experiments/photos/train_photos.test.js",
  "draw/bad_input.test.js",
  "classifier/load.test.js",
  "tensor/half_precision.test.js",
  "interop/onnx/wheels.test.js",
  "io/hostile_files.test.js",
  "models/class_counts.test.js",
  "engines/onednn/candidate_algorithms.test.js",
  "engines/wasm/portable.test.js",
  "tensor/views.test.js",
  "classic/learners/saved_learners.test.js",
  "classifier/freeze.test.js",
  "models/training_runs.test.js",
  "distributed/faults.test.js",
];

/**
 * Have a process of their own (folders with a slash at the end): they look at what a process holds or has loaded, end it,
 * change for good what it shares, or mostly wait for processes that they start.
 */
const ALONE = [
  "architecture/clone.test.js",
  "base/package_copies.test.js",
  "base/realms.test.js",
  "browser/",
  "bundlers/",
  "cli/",
  "distributed/",
  "docs/when_things_run.test.js",
  "engines/onednn/",
  "fuzz/",
  "io/fetch/",
  "lab/",
  "nn/module/unregistered.test.js",
  "runtime/",
  "ship/",
];

/** A file that chooses an engine or changes the environment while it is loaded, not in a test or a hook: alone, too. */
const CHANGES_AT_ONCE = /^(?:await )?(?:\w+\.)?useEngine\(|^(?:delete )?process\.env\b|^process\.chdir\(/m;

/** Files in one process. More would save little, and leave other processors idle at the end. */
const FILES_IN_A_GROUP = 12;

const covers = (entry, file) => (entry.endsWith("/") ? file.startsWith(entry) : file === entry);

/** Entries above that no file of all test files answers to: they were renamed or removed. */
export function staleGroupEntries(files) {
  return [...LONG, ...ALONE].filter((entry) => !files.some((file) => covers(entry, file)));
}

const isAlone = (file) =>
  ALONE.some((entry) => covers(entry, file)) ||
  CHANGES_AT_ONCE.test(readFileSync(join(root, "build/test", file), "utf8"));

/** The files that run together, in the order in which their processes start. */
export function groupsOf(files) {
  const long = LONG.filter((file) => files.includes(file)).map((file) => [file]);
  const alone = [];
  const folders = new Map();
  for (const file of files) {
    if (LONG.includes(file)) continue;
    if (isAlone(file)) alone.push([file]);
    else {
      const folder = file.split(sep)[0];
      folders.set(folder, [...(folders.get(folder) ?? []), file]);
    }
  }
  return [...long, ...alone, ...[...folders.values()].flatMap(shares)];
}

/** A folder's files in groups of about equal size. */
function shares(files) {
  const count = Math.ceil(files.length / FILES_IN_A_GROUP);
  const end = (index) => Math.round((index * files.length) / count);
  return Array.from({ length: count }, (_, index) => files.slice(end(index), end(index + 1)));
}

/** One order for the groups of several versions of Node.js: the long ones of all first. `{ files, line }`, its place among the versions. */
export function mergedGroups(groupsOfLines) {
  const all = groupsOfLines.flatMap((groups, line) => groups.map((files) => ({ files, line })));
  const place = ({ files: [first] }) => (LONG.includes(first) ? LONG.indexOf(first) : LONG.length);
  return all.sort((a, b) => place(a) - place(b));
}

/**
 * Writes a script for each group, to run on the last of the versions: those of the others start their own Node.js, which
 * reports to the same runner. Returns their paths; node:test runs them in the order of their names. `paths` holds the bundle
 * of each file.
 */
export function writeGroups(groups, paths, nodes, timeout) {
  const folder = join(bundleFolder, "groups");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "others"), { recursive: true });
  return groups.map(({ files, line }, index) => {
    const node = line === nodes.length - 1 ? undefined : nodes[line];
    const number = String(index + 1).padStart(3, "0");
    const on = node === undefined ? "" : `node${node.version.split(".")[0]}.`;
    const name = `${number}_${on}${nameOf(files)}.js`;
    const script = join(folder, name);
    if (node === undefined) writeFileSync(script, textOfGroup(files, paths, folder));
    else {
      const other = join(folder, "others", name);
      writeFileSync(other, textOfGroup(files, paths, dirname(other), `Node.js ${node.version}: `));
      const start = addressFrom(folder, "scripts/other_node.mjs");
      const values = [node, other, timeout].map((value) => JSON.stringify(value)).join(", ");
      writeFileSync(script, `import { runOnOther } from ${start};\nrunOnOther(${values});\n`);
    }
    return relative(root, script);
  });
}

/** What a script in `folder` imports `path` by. */
const addressFrom = (folder, path) => JSON.stringify(relative(folder, join(root, path)).split(sep).join("/"));

/** The script of a group, in `folder`. */
function textOfGroup(files, paths, folder, before = "") {
  const address = (path) => addressFrom(folder, path);
  const lines =
    files.length === 1
      ? [`import ${address(paths.get(files[0]))};`]
      : [
          `import { filesInGroup } from ${address(join(relative(root, bundleFolder), "files_in_group.js"))};`,
          "filesInGroup({",
          ...files.map(
            (file) => `  ${JSON.stringify(before + file)}: () => import(${address(paths.get(file))}),`,
          ),
          "});",
        ];
  return `${lines.join("\n")}\n`;
}

/** What stands where a process fails as a whole: its file, or its folder and the first and last of its files. */
function nameOf(files) {
  const short = (file) => file.slice(0, -".test.js".length);
  if (files.length === 1) return short(files[0]).split(sep).join(".");
  const [folder] = files[0].split(sep);
  const within = (file) => short(file).split(sep).slice(1).join(".");
  return `${folder}.${within(files[0])}_to_${within(files.at(-1))}`;
}
