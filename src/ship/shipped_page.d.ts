/** The script of shipped pages as text; written by scripts/bundle.mjs. */
declare module "#shipped_page" {
  const text: string;
  export default text;
}
