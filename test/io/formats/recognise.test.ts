import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { ArgumentError, FileError } from "../../../src/base/errors.ts";
import { load } from "../../../src/index.ts";
import { serve } from "../fetch/tiny_dataset.ts";
import { assertSame, expectedIn, fixturePath } from "./format_fixtures.ts";

const network = expectedIn("pth/network.safetensors");

test("the content decides, not the ending, from every source", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-content-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["network.zip.pth", "network.stream.pth", "network.safetensors"]) {
    const path = join(folder, "weights.npy");
    copyFileSync(fixturePath(`pth/${name}`), path);
    const bytes = readFileSync(path);
    const origin = await serve(t, (_, response) => response.end(bytes));
    for (const source of [
      path,
      pathToFileURL(path),
      bytes,
      new Blob([bytes]),
      new File([bytes], "it.h5"),
      new Response(bytes),
      `${origin}weights`,
      new URL(`${origin}weights.onnx`),
    ])
      await assertSame(await load(source), network);
  }
});

test("other formats are named, with what to do", async () => {
  const text = (content: string) => Buffer.from(content, "latin1");
  const table = Buffer.concat([Buffer.alloc(40, 1), Buffer.from("57fb808b247547db", "hex")]);
  for (const [bytes, message] of [
    [text(""), /it is empty; expected safetensors, PyTorch's \.pth, or NumPy's \.npz or \.npy/],
    [text("hello, this is a text"), /none of the formats that are read/],
    [text("\x89HDF\r\n\x1a\n\0\0"), /HDF5, as Keras and h5py write it \(\.h5\); .*numpy\.savez/],
    [text("GGUF\x03\0\0\0"), /GGUF/],
    [text("\x1c\0\0\0TFL3"), /TensorFlow Lite/],
    [table, /the index of a TensorFlow checkpoint; .*load_checkpoint/],
    [text("\x08\x08\x12\x07pytorch"), /a network in ONNX; onnx\.load reads it/],
    [text("\x1f\x8b\x08\0"), /gzipped; unpack it first/],
    [text("<!DOCTYPE html><html>"), /a web page; check its address/],
    [
      text("version https://git-lfs.github.com/spec/v1\noid sha256:0"),
      /a pointer of Git LFS, not the file itself; git lfs pull/,
    ],
    [text("\x89PNG\r\n\x1a\n"), /an image \(PNG\)/],
    [text("PK\x05\x06"), /cut short/],
    [text("\x80\x04\x95\x0b\0\0\0\0\0\0\0}."), /a pickle that torch\.save did not write/],
  ] as const)
    await assert.rejects(load(bytes), (error: Error) => {
      assert.ok(error instanceof FileError, error.stack);
      assert.match(error.message, message);
      return true;
    });
  await assert.rejects(load(new File(["abc"], "model.ckpt")), /load: model\.ckpt: .*if it is TensorFlow's/);
});

test("options that load does not have are refused", async () => {
  for (const [options, message] of [
    [{ keys: "model" }, /unknown option "keys"; did you mean `key`\?/],
    [{ key: 5 }, /expected key to be a text, got 5/],
    ["model", /expected an object of options/],
  ] as const)
    await assert.rejects(load(new Uint8Array(0), options as never), (error: Error) => {
      assert.ok(error instanceof ArgumentError, error.stack);
      assert.match(error.message, message);
      return true;
    });
});
