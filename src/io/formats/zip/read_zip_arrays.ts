/** Arrays in a zip archive: `torch.save`'s, or `numpy.savez`'s. */
import type { ByteSource } from "../byte_source.ts";
import { failureOf } from "../format_failure.ts";
import { isNpz, readNpz } from "../npy/npz.ts";
import { readPthArchive } from "../pth/read_pth.ts";
import { pthFolder } from "../pth/zip_form.ts";
import type { StoredArrays } from "../stored_arrays.ts";
import { ZipArchive } from "./zip_archive.ts";

/** @throws FileError for archives of anything else. */
export async function readZipArrays(
  source: ByteSource,
  name: string | undefined,
  key: string | undefined,
): Promise<StoredArrays> {
  const archive = await ZipArchive.open(source, failureOf("zip archive", name));
  const folder = pthFolder(archive);
  if (folder !== undefined) return readPthArchive(archive, folder, key, failureOf(".pth file", name));
  if (isNpz(archive)) return readNpz(archive, failureOf(".npz file", name));
  const { entries } = archive;
  const fail = failureOf("zip archive", name);
  if (entries.has("model.weights.h5"))
    throw fail(
      "it is a network of Keras",
      "in Python, save its arrays by name: numpy.savez(path, **{w.path: w.numpy() for w in model.weights})",
    );
  const inside = [...entries.keys()].find((one) => /\.(pth|pt|npz|npy|safetensors)$/i.test(one));
  throw fail(
    "it is neither PyTorch's (data.pkl) nor NumPy's (.npy files)",
    inside === undefined ? "expected a .pth or .npz file" : `unpack ${inside.slice(0, 80)} from it first`,
  );
}
