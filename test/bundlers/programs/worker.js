// A worker of an edge runtime, without threads and without WebAssembly from bytes.
import { ones, useEngine } from "convoyant";
import { trainLenet } from "./lenet.js";

const problemOf = (body) =>
  Promise.resolve()
    .then(body)
    .then(
      () => null,
      (error) => `${error.name}: ${error.message}`,
    );

export default {
  async fetch() {
    const withoutEngine = await problemOf(() => ones(2).sum().item());
    const losses = await trainLenet("reference");
    const wasm = await problemOf(() => useEngine("wasm"));
    const onednn = await problemOf(() => useEngine("onednn"));
    return Response.json({ losses, withoutEngine, wasm, onednn });
  },
};
