// TensorFlow.js keeps its WebAssembly threads to browsers: it makes each worker from a Blob's URL, which Node's
// worker threads do not take. Here the blobs' texts become files, so that it gets the threads it would have
// in a page.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os, { tmpdir } from "node:os";
import { join } from "node:path";

/** What the worker's script lacks when it is not a page's: the main script's place, and names its bundle gave. */
const preludeFor = (mainScript) => `
URL.createObjectURL = () => ${JSON.stringify(mainScript)};
globalThis.commonjsGlobal = globalThis;
globalThis.require$$0 = require("fs");
globalThis.require$$1 = require("path");
globalThis.require$$3 = require("perf_hooks");
globalThis.require$$4 = require("os");
`;

/** Call before the backend starts. The files are gone when the process ends. */
export function provideThreads(threads) {
  // It never takes more than half of the processors it counts.
  const processors = [...os.cpus(), ...os.cpus()].slice(0, 2 * threads);
  os.cpus = () => processors;
  const folder = mkdtempSync(join(tmpdir(), "convoyant-tfjs-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const mainScript = join(folder, "main.js");
  const texts = new WeakMap();

  globalThis.Blob = class extends Blob {
    constructor(parts, options) {
      super(parts, options);
      const text = parts.join("");
      texts.set(this, text);
      if (text.startsWith("var WasmBackendModule")) writeFileSync(mainScript, text);
    }
  };
  URL.createObjectURL = (blob) => {
    const path = join(folder, "worker.js");
    writeFileSync(path, preludeFor(mainScript) + texts.get(blob));
    return path;
  };
}
