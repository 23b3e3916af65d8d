/** docs/compatibility.md: every op and how each engine runs it, from the ops' definitions and the engines' lists. */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PLANNERS as NATIVE_PLANNERS } from "../../src/engines/onednn/onednn_worker_kernels.ts";
import { REFERENCE_KERNELS } from "../../src/engines/reference/kernels.ts";
import { PLANNERS } from "../../src/engines/wasm/kernels/registry.ts";
import type { OpDefinition } from "../../src/graph/node.ts";
import { onnxRule } from "../../src/ops/onnx/table.ts";
import { root, typescriptFiles } from "../architecture/sources.ts";

const introduction = `# Ops and engines

Written by \`node build/test/docs/write_compatibility.js\`; a test compares it with the ops' definitions.

- **kernel**: written for this op. On \`reference\` that is the op's readable definition in plain TypeScript; on \`wasm\`, SIMD code in AssemblyScript; on \`onednn\`, a primitive of the library.
- **loop**: part of a loop that is generated for the program, often with the ops before and after it.
- **ops**: made of other ops, which run as this table says.
- **reference**: the reference engine's kernel, on this engine's memory.
- **none**: nothing is computed.

The column ONNX: **yes** if \`onnx.export\` has a conversion, **ops** if it writes the ops that the op is made of; nothing if it refuses the op.

If a kernel does not cover a shape or dtype, the next of these takes its place. The \`onednn\` engine runs on the \`wasm\` engine's memory and differs from it only where its column says *kernel*. Ops whose names end in \`Gradient\` are made by backward passes. Every op runs on every engine.
`;

/** Every op definition that a file of src/ops exports, by file. */
async function definedOps(): Promise<Map<string, OpDefinition[]>> {
  const found = new Map<string, OpDefinition[]>();
  // A family passes on what it shares with others; an op stands where it is defined: `core.ts` comes first.
  const seen = new Set<OpDefinition>();
  for (const file of typescriptFiles("src/ops")) {
    const built = join(root, "build", file.replace(/\.ts$/, ".js"));
    const exported = Object.values(await import(pathToFileURL(built).href));
    const ops = exported.filter(
      (one): one is OpDefinition =>
        typeof (one as OpDefinition)?.infer === "function" &&
        "name" in (one as object) &&
        !seen.has(one as OpDefinition),
    );
    for (const op of ops) seen.add(op);
    if (ops.length > 0) found.set(file.slice("src/ops/".length, -".ts".length), ops);
  }
  return found;
}

function onReference(op: OpDefinition): string {
  if (op.alias) return "none";
  return Object.hasOwn(REFERENCE_KERNELS, op.name) ? "kernel" : "ops";
}

function onWasm(op: OpDefinition): string {
  if (op.alias) return "none";
  if (Object.hasOwn(PLANNERS, op.name)) return "kernel";
  const inLoops = op.elementwise !== undefined || op.reduction !== undefined;
  if (inLoops || ["full", "expand"].includes(op.name)) return "loop";
  return op.decompose === undefined ? "reference" : "ops";
}

function onOnednn(op: OpDefinition): string {
  return Object.hasOwn(NATIVE_PLANNERS, op.name) ? "kernel" : onWasm(op);
}

/** Whether `onnx.export` writes the op. */
function inOnnx({ name, decompose }: OpDefinition): string {
  const rule = onnxRule(name) ?? (decompose === undefined ? undefined : "decompose");
  if (rule === "decompose") return "ops";
  return typeof rule === "function" ? "yes" : "";
}

/** The page's text. */
export async function compatibilityPage(): Promise<string> {
  const sections = [introduction];
  for (const [file, ops] of await definedOps()) {
    const rows = ops
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((op) => {
        const gradient = op.gradient === undefined ? "" : "yes";
        return `| ${op.name} | ${gradient} | ${onReference(op)} | ${onWasm(op)} | ${onOnednn(op)} | ${inOnnx(op)} |`;
      });
    const title = file.slice(file.lastIndexOf("/") + 1).replaceAll("_", " ");
    const head = "| op | gradient | reference | wasm | onednn | ONNX |\n|---|---|---|---|---|---|";
    sections.push(`## ${title[0].toUpperCase()}${title.slice(1)}\n\n${head}\n${rows.join("\n")}\n`);
  }
  return sections.join("\n");
}
