/** Files of a Python package index by pip, or from where pip is set up to look. */
import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { FileError } from "../../base/errors.ts";
import { PYPI } from "./package_index.ts";
import type { Progress } from "./progress.ts";
import { runCommand } from "./run_command.ts";

const PIP_TIMEOUT = 180_000;

/**
 * Downloads a wheel through the index that pip is set up for and returns its path in `folder`. Nothing of it is
 * installed or executed.
 *
 * @throws FileError that says why it did not come.
 */
export async function downloadByPip(
  project: string,
  version: string,
  folder: string,
  progress: Progress,
): Promise<string> {
  progress(`asking pip for ${project} ${version}`);
  const what = [
    "--no-deps",
    "--only-binary=:all:",
    "--disable-pip-version-check",
    "--no-cache-dir",
    `--dest=${folder}`,
  ];
  const args = ["-m", "pip", "download", ...what, `${project}==${version}`];
  await runCommand("python3", args, { folder, milliseconds: PIP_TIMEOUT });
  const file = readdirSync(folder).find((name) => name.endsWith(".whl"));
  if (file === undefined) throw new FileError("pip downloaded no wheel");
  return join(folder, file);
}

/**
 * The index that pip would ask: `PIP_INDEX_URL`, else `index-url` of pip's configuration files, else PyPI; null if pip
 * is told to ask none.
 */
export function pipIndex(env: NodeJS.ProcessEnv = process.env): string | null {
  const settings = { ...pipConfiguration(env) };
  for (const [name, key] of Object.entries({ PIP_INDEX_URL: "index-url", PIP_NO_INDEX: "no-index" })) {
    const given = env[name];
    if (given !== undefined && given !== "") settings[key] = given;
  }
  if (/^(1|true|yes|on)$/i.test(settings["no-index"] ?? "")) return null;
  return settings["index-url"] ?? PYPI;
}

/** Settings for `pip download` of the files that pip reads; of two the later counts. */
function pipConfiguration(env: NodeJS.ProcessEnv): Record<string, string> {
  const home = homedir();
  const files = [
    "/etc/xdg/pip/pip.conf",
    "/etc/pip.conf",
    join(home, ".pip", "pip.conf"),
    join(env.XDG_CONFIG_HOME || join(home, ".config"), "pip", "pip.conf"),
    ...(env.VIRTUAL_ENV ? [join(env.VIRTUAL_ENV, "pip.conf")] : []),
    ...(env.PIP_CONFIG_FILE ? [env.PIP_CONFIG_FILE] : []),
  ];
  const found: Record<string, Record<string, string>> = { global: {}, download: {} };
  // PIP_CONFIG_FILE=/dev/null: none at all.
  if (env.PIP_CONFIG_FILE === "/dev/null") return {};
  for (const file of files) {
    let section = "";
    for (const line of textOf(file).split(/\r?\n/)) {
      section = /^\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
      const pair = /^([\w-]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
      if (pair !== null && Object.hasOwn(found, section))
        found[section][pair[1].toLowerCase().replaceAll("_", "-")] = pair[2];
    }
  }
  return { ...found.global, ...found.download };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // There need not be one.
    return "";
  }
}
