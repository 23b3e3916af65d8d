/** Wheels of the Python package index, which hold files that others published. Nothing of them is executed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface PublishedWheel {
  readonly project: string;
  readonly version: string;
  readonly sha256: string;
  /** Options of pip that choose one of a project's wheels. */
  readonly options?: readonly string[];
}

/** Whether the large wheels are fetched as well. */
export const allWheels = process.env.CONVOYANT_TEST_WHEELS === "all";

export const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The wheel's bytes, verified, from the index that pip is set up for; else why not. */
export function wheelBytes({ project, version, sha256, options = [] }: PublishedWheel): Uint8Array | string {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-wheel-"));
  try {
    const quiet = ["--disable-pip-version-check", "--quiet", "--retries=1"];
    const args = ["--no-deps", "--only-binary=:all:", ...quiet, ...options, "--dest", folder];
    const { status, stderr, error } = spawnSync(
      "python3",
      ["-m", "pip", "download", ...args, `${project}==${version}`],
      { encoding: "utf8", timeout: 60_000 },
    );
    if (error !== undefined || status !== 0)
      return `pip: ${error?.message ?? stderr.trim().split("\n").at(-1)}`;
    const bytes = readFileSync(join(folder, readdirSync(folder)[0]));
    assert.equal(hashOf(bytes), sha256);
    return bytes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
