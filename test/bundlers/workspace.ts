/** The packed archive and the tools that it is tried in, in a folder of the cache. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { readSource, root } from "../architecture/sources.ts";
import { packedArchive } from "../packed_archive.ts";

const tools: any = await import(new URL("../../../scripts/test_tools.mjs", import.meta.url).href);
const sources = join(root, "test/bundlers");

/** The workspace's folder; or why there is none. */
export function openWorkspace(): { folder: string } | { missing: string } {
  return tools.openTools();
}

/** An empty project below the workspace that has installed the packed archive; and what the archive weighs. */
export interface Project {
  readonly folder: string;
  readonly archive: string;
  /** A module of the workspace's tools. */
  tool(path: string): Promise<any>;
  close(): void;
}

export function makeProject(workspace: string): Project {
  const folder = mkdtempSync(join(workspace, "project-"));
  const installed = join(folder, "node_modules/convoyant");
  mkdirSync(installed, { recursive: true });
  const { path: archive } = packedArchive();
  run("tar", ["-xzf", archive, "--strip-components=1", "-C", installed], folder);
  for (const name of Object.keys(JSON.parse(readSource("package.json")).dependencies)) {
    cpSync(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
  }
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "project", type: "module", private: true }),
  );
  cpSync(join(sources, "programs"), folder, { recursive: true });
  return {
    folder,
    archive,
    tool: (path) => import(pathToFileURL(join(workspace, "node_modules", path)).href),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Runs a program; throws with its output if it does not end with 0. */
export function run(program: string, args: readonly string[], cwd: string, env = {}): string {
  const options = { cwd, encoding: "utf8", env: { ...process.env, ...env }, timeout: 120_000 } as const;
  const { status, stdout, stderr, error } = spawnSync(program, args, options);
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(" ")}: ${status}\n${stdout}\n${stderr}\n${error ?? ""}`);
}

/** Bytes of the scripts in a folder, gzipped one by one, by name. */
export function gzippedScripts(folder: string): Map<string, number> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.m?js$/.test(name),
  );
  return new Map(
    names.map((name) => [name, gzipSync(readFileSync(join(folder, name)), { level: 9 }).length]),
  );
}
