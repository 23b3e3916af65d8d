// The tools that the packed archive is tried in (bundlers, type checkers, ONNX Runtime; test/bundlers/tools): in a folder
// of the cache. Run as a script, it fetches them and the Node.js versions of CONVOYANT_TEST_NODES, for `.ci/run`: tests
// that start at once would each install them.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, runNpm } from "./setup.mjs";
import { testNodes } from "./test_nodes.mjs";

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "convoyant", "bundlers");

/** `{ folder }`, where the tools are, installed once for each list of them; or why there are none: `{ missing }`. */
export function openTools() {
  if (process.platform !== "linux" || process.arch !== "x64")
    return { missing: "the tools' binaries are for Linux on x64" };
  const manifest = readFileSync(join(root, "test/bundlers/tools/package.json"));
  const hash = createHash("sha256").update(manifest).digest("hex").slice(0, 12);
  const folder = join(cache, hash);
  if (existsSync(folder)) return { folder };
  if (process.env.CONVOYANT_TEST_BUNDLERS !== "install")
    return { missing: "not installed (1.5 GB): CONVOYANT_TEST_BUNDLERS=install npm test -- bundlers" };
  mkdirSync(cache, { recursive: true });
  const half = mkdtempSync(join(cache, "half-"));
  writeFileSync(join(half, "package.json"), manifest);
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  const { status, stderr } = runNpm(["install", ...flags], { cwd: half, encoding: "utf8" });
  if (status !== 0) {
    rmSync(half, { recursive: true, force: true });
    return { missing: `the tools cannot be installed: ${String(stderr).trim().split("\n")[0]}` };
  }
  // Another process may have been faster.
  if (!existsSync(folder)) renameSync(half, folder);
  return { folder };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  testNodes(process.env.CONVOYANT_TEST_NODES);
  const { missing } = openTools();
  if (missing !== undefined) console.error(`Tests in bundlers and ONNX Runtime will be skipped: ${missing}`);
}
