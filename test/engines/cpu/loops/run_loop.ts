/** Runs one generated loop the way the engine does, with any number of pretend threads. */

import type { TypedArray } from "../../../../src/base/dtype.ts";
import { bytesOf, viewArray } from "../../../../src/base/dtype.ts";
import { numel } from "../../../../src/base/shape.ts";
import type { FusedLoop } from "../../../../src/engines/contract/fused_loop.ts";
import type { KernelExports } from "../../../../src/engines/cpu/kernel.ts";
import { fusedImports, fusedKernel, generateModule } from "../../../../src/engines/cpu/loops/fused_module.ts";

export interface PreparedLoop {
  run(inputs: readonly TypedArray[], threads: number): TypedArray[];
}

export function prepareLoop(
  loop: FusedLoop,
  options: { relaxed?: boolean; shared?: boolean } = {},
): PreparedLoop {
  const shared = options.shared === true;
  const { bytes, plans } = generateModule([loop], { shared, relaxed: options.relaxed === true });
  const module = new WebAssembly.Module(bytes);
  return {
    run(inputs, threads) {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared });
      const instance = new WebAssembly.Instance(module, fusedImports(memory));
      const kernel = fusedKernel(plans[0], instance.exports as unknown as KernelExports);
      let top = 64;
      const place = (size: number) => {
        const address = top;
        top += Math.ceil(size / 64) * 64 + 64;
        return address;
      };
      const inputAt = inputs.map((input) => place(input.byteLength));
      const lengths = loop.outputs.map((output) =>
        numel(output.kind === "store" ? loop.shape : loop.shape.filter((_, d) => !output.axes.includes(d))),
      );
      const outputAt = loop.outputs.map((output, o) => place(lengths[o] * bytesOf(output.dtype)));
      const scratch = place(kernel.scratchBytes);
      memory.grow(Math.ceil(top / 65536));
      new Uint8Array(memory.buffer).fill(0xa5);
      inputs.forEach((input, i) => {
        new Uint8Array(memory.buffer, inputAt[i], input.byteLength).set(
          new Uint8Array(input.buffer, input.byteOffset, input.byteLength),
        );
      });
      const addresses = { inputs: inputAt, outputs: outputAt, scratch, threadScratch: 0 };
      for (const stage of kernel.stages) {
        for (let t = threads - 1; t >= 0; t--) {
          const [begin, end] = [t, t + 1].map((k) => Math.floor((stage.units * k) / threads));
          stage.run({}, addresses, begin, end);
        }
      }
      checkGuards(memory, outputAt, lengths, loop);
      return loop.outputs.map((output, o) =>
        viewArray(output.dtype, memory.buffer, outputAt[o], lengths[o]).slice(),
      );
    },
  };
}

/** The bytes after each output are still what they were. */
function checkGuards(
  memory: WebAssembly.Memory,
  at: readonly number[],
  lengths: readonly number[],
  loop: FusedLoop,
): void {
  loop.outputs.forEach((output, o) => {
    const end = at[o] + lengths[o] * bytesOf(output.dtype);
    for (const byte of new Uint8Array(memory.buffer, end, 64)) {
      if (byte !== 0xa5) throw new Error(`output ${o} was written past its end`);
    }
  });
}
