/** The script of shipped pages as text; written by scripts/bundle.mjs. */
declare module "#shipped_page" {
  const script: string;
  export default script;
}

/** The same for networks that ONNX graphs describe. */
declare module "#shipped_onnx_page" {
  const script: string;
  export default script;
}
