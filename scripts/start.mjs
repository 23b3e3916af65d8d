// `npm start [-- <command> ...]`: makes a clean clone ready, then runs the command line in this process.
// Without a command it trains batch-normalised LeNet as the chapter does.
import { requireNode } from "./setup.mjs";

requireNode();
const { prepare } = await import("./setup.mjs");
await prepare();

const { runCli } = await import("../bin/run_cli.mjs");
const given = process.argv.slice(2);
await runCli(given.length > 0 ? given : ["train", "bn-lenet"]);
