/** `.pth` files in zip form, as `torch.save` writes a state dict; `torch.load(path, weights_only=True)` reads them. */
import type { DType } from "../../../base/dtype.ts";
import type { NamedArray } from "../../safetensors/safetensors.ts";
import { storedBytes } from "../../safetensors/safetensors_dtypes.ts";
import { denseStrides } from "../element_layout.ts";
import { PickleWriter } from "../pickle/pickle_writer.ts";
import { encodeZipPieces, type ZipContent } from "../zip/write_zip.ts";

const STORAGES: Readonly<Record<DType, string>> = {
  float64: "DoubleStorage",
  float32: "FloatStorage",
  float16: "HalfStorage",
  bfloat16: "BFloat16Storage",
  int64: "LongStorage",
  int32: "IntStorage",
  uint8: "ByteStorage",
  bool: "BoolStorage",
};

const FOLDER = "archive";

/**
 * A state dict as the pieces of a `.pth` file.
 *
 * @param metadata - PyTorch's `_metadata`: what it knows of each module, by its path.
 */
export function encodePthPieces(
  arrays: ReadonlyMap<string, NamedArray>,
  metadata: Readonly<Record<string, unknown>> = {},
): Uint8Array[] {
  const text = (content: string) => [new TextEncoder().encode(content)];
  const contents: ZipContent[] = [
    { name: `${FOLDER}/data.pkl`, pieces: [pickleOf(arrays, metadata)] },
    { name: `${FOLDER}/byteorder`, pieces: text("little") },
  ];
  let index = 0;
  for (const [name, { data, dtype }] of arrays)
    contents.push({ name: `${FOLDER}/data/${index++}`, pieces: [storedBytes(name, data, dtype)] });
  contents.push({ name: `${FOLDER}/version`, pieces: text("3\n") });
  return encodeZipPieces(contents);
}

function pickleOf(
  arrays: ReadonlyMap<string, NamedArray>,
  metadata: Readonly<Record<string, unknown>>,
): Uint8Array {
  const writer = new PickleWriter();
  writer.orderedDict(() => {
    let index = 0;
    for (const [name, { data, shape, dtype }] of arrays) {
      writer.text(name);
      writer.call("torch._utils", "_rebuild_tensor_v2", () => {
        writer.persistent(() => {
          writer.text("storage");
          writer.global("torch", STORAGES[dtype]);
          writer.text(String(index++));
          writer.text("cpu");
          writer.integer(data.length);
        });
        writer.integer(0);
        writer.integers(shape);
        writer.integers(denseStrides(shape));
        writer.boolean(false);
        writer.orderedDict(() => {});
      });
    }
  });
  const paths = Object.entries(metadata).filter(([, facts]) => typeof facts === "object" && facts !== null);
  if (paths.length > 0)
    writer.attributes(() => {
      writer.text("_metadata");
      writer.orderedDict(() => {
        for (const [path, facts] of paths) {
          writer.text(path);
          writer.plainDict(facts as Record<string, unknown>);
        }
      });
    });
  return writer.end();
}
