/** What the command line prints of an error: an API call has options, a command has switches. */
import { ConvoyantError, type ErrorReason } from "../../base/errors.ts";

type Facts = ConvoyantError["facts"];

const MAKE_TOKEN = "`openssl rand -hex 16` prints a good one";

/** What to do, as who types commands does it. */
const CURES: Readonly<Record<ErrorReason, (facts: Facts) => string>> = {
  "run exists": ({ path }) => `: continue it with --resume ${path}, or choose another folder with --out`,
  "run in use": ({ stale }) => `: wait for it to end, or choose another folder with --out${stale}`,
  "no weights yet": ({ path }) => `; go on training with: npx convoyant train --resume ${path}`,
  "data missing": ({ byPackage }) => ` or into a folder named by --data-dir or CONVOYANT_DATA${byPackage}.`,
  "data folder": () =>
    ": name a folder that can be written with --data-dir, CONVOYANT_DATA or XDG_CACHE_HOME",
  "batch too large": ({ half, message }) =>
    `. Use a smaller batch (--batch-size), or --micro-batch ${half} to have statistics of each slice by itself (${message})`,
  "token needed": () => `: give one with --token or CONVOYANT_SERVE_TOKEN; ${MAKE_TOKEN}`,
  "token short": () => `; ${MAKE_TOKEN}`,
  "port in use": () => "; choose another with --port, or --port 0 for one that is free",
  "port forbidden": () => "; choose one above 1023 with --port",
  "address unknown": () => "; name one of its addresses with --host, or leave it out",
  "input shape": () => ": give it without the batch, as in --input 3,224,224",
  "output in use": () => "; choose another with -o, or remove it first",
  "no classifier": ({ path, model = "" }) =>
    `; train a classifier that begins with it: npx convoyant train ./photos --from ${path}${model === "" ? "" : ` --model ${model}`}`,
  "no class folders": () =>
    ", or a CSV list of paths and labels in place of the folder: npx convoyant train list.csv",
  "one class listed": () => "; list images of others too",
  "listed image missing": () => "; relative paths are seen from the list's folder",
  "no test images": () => ": name images, or a folder of them, with --images",
};

/** An error's message, with what to do in the words of the command line. */
export function errorText(error: Error): string {
  if (!(error instanceof ConvoyantError) || error.reason === undefined) return error.message;
  return error.problem + CURES[error.reason](error.facts);
}
