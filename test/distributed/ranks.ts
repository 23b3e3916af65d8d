/** Runs small programs as ranks, by the mpirun of either library. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { Vendor } from "../../src/distributed/mpi/mpi_abi.ts";
import { findMpirun, type Mpirun, mpirunArguments } from "../../src/distributed/mpirun.ts";
import { packageUrl } from "../built_package.ts";

export const VENDORS: readonly Vendor[] = ["openmpi", "mpich"];

export interface RanksResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the ranks reported with `tell`, by rank. */
  readonly told: readonly any[];
}

const found = new Map<Vendor, Mpirun | string>();

/** Why ranks cannot be started here; false if they can. */
export function isMissing(vendor: Vendor): string | false {
  const known = find(vendor);
  return typeof known === "string" ? known : false;
}

function find(vendor: Vendor): Mpirun | string {
  let known = found.get(vendor);
  if (known === undefined) {
    try {
      known = findMpirun(vendor);
    } catch (error) {
      known = (error as Error).message;
    }
    found.set(vendor, known);
  }
  return known;
}

/** A folder for this file's tests, removed after the last. */
export const temporaryFolder = mkdtempSync(join(tmpdir(), "convoyant-ranks-"));
after(() => rmSync(temporaryFolder, { recursive: true, force: true }));

const LIMIT = process.env.CONVOYANT_TEST_RANK_STEPS === undefined ? 90_000 : 1_800_000;

let programs = 0;

/** The head of a rank's program: the package, and `tell(value)`, which reports to the test. */
const HEAD = `
import * as convoyant from "${packageUrl("index")}";
import * as distributed from "${packageUrl("distributed")}";
const { manualSeed, nn, optim, tensor, train, useEngine } = convoyant;
const tell = (value) => process.stdout.write("\\nTOLD " + JSON.stringify([distributed.rank(), value]) + "\\n");
`;

/** Writes a program for `node`. */
export function programOf(body: string): string {
  const path = join(temporaryFolder, `program-${programs++}.mjs`);
  writeFileSync(path, HEAD + body);
  return path;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program's text as ranks; kills all of it after a minute and a half, or more for many steps. */
export function runRanks(
  vendor: Vendor,
  ranks: number,
  body: string,
  options: RunOptions = {},
): Promise<RanksResult> {
  const mpirun = find(vendor) as Mpirun;
  const command = [process.execPath, programOf(body)];
  const started = { ranks, hosts: [], command, processors: 1, root: process.getuid?.() === 0 };
  return runProgram(mpirun.program, mpirunArguments(vendor, started), options);
}

/** The same in a process that was started alone. */
export function runAlone(body: string, options: RunOptions = {}): Promise<RanksResult> {
  return runProgram(process.execPath, [programOf(body)], options);
}

/** Runs any program, such as another mpirun. */
export function runProgram(
  program: string,
  args: readonly string[],
  { env = {} }: RunOptions = {},
): Promise<RanksResult> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT);
  return new Promise((resolve) => {
    child.on("close", (code) => {
      clearTimeout(limit);
      resolve({ code, stdout, stderr, told: toldIn(stdout) });
    });
  });
}

function toldIn(stdout: string): any[] {
  const told: any[] = [];
  for (const line of stdout.split("\n")) {
    if (!line.startsWith("TOLD ")) continue;
    const [rank, value] = JSON.parse(line.slice(5));
    told[rank] = value;
  }
  return told;
}
