// `npm start [-- <command> ...]`: makes a clean clone ready, then runs the command line in this process.
// Without a command it trains batch-normalised LeNet as the chapter does. Brings oneDNN first if a training gains
// by it.
import { requireNode } from "./setup.mjs";

requireNode();
const { prepare } = await import("./setup.mjs");
await prepare();

const given = process.argv.slice(2);
const args = given.length > 0 ? given : ["train", "bn-lenet"];
const { onednnAtStart } = await import("../build/src/install/onednn_at_start.js");
await onednnAtStart(args);
const { runCli } = await import("../bin/run_cli.mjs");
await runCli(args);
