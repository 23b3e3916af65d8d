/** State dicts in safetensors files. Node.js only. */
import { writeSafetensors } from "./safetensors/safetensors_file.ts";
import { readArrays, type TensorsByName } from "./state_dict_bytes.ts";

/**
 * Writes a state dict. The file appears whole or not at all.
 *
 * @throws FileError if it cannot be written.
 * @example
 * ```ts
 * await save(net.stateDict(), "lenet.safetensors");
 * ```
 */
export async function save(
  stateDict: TensorsByName,
  path: string,
  metadata: Record<string, string> = {},
): Promise<void> {
  await writeSafetensors(path, await readArrays(stateDict), { format: "pt", ...metadata });
}
