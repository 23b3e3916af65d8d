/** Writes the parts of docs/architecture.md that are made from the code; where oneDNN is installed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { routesOf } from "../architecture/conv2d_route/route.ts";
import { opened, routeText } from "../architecture/conv2d_route/route_text.ts";
import { readSource, root } from "../architecture/sources.ts";
import { withBlock } from "./written_block.ts";

const { wasm, onednn } = routesOf(root, ["wasm", "onednn"]);
const counted = { opened: opened(onednn).length, executed: onednn.executed.length };
const page = withBlock(readSource("docs/architecture.md"), "conv2d-route", routeText(wasm, counted));
writeFileSync(join(root, "docs/architecture.md"), page);
