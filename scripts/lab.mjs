// `npm run lab:build [-- --all]`: builds the package, checks the types of the Lab and makes its static folder, build/lab,
// with the part of Fashion-MNIST that comes with it; `--all` puts the whole data set beside it (30 MB). What bundles it is
// installed in apps/lab at the first call.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeLabData } from "./lab_data.mjs";
import { needsInstall, prepare, root, startNpm } from "./setup.mjs";

const lab = join(root, "apps/lab");
const output = join(root, "build/lab");
const stampFile = join(root, "build/.lab_stamp");

/** Whether what bundles the Lab is installed. */
export const isInstalled = () => !needsInstall(lab);

/** Installs what bundles the Lab if it is missing; resolves to whether it is there. */
function install() {
  if (isInstalled()) return true;
  console.error("Installing the packages of apps/lab ...");
  const child = startNpm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: lab,
    stdio: ["ignore", 2, 2],
  });
  return new Promise((resolve) => {
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });
}

function run(title, script, args) {
  const { status, signal } = spawnSync(process.execPath, [script, ...args], { cwd: lab, stdio: "inherit" });
  if (status === 0) return;
  console.error(`${title} failed${signal ? ` (${signal})` : ""}.`);
  process.exit(status ?? 1);
}

/** Names, sizes and times of what the Lab is made from. */
function stamp() {
  const hash = createHash("sha256");
  const add = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  for (const folder of ["src", "public"].map((name) => join(lab, name)))
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) add(join(entry.parentPath ?? entry.path, entry.name));
  for (const name of ["index.html", "package-lock.json", "tsconfig.json", "vite.config.ts"])
    add(join(lab, name));
  add(join(root, "build/.stamp.json"));
  add(join(root, "scripts/lab.mjs"));
  return hash.digest("hex");
}

/** Makes build/lab if it is older than what it is made from; the package has been built, and apps/lab installed. */
export async function buildLab({ all = false } = {}) {
  const now = stamp();
  const made = existsSync(stampFile) && existsSync(output) ? readFileSync(stampFile, "utf8") : "";
  if (!all && made === now) return;
  run("The types of the Lab", join(root, "node_modules/typescript/bin/tsc"), [
    "-p",
    lab,
    "--pretty",
    "false",
  ]);
  run("The Lab's build", join(lab, "node_modules/vite/bin/vite.js"), ["build", "--logLevel", "warn"]);
  await writeLabData(output, { full: all });
  writeFileSync(stampFile, now);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  // Mostly waits for the registry.
  const installed = install();
  await prepare();
  if (!(await installed)) {
    console.error("npm ci failed in apps/lab. Check your network or registry settings.");
    process.exit(1);
  }
  await buildLab({ all: process.argv.includes("--all") });
  console.log(`The Lab is in build/lab: give that folder to any web server.`);
}
