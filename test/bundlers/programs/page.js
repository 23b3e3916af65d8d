import { trainLenet } from "./lenet.js";

trainLenet().then(
  (losses) => {
    globalThis.result = { losses };
  },
  (error) => {
    globalThis.result = { error: String(error.stack ?? error) };
  },
);
