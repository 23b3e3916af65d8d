/**
 * Whether native code may be loaded. It runs with all rights of the user, so, as ssh does with keys, a file is used only
 * if no other user can have changed it; one that `convoyant engine install` brought must be the one that it brought.
 */
import type { BigIntStats } from "node:fs";
import { EngineError } from "../../../base/errors.ts";

/** The library is here, and is not loaded. */
export class UntrustedLibraryError extends EngineError {}

/** What the installation wrote down about a library. */
export interface LibraryRecord {
  readonly bytes: number;
  readonly sha256: string;
  /** Of the file that had this hash: while it is the same, the hash is not computed again. */
  readonly identity: string;
}

const WRITABLE_BY_GROUP = 0o020n;
const WRITABLE_BY_OTHERS = 0o002n;
const STICKY = 0o1000n;

const INSTALL = "`npx convoyant engine install onednn` installs it again";

/** The file beside a library that describes it. */
export function recordPath(library: string): string {
  return `${library}.record.json`;
}

/** @throws Error of the file system if the library cannot be read. */
export function recordOf(library: string): LibraryRecord {
  const fs = process.getBuiltinModule("node:fs");
  const { createHash } = process.getBuiltinModule("node:crypto");
  // Looked at before: a file that changes meanwhile has another identity.
  const stats = fs.statSync(library, { bigint: true });
  const bytes = fs.readFileSync(library);
  return {
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    identity: identityOf(stats),
  };
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/**
 * Checks who can write a library and the folders above it.
 *
 * @param cache - the folder of the cache if the library was installed there: of the folders above it only those below the
 *   cache are ours to judge.
 * @throws UntrustedLibraryError that says which file or folder, and what to do.
 */
export function requireOwn(library: string, cache?: string): void {
  const { dirname, resolve } = process.getBuiltinModule("node:path");
  const fs = process.getBuiltinModule("node:fs");
  if (process.getuid === undefined || !fs.existsSync(library)) return;
  const real = fs.realpathSync(library);
  // If it is a link, who can exchange the link decides too.
  const folder = dirname(resolve(library));
  const near = [real, dirname(real), folder];
  for (const path of [real, folder]) {
    let here = path;
    while (here !== dirname(here) && here !== cache) {
      const strict = cache !== undefined || near.includes(here);
      requireNoOthers(library, here, fs.statSync(here, { bigint: true }), strict);
      here = dirname(here);
    }
  }
}

/** @param strict - whether the group counts as others. */
function requireNoOthers(library: string, path: string, stats: BigIntStats, strict: boolean): void {
  const { uid, mode } = stats;
  const refuse = (what: string, cure: string) => {
    throw new UntrustedLibraryError(`oneDNN is not loaded from ${library}: ${path} ${what}; ${cure}`);
  };
  const own = process.getuid?.() ?? 0;
  if (uid !== 0n && uid !== BigInt(own))
    refuse(
      `belongs to another user (${uid})`,
      `take a copy of your own, or \`chown ${own} ${path}\` if it is yours`,
    );
  // In a sticky folder such as /tmp others cannot replace what is ours.
  if (stats.isDirectory() && (mode & STICKY) !== 0n) return;
  const writable = strict ? WRITABLE_BY_GROUP | WRITABLE_BY_OTHERS : WRITABLE_BY_OTHERS;
  if ((mode & writable) !== 0n) refuse("can be written by other users", `\`chmod go-w ${path}\` ends that`);
}

/**
 * Checks that an installed library is the file that was installed.
 *
 * @throws UntrustedLibraryError that names the file and the command that installs it again.
 */
export function requireInstalled(library: string): void {
  const fs = process.getBuiltinModule("node:fs");
  const stats = fs.statSync(library, { bigint: true });
  const refuse = (what: string): never => {
    throw new UntrustedLibraryError(`oneDNN is not loaded: ${library} ${what}; ${INSTALL}`);
  };
  const record = readRecord(library) ?? refuse("has no record of its installation beside it");
  if (record.identity === identityOf(stats)) return;
  if (BigInt(record.bytes) !== stats.size)
    refuse(`is not the file that was installed: it has ${stats.size} bytes, not ${record.bytes}`);
  const found = recordOf(library);
  if (found.sha256 !== record.sha256)
    refuse(`is not the file that was installed: its SHA-256 is ${found.sha256}, not ${record.sha256}`);
  remember(library, found);
}

/** Most of what a record may have. */
const MOST_BYTES = 4096;

function readRecord(library: string): LibraryRecord | null {
  const fs = process.getBuiltinModule("node:fs");
  const path = recordPath(library);
  try {
    const stats = fs.statSync(path);
    if (!stats.isFile() || stats.size > MOST_BYTES) return null;
    const { bytes, sha256, identity } = JSON.parse(fs.readFileSync(path, "utf8"));
    const valid = Number.isSafeInteger(bytes) && typeof sha256 === "string" && typeof identity === "string";
    return valid ? { bytes, sha256, identity } : null;
  } catch {
    return null;
  }
}

/** A file that was moved or copied with its record need not be hashed at every start. */
function remember(library: string, record: LibraryRecord): void {
  const fs = process.getBuiltinModule("node:fs");
  const { basename, dirname, join } = process.getBuiltinModule("node:path");
  const { randomBytes } = process.getBuiltinModule("node:crypto");
  const name = `.${basename(recordPath(library))}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`;
  const temporary = join(dirname(library), name);
  try {
    fs.writeFileSync(temporary, `${JSON.stringify(record)}\n`, { mode: 0o644 });
    fs.renameSync(temporary, recordPath(library));
  } catch {
    fs.rmSync(temporary, { force: true });
  }
}
