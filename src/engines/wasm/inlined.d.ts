/** A kernel binary as text (base64 of its bytes, deflated but for `random`); written by scripts/build-kernels.mjs. */
declare module "#kernels/*" {
  const text: string;
  export default text;
  /** The byte that is 1 for a memory of one thread, 3 for one that threads share. */
  export const sharedFlagAt: number;
}

/** A worker's script as text; written by scripts/bundle.mjs. */
declare module "#worker_sources/*" {
  const text: string;
  export default text;
}
