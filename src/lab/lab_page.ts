/** The files of the Lab's page, as its build made them. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { FileError } from "../base/errors.ts";

/** In a clone, and in the package. */
const BUILT = "build/lab";

/**
 * The files of the page by their paths below the page's address.
 *
 * @param folder - by default where the package has it.
 * @throws FileError if the Lab was not built.
 */
export function labFiles(folder = fileURLToPath(new URL(BUILT, packageRoot()))): ReadonlyMap<string, string> {
  if (!existsSync(join(folder, "index.html")))
    throw new FileError(
      `the Lab's page is not in ${folder}; in a clone of the repository \`npm run lab:build\` makes it`,
    );
  const files = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name);
    if (statSync(path).isFile()) files.set(name.split(sep).join("/"), path);
  }
  return files;
}

const packageRoot = (): string => import.meta.resolve("convoyant/package.json");
