/** A kernel binary as text (base64 of its bytes, deflated); written by scripts/build-kernels.mjs. */
declare module "#kernels/*" {
  const text: string;
  export default text;
}

/** A worker's script as text; written by scripts/bundle.mjs. */
declare module "#worker_sources/*" {
  const text: string;
  export default text;
}
