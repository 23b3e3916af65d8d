import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../../base/errors.ts";
import type { Progress } from "./progress.ts";
import { MissingProgramError, runCommand } from "./run_command.ts";

const UPDATE_TIMEOUT = 90_000;
const DOWNLOAD_TIMEOUT = 180_000;
const UNPACK_TIMEOUT = 60_000;

/** Short time-outs and no retries: the next thing to try is waiting. */
const IMPATIENT = [
  "-o",
  "Acquire::http::Timeout=15",
  "-o",
  "Acquire::https::Timeout=15",
  "-o",
  "Acquire::Retries=1",
];

/**
 * Fetches a package from the distribution's mirror and unpacks it below `folder`, without root and without
 * installing it: nothing of the package is run. Returns the folder that stands for the root directory.
 *
 * If the machine has no package lists (`apt-get update` was never run), they are fetched into a folder of
 * our own first, which needs no rights either.
 *
 * @throws FileError that says why it did not come.
 */
export async function fetchPackage(name: string, folder: string, progress: Progress): Promise<string> {
  const run = (program: string, args: readonly string[], milliseconds: number) =>
    runCommand(program, args, { folder, milliseconds });
  progress(`asking the distribution's mirror for ${name}`);
  try {
    await run("apt-get", [...IMPATIENT, "download", name], DOWNLOAD_TIMEOUT);
  } catch (first) {
    if (first instanceof MissingProgramError) throw first;
    progress("fetching the distribution's package lists");
    const own = privateState(folder);
    // One broken repository among several fails the whole update; the lists of the others have come.
    const trouble = await run("apt-get", [...own, ...IMPATIENT, "update"], UPDATE_TIMEOUT).catch(
      (e) => e as FileError,
    );
    progress(`fetching ${name}`);
    try {
      await run("apt-get", [...own, ...IMPATIENT, "download", name], DOWNLOAD_TIMEOUT);
    } catch (error) {
      throw trouble ?? error;
    }
  }
  const archive = readdirSync(folder).find((entry) => entry.startsWith(`${name}_`) && entry.endsWith(".deb"));
  if (archive === undefined) throw new FileError(`apt-get download ${name}: it downloaded no package`);
  progress(`unpacking ${archive}`);
  const root = join(folder, "root");
  await run("dpkg-deb", ["-x", archive, root], UNPACK_TIMEOUT);
  return root;
}

/** Options that have apt keep its lists and its cache below `folder`. */
function privateState(folder: string): string[] {
  const state = join(folder, "apt-state");
  const cache = join(folder, "apt-cache");
  mkdirSync(join(state, "lists", "partial"), { recursive: true });
  mkdirSync(join(cache, "archives", "partial"), { recursive: true });
  // apt wants to know what is installed; for a download alone, nothing will do.
  writeFileSync(join(state, "status"), "");
  return [
    "-o",
    `Dir::State=${state}`,
    "-o",
    `Dir::State::status=${join(state, "status")}`,
    "-o",
    `Dir::State::lists=${join(state, "lists")}`,
    "-o",
    `Dir::Cache=${cache}`,
    "-o",
    `Dir::Cache::archives=${join(cache, "archives")}`,
    // Its helper user could not write here.
    "-o",
    "APT::Sandbox::User=root",
  ];
}
