// Runs the built command line in this process.
import { existsSync } from "node:fs";

/** The bundle, so that the command and a module that imports "convoyant" share one copy of the package. */
const bundle = new URL("../build/dist/node/cli.js", import.meta.url);
const main = existsSync(bundle) ? bundle : new URL("../build/src/cli/main.js", import.meta.url);

/** One Ctrl-C reaches a process started by npm twice: once from the terminal, once passed on by npm. */
const samePressMs = 250;

/** Lets the second copy of one Ctrl-C pass unheard; a second press by hand comes later than that. */
function hearEachInterruptOnce() {
  const emit = process.emit;
  let last = Number.NEGATIVE_INFINITY;
  process.emit = function emitOnce(name, ...rest) {
    if (name === "SIGINT") {
      const now = performance.now();
      if (now - last < samePressMs) return true;
      last = now;
    }
    return emit.call(this, name, ...rest);
  };
}

/** Runs `convoyant <args>`; the command line sets the exit code. */
export async function runCli(args) {
  hearEachInterruptOnce();
  process.argv = [process.argv[0], "convoyant", ...args];
  await import(main.href);
}
