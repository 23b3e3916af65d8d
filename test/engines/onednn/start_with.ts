/** Does what `npm start` does before a command, then prints the engine that would be used. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fastestEngine } from "../../../src/engines/select.ts";
import { installOnednn } from "../../../src/install/install_onednn.ts";
import { onednnAtStart } from "../../../src/install/onednn_at_start.ts";

const [, , how, ...args] = process.argv;

/** In place of a download: a library of this machine, copied. */
const copy = {
  title: "a copy",
  fetch: async (folder: string) => {
    const from = process.env.CONVOYANT_TEST_LIBRARY as string;
    const to = join(folder, /\.so\.3/.test(from) ? "libdnnl.so.3" : "libdnnl.so.2");
    copyFileSync(from, to);
    return to;
  },
};

await onednnAtStart(args, how === "copy" ? { install: () => installOnednn(() => {}, [copy]) } : {});
console.log(fastestEngine());
