/** The Lab on this machine: its page with Fashion-MNIST, folders of images, runs, and a training under way. */

import type { ListenedSignal } from "../base/web_types.ts";
import { labFiles } from "./lab_page.ts";
import { type LabServer, serveLabContent } from "./lab_server.ts";
import type { LiveTraining } from "./live_training.ts";
import { servedFolders } from "./served_folders.ts";
import { holdsRuns, isRunFolder } from "./served_runs.ts";

export type { LabServer } from "./lab_server.ts";
export { type LiveDescription, LiveTraining } from "./live_training.ts";

/** What `serveLab` takes. */
export interface LabOptions {
  /** Folders of images with a folder for each class, runs, and folders in which runs lie. */
  readonly folders?: readonly string[];
  /** A folder in which runs may lie; it need not be there. */
  readonly runs?: string;
  /** A training that is shown while it runs. */
  readonly live?: LiveTraining | null;
  /** Folders in which runs of trainings lie that have yet to begin: looked at again at each request. */
  readonly liveRuns?: readonly string[];
  /** Where Fashion-MNIST is looked for first. */
  readonly dataDir?: string | null;
  /** The page's folder; by default the package's. */
  readonly page?: string;
  /** 0: one that is free. */
  readonly port?: number;
  readonly signal?: ListenedSignal;
}

/** The port if none is named. */
export const LAB_PORT = 7070;

/** What the Lab was given to show. */
export interface RunningLab extends LabServer {
  readonly folders: readonly {
    readonly name: string;
    readonly classes: readonly string[];
    readonly count: number;
  }[];
}

/**
 * Serves the Lab to this machine.
 *
 * @throws FileError if the Lab was not built, or a folder holds neither images nor runs; ArgumentError for a port in use.
 */
export async function serveLab(options: LabOptions = {}): Promise<RunningLab> {
  const { folders: given = [], runs: runsFolder = "runs", live = null, dataDir = null, signal } = options;
  const runs = given.filter((folder) => isRunFolder(folder) || holdsRuns(folder));
  const folders = await servedFolders(given.filter((folder) => !runs.includes(folder)));
  const { liveRuns = [] } = options;
  const content = {
    page: labFiles(options.page),
    folders,
    runs: () => [...new Set([runsFolder, ...runs, ...liveRuns])],
    live,
    dataDir,
  };
  const server = await serveLabContent(content, {
    port: options.port ?? LAB_PORT,
    ...(signal !== undefined && { signal }),
  });
  return { ...server, folders };
}
