/** Writes what of docs/architecture.md is made from the code: the diagrams, and the count, which needs oneDNN installed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { routesOf } from "../architecture/conv2d_route/route.ts";
import { opened, routeText } from "../architecture/conv2d_route/route_text.ts";
import { diagrams } from "../architecture/diagrams/diagrams.ts";
import { readSource, root } from "../architecture/sources.ts";
import { withBlock } from "./written_block.ts";

for (const [name, drawn] of Object.entries(await diagrams())) {
  writeFileSync(join(root, "docs/diagrams", `${name}.svg`), drawn);
}
const { wasm, onednn } = routesOf(root, ["wasm", "onednn"]);
const counted = { opened: opened(onednn).length, executed: onednn.executed.length };
const page = withBlock(readSource("docs/architecture.md"), "conv2d-route", routeText(wasm, counted));
writeFileSync(join(root, "docs/architecture.md"), page);
// The engine that drew the step has a worker.
process.exit(0);
