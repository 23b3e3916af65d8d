/** Where `engine install onednn` gets the library from, and how it is taken out: nothing of an archive is run. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { unzipSync } from "fflate";
import { EngineError } from "../base/errors.ts";
import { OPENMP_RUNTIME } from "../engines/onednn/library/load_dnnl.ts";
import { writeFileAtomicSync } from "../io/atomic_file.ts";
import { fetchPackage } from "../io/fetch/apt_source.ts";
import { downloadByPip } from "../io/fetch/pip_source.ts";
import type { Progress } from "../io/fetch/progress.ts";
import { readRegularFile } from "../io/regular_file.ts";
import { openWorkFolder } from "../io/work_folder.ts";

/** One wheel and the library inside it, by their hashes. */
export interface Wheel {
  readonly project: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
  /** Path of the library inside the archive, and its hash. */
  readonly member: string;
  readonly memberSha256: string;
  /** The name under which it is kept. */
  readonly library: string;
}

/** oneDNN 3.2 with the OpenMP run-time of GCC. */
export const WHEEL: Wheel = {
  project: "onednn-cpu-gomp",
  version: "2023.2.0",
  file: "onednn_cpu_gomp-2023.2.0-py2.py3-none-manylinux1_x86_64.whl",
  sha256: "2f22a54d6a890ed14bfa185d42a4be65d8b5b1df85dc1f0f3a9abe31620416fb",
  member: "onednn_cpu_gomp-2023.2.0.data/data/lib/libdnnl.so.3",
  memberSha256: "e6376208cf6bacb041c346b504207e3aa1189a13f941c92a4383a55ac27058ae",
  library: "libdnnl.so.3",
};

/** The distribution's package, with generation 2 of the interface. */
export const PACKAGE = { name: "libdnnl2", library: "libdnnl.so.2" };

/** The wheel has a third of this. */
const MOST_WHEEL_BYTES = 256 * 2 ** 20;

/** One way to the library: puts it into `folder` and returns its path. */
export interface LibrarySource {
  readonly title: string;
  fetch(folder: string, progress: Progress): Promise<string>;
}

export function librarySources(wheel: Wheel = WHEEL): LibrarySource[] {
  const fetchWheel = (how: (work: string, progress: Progress) => Promise<Uint8Array>) => {
    return async (folder: string, progress: Progress) => {
      if (process.platform !== "linux" || process.arch !== "x64") {
        throw new EngineError(
          `the wheel is for Linux on x86-64; this is ${process.platform} on ${process.arch}`,
        );
      }
      return inWorkFolder(folder, async (work) => takeFromWheel(await how(work, progress), folder, wheel));
    };
  };
  return [
    {
      title: `pip download ${wheel.project}`,
      fetch: fetchWheel((work, progress) => byPip(work, progress, wheel)),
    },
    { title: `apt-get download ${PACKAGE.name}`, fetch: fromPackage },
  ];
}

/**
 * Takes the library out of a wheel, verified, and puts it into `folder`.
 *
 * @throws EngineError if the archive or what is in it is not what it should be; nothing is written then.
 */
export function takeFromWheel(archive: Uint8Array, folder: string, wheel: Wheel = WHEEL): string {
  requireHash(wheel.file, archive, wheel.sha256);
  const entry = unzipSync(archive, { filter: ({ name }) => name === wheel.member })[wheel.member];
  if (entry === undefined) throw new EngineError(`${wheel.file} holds no ${wheel.member}`);
  requireHash(wheel.member, entry, wheel.memberSha256);
  const path = join(folder, wheel.library);
  writeFileAtomicSync(path, entry);
  return path;
}

function requireHash(what: string, bytes: Uint8Array, expected: string): void {
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === expected) return;
  throw new EngineError(
    `${what} is not the file that was expected: its SHA-256 is ${found}, expected ${expected}; nothing was installed`,
  );
}

async function byPip(work: string, progress: Progress, { project, version }: Wheel): Promise<Uint8Array> {
  return readRegularFile(await downloadByPip(project, version, work, progress), MOST_WHEEL_BYTES);
}

/** From the distribution's mirror, whose signatures apt checks. */
async function fromPackage(folder: string, progress: Progress): Promise<string> {
  const to = join(folder, PACKAGE.library);
  await fetchLibrary(PACKAGE.name, PACKAGE.library, folder, progress);
  return to;
}

/** Takes one library out of a package of the distribution. */
export async function fetchLibrary(
  name: string,
  library: string,
  folder: string,
  progress: Progress,
): Promise<void> {
  await inWorkFolder(folder, async (work) => {
    const root = await fetchPackage(name, work, progress);
    const found = ["usr/lib", "lib"]
      .map((place) => join(root, place))
      .filter((place) => existsSync(place))
      .flatMap((place) => [place, ...readdirSync(place).map((triplet) => join(place, triplet))])
      .map((place) => join(place, library))
      .find((path) => existsSync(path));
    if (found === undefined) throw new EngineError(`${library} is not in the package ${name}`);
    // A link may lead anywhere on this machine.
    const whole = realpathSync(found);
    if (!whole.startsWith(realpathSync(root) + sep) || !statSync(whole).isFile())
      throw new EngineError(`${library} of the package ${name} is not a file of the package`);
    writeFileAtomicSync(join(folder, library), readFileSync(whole));
  });
}

/** The OpenMP run-time, for machines without it. */
export function fetchRuntime(folder: string, progress: Progress): Promise<void> {
  return fetchLibrary("libgomp1", OPENMP_RUNTIME, folder, progress);
}

async function inWorkFolder<T>(folder: string, body: (work: string) => Promise<T>): Promise<T> {
  const { path, close } = openWorkFolder(folder);
  try {
    return await body(path);
  } finally {
    close();
  }
}
