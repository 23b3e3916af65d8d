/** The zip form of `.pth` files (PyTorch 1.6 and newer): `data.pkl` beside an entry for each storage. */
import type { Failure } from "../format_failure.ts";
import { PickleCutShort } from "../pickle/pickle_bytes.ts";
import { readPickle } from "../pickle/pickle_reader.ts";
import type { ZipArchive } from "../zip/zip_archive.ts";
import { noteStorage, type PickledStorage } from "./pickled_tensor.ts";
import type { PthContent } from "./pth_content.ts";
import { storageOf, torchNames } from "./torch_names.ts";

/** A pickle of 65,536 tensors has 13 MB. */
export const MOST_PICKLE_BYTES = 32 * 2 ** 20;

/** The folder that everything lies in, if the archive is one of `torch.save`; else undefined. */
export function pthFolder(archive: ZipArchive): string | undefined {
  for (const name of archive.entries.keys())
    if (/^(?:[^/]*\/)?data\.pkl$/.test(name)) return name.slice(0, -8);
  return undefined;
}

/** Whether it is TorchScript, which holds a program. */
export function isTorchScript(archive: ZipArchive, folder: string): boolean {
  return archive.entries.has(`${folder}constants.pkl`);
}

/**
 * Reads the pickle of a zip archive.
 *
 * @throws FileError for anything but plain data.
 */
export async function readZipForm(archive: ZipArchive, folder: string, fail: Failure): Promise<PthContent> {
  if (isTorchScript(archive, folder))
    throw fail(
      "it is a TorchScript program",
      "in Python, save its weights: torch.save(torch.jit.load(path).state_dict(), other)",
    );
  const bigEndian = await isBigEndian(archive, folder, fail);
  const entry = archive.entries.get(`${folder}data.pkl`);
  if (entry === undefined) throw fail("data.pkl is missing");
  if (entry.bytes > MOST_PICKLE_BYTES)
    throw fail(`data.pkl has ${entry.bytes} bytes, the limit is ${MOST_PICKLE_BYTES}`);
  const known = new Map<string, PickledStorage>();
  const names = torchNames(fail, (id) => {
    const storage = noteStorage(known, storageOf(id, fail), fail);
    const room = archive.entries.get(`${folder}data/${storage.key}`)?.bytes;
    if (room === undefined) throw fail(`the storage ${storage.key.slice(0, 80)} is missing`);
    if (room < storage.rootBytes)
      throw fail(
        `the storage ${storage.key.slice(0, 80)} has ${room} bytes, the pickle claims ${storage.rootBytes}`,
      );
    return storage;
  });
  return {
    value: read(await archive.read(entry), names, fail),
    bigEndian,
    readStorage: async ({ key, rootBytes }) => {
      const data = archive.entries.get(`${folder}data/${key}`);
      if (data === undefined) throw fail(`the storage ${key.slice(0, 80)} is missing`);
      const bytes = await archive.read(data);
      return bytes.length === rootBytes ? bytes : bytes.slice(0, rootBytes);
    },
  };
}

function read(bytes: Uint8Array, names: ReturnType<typeof torchNames>, fail: Failure): unknown {
  try {
    return readPickle(bytes, 0, names, fail).value;
  } catch (error) {
    if (error instanceof PickleCutShort) throw fail("data.pkl is cut short");
    throw error;
  }
}

async function isBigEndian(archive: ZipArchive, folder: string, fail: Failure): Promise<boolean> {
  const entry = archive.entries.get(`${folder}byteorder`);
  if (entry === undefined) return false;
  const order = entry.bytes > 16 ? "" : new TextDecoder().decode(await archive.read(entry));
  if (order !== "little" && order !== "big") throw fail("its byteorder is neither little nor big");
  return order === "big";
}
