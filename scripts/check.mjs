// `npm run check`: formatting and lint (Biome), types (the build), and the tests in test/architecture, which read
// the direction of imports between the layers and try the package out. `--no-tests` leaves those out.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { prepare, root } from "./setup.mjs";

/** Runs a check; resolves to its exit code. */
function run(title, args) {
  console.log(title);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    child.on("close", (code, signal) => {
      if (code !== 0) console.error(`${title}: failed${signal ? ` (${signal})` : ""}.`);
      resolve(code ?? 1);
    });
  });
}

/** Biome over the whole clone; resolves to its exit code. */
export function checkStyle() {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  return run("Formatting and lint", [
    biome,
    "check",
    "--error-on-warnings",
    "--max-diagnostics=50",
    "--colors=off",
    ".",
  ]);
}

/** The architecture tests. */
function checkArchitecture() {
  const folder = join(root, "build/test/architecture");
  if (!existsSync(folder)) throw new Error("build/test/architecture is missing: `npm run build` writes it.");
  const files = readdirSync(folder).filter((name) => name.endsWith(".test.js"));
  return run("Layers and package", ["--test", ...files.map((name) => join(folder, name))]);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await prepare();
  process.exitCode =
    (await checkStyle()) || (process.argv.includes("--no-tests") ? 0 : await checkArchitecture());
}
