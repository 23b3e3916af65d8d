/** Runs that are kept in folders (`#runs`): Node.js has them. */
export { fitInFolder } from "./recorded_fit.ts";
export { RunFolder } from "./run_folder.ts";
