// `npm test [-- <words>]`: prepares the clone, checks style and types, then runs every test under node:test,
// whose closing lines end the output. Words choose test files by their path ("ops", "data/idx").
// CONVOYANT_TEST_NODES=20,24 runs the suite on these versions of Node.js, side by side: node_lines.mjs says which files run
// on which.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { bundleFolder, bundleTests } from "./bundle_tests.mjs";
import { checkStyle } from "./check.mjs";
import { groupsOf, mergedGroups, staleGroupEntries, writeGroups } from "./group_tests.mjs";
import { buildLab, isInstalled as labIsInstalled } from "./lab.mjs";
import { filesOfLine, staleEntries } from "./node_lines.mjs";
import { environmentOf } from "./other_node.mjs";
import { prepare, root } from "./setup.mjs";
import { testNodes } from "./test_nodes.mjs";

/** No single test may take longer than this: a hang ends as a failure that names the test. */
const testTimeoutMs = 600_000;

function testFiles(words) {
  const folder = join(root, "build/test");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((path) => path.endsWith(".test.js"))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .sort();
}

/** Runs the scripts on one Node; resolves to its exit code. Two more than there are processors: many tests wait, for processes or pages. */
function runTests(node, scripts) {
  const args = [
    "--test",
    "--test-reporter=spec",
    `--test-concurrency=${availableParallelism() + 2}`,
    `--test-timeout=${testTimeoutMs}`,
    ...scripts,
  ];
  return new Promise((resolve) => {
    const env = {
      ...environmentOf(node),
      // Node.js 22 and later compile the bundles once for all processes.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(bundleFolder, "compiled"),
    };
    const child = spawn(node.path, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
    const pass = (signal) => child.kill(signal);
    process.on("SIGINT", pass).on("SIGTERM", pass);
    child.on("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

/** Waits until a folder is gone that is there while something that tests need is fetched. */
async function fetched(folder) {
  while (folder && existsSync(folder)) await wait(200);
}

/** The groups of each version's files, said in a line for each. */
function groupsOfLines(nodes, files) {
  return nodes.map((node, index) => {
    const own = filesOfLine(files, index, nodes.length);
    const others = files.length - own.length;
    const left = others === 0 ? "" : `; ${others} more run on another (scripts/node_lines.mjs)`;
    console.log(`${own.length} test files on Node.js ${node.version}${left}`);
    return groupsOf(own);
  });
}

await prepare();
const words = process.argv.slice(2);
// Beside what follows.
const style = words.length === 0 ? checkStyle() : 0;
const files = testFiles(words);
if (files.length === 0) {
  console.error(
    words.length > 0 ? `No test file's path holds ${words.join(" or ")}.` : "There are no tests.",
  );
  process.exit(1);
}
if (words.length === 0) {
  for (const [list, stale] of [
    ["node_lines", staleEntries(files)],
    ["group_tests", staleGroupEntries(files)],
  ])
    if (stale.length > 0) throw new Error(`scripts/${list}.mjs: no test file answers to ${stale.join(", ")}`);
}
// Its tests say so if the Lab has never been built; one that has been is not tested as it was before a change.
if (labIsInstalled() && files.some((file) => file.startsWith("lab"))) await buildLab();
const bundles = await bundleTests(files);
const statusOfStyle = await style;
if (statusOfStyle !== 0) process.exit(statusOfStyle);
await fetched(process.env.CONVOYANT_TEST_AFTER);
const paths = new Map(files.map((file, index) => [file, bundles[index]]));
const nodes = testNodes(process.env.CONVOYANT_TEST_NODES);
// One runner for all: its closing lines count the tests of each version, and no processor waits for the last test of one.
const scripts = writeGroups(mergedGroups(groupsOfLines(nodes, files)), paths, nodes, testTimeoutMs);
process.exitCode = await runTests(nodes.at(-1), scripts);
