/** The package as users install it, for the processes that tests start: the bundles load in half of the time. */
import { fileURLToPath } from "node:url";

/** The address of a bundle of build/dist, such as `index` or `data`, for `import()`. */
export function packageUrl(entry: string): string {
  return new URL(`../dist/node/${entry}.js`, import.meta.url).href;
}

/** The command line's script, for `node`. */
export const cliScript = fileURLToPath(packageUrl("cli"));
