/** State dicts in files. Node.js only. */
import { Tensor } from "../tensor/tensor.ts";
import { writeFileAtomic } from "./atomic_file.ts";
import { UNNAMED_ARRAY } from "./formats/stored_arrays.ts";
import { formatOfName } from "./formats/write_arrays.ts";
import { encodeStateDict, type TensorsByName } from "./state_dict_bytes.ts";

/**
 * Writes a state dict. The file appears whole or not at all.
 *
 * The ending of the path says the format: `.pth` and `.pt` PyTorch's, which `torch.load` reads; `.npz` NumPy's arrays by
 * name; `.npy` one array; anything else safetensors.
 *
 * @param stateDict - tensors by name; for `.npy` also a tensor.
 * @param metadata - texts for the header of safetensors.
 * @throws FileError if it cannot be written; ArgumentError for metadata in another format, and several arrays as `.npy`;
 *   DTypeError for bfloat16 as `.npz` or `.npy`.
 * @example
 * ```ts
 * await save(net.stateDict(), "lenet.safetensors");
 * await save(net.stateDict(), "lenet.pth");
 * await save(tensor([1, 2, 3]), "x.npy");
 * ```
 */
export async function save(
  stateDict: TensorsByName | Tensor,
  path: string,
  metadata: Record<string, string> = {},
): Promise<void> {
  const format = formatOfName(path);
  const named =
    stateDict instanceof Tensor && format === "npy"
      ? { [UNNAMED_ARRAY]: stateDict }
      : (stateDict as TensorsByName);
  await writeFileAtomic(path, await encodeStateDict(named, format, metadata, "save"));
}
