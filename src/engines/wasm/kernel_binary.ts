/** Finds and compiles the binary of the AssemblyScript kernels that suits this machine. */
import { EngineError } from "../../base/errors.ts";
import { inNode } from "../../workers/worker_port.ts";
import { ModuleBuilder } from "../cpu/loops/emitter.ts";

/** Whether this run-time has fixed-width SIMD, and whether it has relaxed SIMD (fused multiply-add). */
export function simdSupport(): { simd: boolean; relaxed: boolean } {
  return { simd: validates(false), relaxed: validates(true) };
}

function validates(relaxed: boolean): boolean {
  const module = new ModuleBuilder({ shared: false });
  module.defineFunction(["v128"], ["v128"], (f) => {
    const [x] = f.params;
    f.get(x).get(x);
    if (relaxed) f.get(x).simd("f32x4.relaxed_madd");
    else f.simd("f32x4.add");
  });
  return WebAssembly.validate(module.finish());
}

/** Compiles the kernels; `shared` for a memory that threads share. */
export async function loadKernels(relaxed: boolean, shared: boolean): Promise<WebAssembly.Module> {
  const url = binaryUrl(relaxed, shared);
  try {
    const bytes = inNode() && url.protocol === "file:" ? await readLocal(url) : await fetchBytes(url);
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new EngineError(`wasm: the kernels cannot be loaded from ${url.href}: ${(error as Error).message}`);
  }
}

/** The kernels for a memory of one thread, at once: in Node.js, where the file is at hand. */
export function loadKernelsNow(relaxed: boolean): WebAssembly.Module {
  const { readFileSync } = process.getBuiltinModule("node:fs");
  return new WebAssembly.Module(readFileSync(binaryUrl(relaxed, false)));
}

/** Four literal URLs, so that bundlers find the files. */
function binaryUrl(relaxed: boolean, shared: boolean): URL {
  if (relaxed && shared) return new URL("./kernels.relaxed.shared.wasm", import.meta.url);
  if (relaxed) return new URL("./kernels.relaxed.single.wasm", import.meta.url);
  if (shared) return new URL("./kernels.simd.shared.wasm", import.meta.url);
  return new URL("./kernels.simd.single.wasm", import.meta.url);
}

async function readLocal(url: URL): Promise<BufferSource> {
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(url);
  } catch (error) {
    // Run from the sources: the binaries are in the build.
    const built = new URL(url.href.replace(/\/src\/engines\/wasm\/([^/]+)$/, "/build/src/engines/wasm/$1"));
    if (built.href === url.href || url.href.includes("/build/")) throw error;
    return readFile(built);
  }
}

async function fetchBytes(url: URL): Promise<BufferSource> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.arrayBuffer();
}
