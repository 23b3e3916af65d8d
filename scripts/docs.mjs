// `npm run docs [-- <folder>]`: builds, and makes the API reference in build/reference (or the folder). What makes it
// is installed in site/ at the first call: it needs an older TypeScript than the package.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { needsInstall, prepare, root, runNpm } from "./setup.mjs";

await prepare();
const site = join(root, "site");
if (needsInstall(site)) {
  console.error("Installing typedoc and its TypeScript into site/ ...");
  const { status } = runNpm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: site,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) {
    console.error("npm ci failed in site/. Check your network or registry settings.");
    process.exit(1);
  }
}
const { status } = spawnSync(process.execPath, [join(site, "build.mjs"), ...process.argv.slice(2)], {
  cwd: site,
  stdio: "inherit",
});
process.exit(status ?? 1);
