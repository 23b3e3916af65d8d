// `npm run lab:build`: builds the package, checks the types of the Lab and makes its static folder, build/lab. What
// bundles it is installed in apps/lab at the first call.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { writeLabData } from "./lab_data.mjs";
import { needsInstall, prepare, root, runNpm } from "./setup.mjs";

const lab = join(root, "apps/lab");

function run(title, script, args) {
  const { status, signal } = spawnSync(process.execPath, [script, ...args], { cwd: lab, stdio: "inherit" });
  if (status === 0) return;
  console.error(`${title} failed${signal ? ` (${signal})` : ""}.`);
  process.exit(status ?? 1);
}

await prepare();
if (needsInstall(lab)) {
  console.error("Installing the packages of apps/lab ...");
  const { status } = runNpm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: lab,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) {
    console.error("npm ci failed in apps/lab. Check your network or registry settings.");
    process.exit(1);
  }
}
run("The types of the Lab", join(root, "node_modules/typescript/bin/tsc"), ["-p", lab, "--pretty", "false"]);
run("The Lab's build", join(lab, "node_modules/vite/bin/vite.js"), ["build", "--logLevel", "warn"]);
await writeLabData(join(root, "build/lab"), { full: process.argv.includes("--all") });
