// A browser's Worker for a library that starts its threads only if there is one. jax-js makes a Worker from
// a blob's URL; Node's own worker threads take the same source with three names put in front of it.
import { resolveObjectURL } from "node:buffer";
import { Worker as NodeWorker } from "node:worker_threads";

const prelude = `
const { parentPort } = require("node:worker_threads");
const self = globalThis;
const postMessage = (message) => parentPort.postMessage(message);
parentPort.on("message", (data) => self.onmessage({ data }));
`;

class Worker {
  onmessage = () => {};
  onerror = () => {};
  #waiting = [];
  #worker;

  constructor(url) {
    const blob = resolveObjectURL(url);
    blob.text().then((source) => {
      this.#worker = new NodeWorker(prelude + source, { eval: true });
      this.#worker.unref();
      this.#worker.on("message", (data) => this.onmessage({ data }));
      this.#worker.on("error", (error) => this.onerror(error));
      for (const message of this.#waiting) this.#worker.postMessage(message);
    });
  }

  postMessage(message) {
    if (this.#worker) this.#worker.postMessage(message);
    else this.#waiting.push(message);
  }
}

/** Gives this process a Worker and says how many of them to start. */
export function provideWorkers(threads) {
  globalThis.Worker = Worker;
  Object.defineProperty(globalThis, "navigator", {
    value: { hardwareConcurrency: threads },
    configurable: true,
  });
}
