/** The files of the page that a server has, made when the first of them is asked for. */
import type { Outgoing } from "./http/exchange.ts";
import type { ServedFiles } from "./serve_options.ts";
import type { ServedClassifier } from "./served_classifier.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  wasm: "application/wasm",
};

export class PageFiles {
  readonly #make: (classifier: ServedClassifier) => Promise<ServedFiles> | ServedFiles;
  #of: ServedClassifier | null = null;
  #files: Promise<ServedFiles> = Promise.resolve(new Map());

  constructor(make: (classifier: ServedClassifier) => Promise<ServedFiles> | ServedFiles) {
    this.#make = make;
  }

  /** The file at a path of a classifier's page; undefined if there is none. */
  async answer(path: string, classifier: ServedClassifier): Promise<Outgoing | undefined> {
    if (this.#of !== classifier) {
      this.#of = classifier;
      this.#files = (async () => this.#make(classifier))();
      // What fails is made again for the next request.
      this.#files.catch(() => {
        if (this.#of === classifier) this.#of = null;
      });
    }
    const name = path === "/" ? "index.html" : path.slice(1);
    const body = (await this.#files).get(name);
    if (body === undefined) return undefined;
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    return { status: 200, headers: { "content-type": type, "cache-control": "no-cache" }, body };
  }
}
