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
  try {
    await import(main.href);
  } catch (error) {
    if (error?.code !== "EMFILE" && error?.code !== "ENFILE") throw error;
    process.stderr.write(
      "FileError: cannot load convoyant: too many files are open; close some or raise the limit (ulimit -n 1024)\n",
    );
    process.exitCode = 1;
  }
}
