/** What a file is that does not begin as safetensors do, by its first bytes: its name says nothing. */
import type { ByteSource } from "./byte_source.ts";
import { beginsAsNpy } from "./npy/npy_header.ts";
import { beginsAsOnnx } from "./onnx/begins_as_onnx.ts";
import { beginsAsStream } from "./pth/stream_form.ts";

/** What is read, or what is not and why. */
export type Recognised =
  | "zip"
  | "npy"
  | "pth stream"
  | "safetensors"
  | { readonly what: string; readonly advice: string };

/** As much of a file as is looked at: the mark of a tar archive stands at byte 257. */
const HEAD_BYTES = 512;

const SAVE_STATE_DICT = "in Python, save its state dict: torch.save(model.state_dict(), path)";
const FROM_KERAS =
  "in Python, save its arrays by name: numpy.savez(path, **{w.path: w.numpy() for w in model.weights})";
const FROM_TENSORFLOW =
  "in Python, read it with tf.train.load_checkpoint and save its arrays by name: numpy.savez(path, **arrays)";
const FETCH_AGAIN = "check its address and fetch it again";

const text = (letters: string) => [...letters].map((letter) => letter.charCodeAt(0));

/** What begins with certain bytes at a certain place. */
const MARKS: readonly (readonly [at: number, bytes: readonly number[], what: string, advice: string])[] = [
  [
    257,
    text("ustar"),
    "it is a tar archive, as PyTorch wrote until 2016, which is not read",
    "load it with a PyTorch that still reads it and save it again: torch.save(torch.load(path), other)",
  ],
  [0, [0x89, ...text("HDF\r\n\x1a\n")], "it is HDF5, as Keras and h5py write it (.h5)", FROM_KERAS],
  [0, text("GGUF"), "it is GGUF, of llama.cpp", "use the weights in safetensors that it was made from"],
  [4, text("TFL3"), "it is a network of TensorFlow Lite", FROM_TENSORFLOW],
  [0, [0x1f, 0x8b], "it is gzipped", "unpack it first: gunzip"],
  [0, text("Rar!"), "it is a RAR archive", "unpack it first"],
  [0, [0x37, 0x7a, 0xbc, 0xaf], "it is a 7z archive", "unpack it first"],
  [0, text("version https://git-lfs"), "it is a pointer of Git LFS, not the file itself", "git lfs pull"],
  [0, text("%PDF"), "it is a PDF", FETCH_AGAIN],
  [0, [0x89, ...text("PNG")], "it is an image (PNG)", "data.readImage reads images"],
  [0, [0xff, 0xd8, 0xff], "it is an image (JPEG)", "data.readImage reads images"],
];

/** The end of TensorFlow's tables of checkpoints (`.index`). */
const TABLE_END = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/** Which reader a file is for. */
export async function recognise(source: ByteSource, name: string | undefined): Promise<Recognised> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size));
  if (head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5) && head[3] === head[2] + 1)
    return "zip";
  if (beginsAsNpy(head)) return "npy";
  if (beginsAsStream(head)) return "pth stream";
  return (
    (await otherFormat(source, head)) ??
    (name !== undefined && /\.safetensors$/i.test(name)
      ? "safetensors"
      : {
          what: source.size === 0 ? "it is empty" : "it is none of the formats that are read",
          advice: `expected safetensors, PyTorch's .pth, or NumPy's .npz or .npy${named(name)}`,
        })
  );
}

/** What the name makes likely, if the content says nothing. */
function named(name: string | undefined): string {
  if (name === undefined) return "";
  if (/\.data-\d+-of-\d+$|\.ckpt$|\.pb$/i.test(name)) return `; if it is TensorFlow's, ${FROM_TENSORFLOW}`;
  return "";
}

async function otherFormat(source: ByteSource, head: Uint8Array): Promise<Recognised | undefined> {
  for (const [at, bytes, what, advice] of MARKS)
    if (bytes.every((byte, i) => head[at + i] === byte)) return { what, advice };
  if (isPickle(head))
    return { what: "it is a pickle that torch.save did not write", advice: SAVE_STATE_DICT };
  if (beginsAsOnnx(head))
    return {
      what: "it is a network in ONNX",
      advice: "onnx.load reads it: (await onnx.load(source)).stateDict()",
    };
  const start = new TextDecoder().decode(head).trimStart();
  if (/^<(?:!doctype|html|\?xml)/i.test(start)) return { what: "it is a web page", advice: FETCH_AGAIN };
  const tail = await source.read(Math.max(0, source.size - 8), source.size);
  if (tail.length === 8 && TABLE_END.every((byte, i) => tail[i] === byte))
    return { what: "it is the index of a TensorFlow checkpoint", advice: FROM_TENSORFLOW };
  return undefined;
}

/** Protocols 2 to 5. */
function isPickle(head: Uint8Array): boolean {
  return head[0] === 0x80 && head[1] >= 2 && head[1] <= 5;
}
