// What has to be true before anything of the clone can run: a Node that is new enough, the locked
// packages, and a build that is not older than its sources. Each step costs a few milliseconds when there
// is nothing to do. Uses nothing but Node, since it runs before the packages are there; messages go to
// stderr, so that stdout belongs to the command that follows.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The clone's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const oldest = [20, 19];

/** A sentence about a Node that is too old, or undefined when it will do. */
export function nodeProblem(version = process.versions.node) {
  const [major, minor] = version.split(".").map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return undefined;
  return `Convoyant needs Node.js ${oldest.join(".")} or newer; this is ${version}. https://nodejs.org has newer ones.`;
}

/** Ends the process with one line when Node is too old. */
export function requireNode() {
  const problem = nodeProblem();
  if (problem === undefined) return;
  console.error(problem);
  process.exit(1);
}

/** The program and first arguments that start npm: the npm that runs us, else the one beside this Node. */
function npmCommand() {
  const fromNpm = process.env.npm_execpath;
  if (fromNpm?.endsWith(".js") && existsSync(fromNpm)) return [process.execPath, fromNpm];
  return [process.platform === "win32" ? "npm.cmd" : "npm"];
}

function callNpm(start, args, options) {
  const [program, ...first] = npmCommand();
  return start(program, [...first, ...args], {
    cwd: root,
    shell: program.endsWith(".cmd"),
    ...options,
  });
}

/** Runs npm in `cwd`; returns what spawnSync does. */
export const runNpm = (args, options = {}) => callNpm(spawnSync, args, options);

/** Starts npm in `cwd`; returns what spawn does. */
export const startNpm = (args, options = {}) => callNpm(spawn, args, options);

function packagesIn(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, "utf8")).packages ?? {};
  } catch {
    return {};
  }
}

/**
 * Whether node_modules lacks a package of the lock file or holds another version of it. Compares what is
 * written, not times: a checkout touches files that it does not change. Optional packages may be missing:
 * they are other platforms' binaries.
 */
export function needsInstall(folder = root) {
  const wanted = packagesIn(join(folder, "package-lock.json"));
  const installed = packagesIn(join(folder, "node_modules", ".package-lock.json"));
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "") continue;
    const found = installed[path];
    if (found === undefined) {
      if (!entry.optional) return true;
    } else if (found.version !== entry.version || found.integrity !== entry.integrity) {
      return true;
    }
  }
  return false;
}

/** Installs the locked packages when they are missing or differ. Runs no package's scripts. */
export function installIfNeeded() {
  if (!needsInstall()) return;
  console.error("Installing the packages of package-lock.json ...");
  const result = runNpm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: ["ignore", 2, 2],
  });
  if (result.error) {
    console.error(
      `npm could not be started: ${result.error.message}. It comes with Node.js; check your PATH.`,
    );
    process.exit(1);
  }
  if (result.status !== 0) {
    console.error("npm ci failed (see above). Check your network or registry settings.");
    process.exit(1);
  }
}

/** Everything, in order: Node, packages, build. Ends the process with a message when a step fails. */
export async function prepare() {
  requireNode();
  installIfNeeded();
  const { build } = await import("./build.mjs");
  const status = await build();
  if (status !== 0) process.exit(status);
}
