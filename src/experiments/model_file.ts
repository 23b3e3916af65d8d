/** Networks out of a program's own file: a module that exports a function which makes one. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ArgumentError, FileError } from "../base/errors.ts";
import { Module } from "../nn/index.ts";

/** Whether a model is named by a file rather than by a name. */
export function isModelFile(model: string): boolean {
  return /\.[cm]?[jt]s$/.test(model);
}

/**
 * The network that a module's default export, or its export `model`, makes.
 *
 * @throws FileError when the file cannot be imported; ArgumentError when it makes no network.
 */
export async function networkFromFile(path: string): Promise<Module> {
  const make = makerIn(await importFile(path), path);
  let net: unknown;
  try {
    net = make.prototype instanceof Module ? new (make as unknown as new () => Module)() : await make();
  } catch (error) {
    throw new FileError(`${path}: making the network failed: ${(error as Error).message}`, { cause: error });
  }
  if (net instanceof Module) return net;
  const isOther = typeof (net as { stateDict?: unknown } | null)?.stateDict === "function";
  throw new ArgumentError(
    isOther
      ? `${path} makes a network with another copy of convoyant than this command's: run the command that is installed ` +
          "beside the file (npx convoyant in its project)"
      : `${path}: expected its function to return a network (a Module), got ${net === null ? "null" : typeof net}`,
  );
}

async function importFile(path: string): Promise<Record<string, unknown>> {
  const file = resolve(path);
  if (!existsSync(file))
    throw new FileError(`${path}: there is no such file; name a module that exports a network`);
  const strips = (process.features as { typescript?: unknown }).typescript;
  if (/\.[cm]?ts$/.test(file) && !strips) {
    throw new ArgumentError(
      `${path}: Node.js ${process.versions.node} cannot import TypeScript; run the command with Node.js 22.18 or later, ` +
        "or compile the file and name the .mjs",
    );
  }
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw new FileError(`${path} cannot be imported: ${(error as Error).message}`, { cause: error });
  }
}

type Make = () => unknown;

function makerIn(module: Record<string, unknown>, path: string): Make {
  const make = module.default ?? module.model;
  if (typeof make === "function") return make as Make;
  const found = Object.keys(module).join(", ") || "nothing";
  throw new ArgumentError(
    `${path}: expected a default export, or an export named \`model\`, that is a function which returns a network; it exports ${found}`,
  );
}
