/** The archive that users install, packed once for each build: npm takes five seconds of a processor for it. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { readSource, root } from "./architecture/sources.ts";

/** What npm says of an archive. */
export interface PackedArchive {
  readonly path: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const packed = join(root, "build/packed");

/** What the archive is made from: the build, and the files beside it. */
function stamp(): string {
  const hash = createHash("sha256").update(readSource("build/.stamp.json"));
  const beside = (JSON.parse(readSource("package.json")).files as string[]).filter(
    (name) => !/^!?build\//.test(name),
  );
  for (const name of [
    ...beside,
    ...readdirSync(join(root, "bin")).map((file) => `bin/${file}`),
    "package.json",
  ]) {
    const { size, mtimeMs } = statSync(join(root, name));
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}

export function packedArchive(): PackedArchive {
  const folder = join(packed, stamp());
  if (!existsSync(folder)) pack(folder);
  const [{ filename, ...rest }] = JSON.parse(readFileSync(join(folder, "pack.json"), "utf8"));
  return { ...rest, path: join(folder, filename) };
}

function pack(folder: string): void {
  mkdirSync(packed, { recursive: true });
  const older = readdirSync(packed).filter((name) => !name.startsWith("half-"));
  const half = mkdtempSync(join(packed, "half-"));
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", half];
  const { status, stdout, stderr, error } = spawnSync("npm", args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm pack: ${status}\n${stdout}\n${stderr}\n${error ?? ""}`);
  writeFileSync(join(half, "pack.json"), stdout);
  // Another process may have been faster.
  if (existsSync(folder)) rmSync(half, { recursive: true });
  else renameSync(half, folder);
  for (const name of older.filter((name) => join(packed, name) !== folder))
    rmSync(join(packed, name), { recursive: true, force: true });
}
