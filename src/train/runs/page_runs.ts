/** Runs that are kept in folders (`#runs`; Node.js has `node_runs.ts`): a page has none. */
import { FileError } from "../../base/errors.ts";

function refuse(path: string): never {
  throw new FileError(
    `fit: \`out\` (${path}) needs a file system, which a page does not have; leave it out, and keep weights with ` +
      "`toBytes(net.stateDict())`",
  );
}

export const RunFolder = { create: refuse, open: refuse };
export const fitInFolder = refuse;
export const requireNoRun = refuse;
export const runProgress = refuse;
export const saveWeights = refuse;
