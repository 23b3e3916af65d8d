/** Packages that are used if they are installed beside ours. Node.js only. */

/**
 * Loads a package from where this module is; in a bundle that has no address for it, from the folder that the process
 * runs in.
 *
 * @throws an error of Node.js if it is not installed, see {@link isMissing}, or cannot be loaded.
 */
export function requirePackage(name: string): unknown {
  const { createRequire } = process.getBuiltinModule("node:module");
  const here: string | undefined = import.meta.url;
  const from = here?.startsWith("file:")
    ? here
    : process.getBuiltinModule("node:path").resolve("convoyant.js");
  return createRequire(from)(name);
}

/** Whether {@link requirePackage} failed since the package is not installed. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND";
}
