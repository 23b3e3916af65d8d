#!/usr/bin/env node
// The `convoyant` command. In an installed package everything is built already; in a clone it is built
// first when its sources are newer.
import { existsSync } from "node:fs";

const setup = new URL("../scripts/setup.mjs", import.meta.url);
if (existsSync(setup)) {
  const { prepare } = await import(setup.href);
  await prepare();
}
const { runCli } = await import("./run_cli.mjs");
await runCli(process.argv.slice(2));
