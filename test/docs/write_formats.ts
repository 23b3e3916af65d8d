/** Writes the table of docs/formats.md that is made from the code. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSource, root } from "../architecture/sources.ts";
import { operatorsTable } from "./onnx_operators.ts";
import { withBlock } from "./written_block.ts";

const page = "docs/formats.md";
writeFileSync(join(root, page), withBlock(readSource(page), "onnx-operators", operatorsTable()));
