/** Runs that are kept in folders (`#runs`): Node.js has them. */
export { fitInFolder } from "./recorded_fit.ts";
export { RunFolder, requireNoRun, runProgress } from "./run_folder.ts";
export { saveWeights } from "./run_weights.ts";
