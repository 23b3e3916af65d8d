/** What the Lab's server answers: the page, Fashion-MNIST of this machine, folders, runs, a training under way. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { locateFiles } from "../data/dataset_registry.ts";
import { FASHION_MNIST_SOURCE } from "../data/mnist_format.ts";
import type { LiveTraining } from "./live_training.ts";
import type { ServedFolder } from "./served_folders.ts";
import { listedRuns, runsIn, runZip } from "./served_runs.ts";

/** An answer: a file, bytes, or events as long as the page listens. */
export type LabAnswer =
  | { readonly kind: "file"; readonly path: string; readonly type: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array | string; readonly type: string }
  | { readonly kind: "events"; readonly training: LiveTraining };

/** What there is to show. */
export interface LabContent {
  readonly page: ReadonlyMap<string, string>;
  readonly folders: readonly ServedFolder[];
  /** Folders in which runs lie. */
  readonly runs: () => readonly string[];
  readonly live: LiveTraining | null;
  readonly dataDir: string | null;
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  wasm: "application/wasm",
};

const typeOf = (name: string): string =>
  TYPES[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";

const json = (value: unknown): LabAnswer => ({
  kind: "bytes",
  bytes: JSON.stringify(value),
  type: TYPES.json,
});

export class LabSite {
  readonly #content: LabContent;
  #dataFolder: Promise<string | null> | null = null;

  constructor(content: LabContent) {
    this.#content = content;
  }

  /** The answer for a path, decoded, without the slash before it; null if there is none. */
  async answer(path: string): Promise<LabAnswer | null> {
    const { page, folders, runs, live } = this.#content;
    // A static host has one that lists nothing.
    if (path === "lab.json")
      return json({
        folders: folders.map(({ name, classes, count }) => ({ name, classes, count })),
        runs: listedRuns(runsIn(runs())),
        live: live === null ? null : "lab/live",
      });
    const file = page.get(path === "" ? "index.html" : path);
    if (file !== undefined) return { kind: "file", path: file, type: typeOf(file) };
    if (path === "lab/live") return live === null ? null : { kind: "events", training: live };
    const [, run] = /^lab\/runs\/([^/]+)\.zip$/.exec(path) ?? [];
    if (run !== undefined) return this.#run(run);
    const [, folder, image] = /^lab\/folders\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (folder !== undefined) return this.#ofFolder(folder, image);
    const [, dataFile] = /^data\/([\w-]+)$/.exec(path) ?? [];
    return dataFile === undefined ? null : this.#ofDataset(dataFile);
  }

  #run(name: string): LabAnswer | null {
    const run = runsIn(this.#content.runs()).get(name);
    return run === undefined ? null : { kind: "bytes", bytes: runZip(name, run), type: "application/zip" };
  }

  #ofFolder(name: string, path: string): LabAnswer | null {
    const folder = this.#content.folders.find((one) => one.name === name);
    if (folder === undefined) return null;
    if (path === "index.json")
      return json({ classes: folder.classes.map((name, i) => ({ name, files: folder.files[i] })) });
    const file = folder.paths.get(path);
    return file === undefined ? null : { kind: "file", path: file, type: "application/octet-stream" };
  }

  /** A file of Fashion-MNIST, if this machine has the data set. */
  async #ofDataset(name: string): Promise<LabAnswer | null> {
    const { train, test } = FASHION_MNIST_SOURCE;
    if (![train, test].some(({ images, labels }) => images.name === name || labels.name === name))
      return null;
    const { dataDir } = this.#content;
    this.#dataFolder ??= locateFiles(FASHION_MNIST_SOURCE, {
      train: false,
      download: false,
      ...(dataDir !== null && { dataDir }),
    }).then(
      ({ folder }) => folder,
      () => null,
    );
    const folder = await this.#dataFolder;
    if (folder === null) return null;
    const found = [name, `${name}.gz`].map((file) => join(folder, file)).find((file) => existsSync(file));
    // The page unpacks what is packed.
    return found === undefined ? null : { kind: "file", path: found, type: "application/octet-stream" };
  }
}
