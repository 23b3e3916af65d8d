import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { zipSync } from "fflate";
import { ArgumentError, DTypeError, FileError } from "../../../src/base/errors.ts";
import { load, save, tensor, toBytes } from "../../../src/index.ts";
import { assertFixture, assertSame, bitsOf, expectedIn, fixturePath } from "./format_fixtures.ts";

async function refused(source: string | Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(
    load(typeof source === "string" ? fixturePath(`npy/${source}`) : source),
    (error: Error) => {
      assert.ok(error instanceof FileError, error.stack);
      assert.match(error.message, message);
      return true;
    },
  );
}

test("every dtype, both byte orders, both orders of elements, stored and packed", async () => {
  for (const name of ["stored", "packed", "big endian", "fortran", "fortran big endian"])
    await assertFixture(`npy/${name}.npz`, "npy/values.safetensors");
});

test("a single array: every version of the header, Python 2's, and something behind it", async () => {
  const { data } = expectedIn("npy/values.safetensors").get("float32") ?? assert.fail();
  for (const name of ["version 1", "version 2", "version 3", "python 2"]) {
    const loaded = await load(fixturePath(`npy/${name}.npy`));
    assert.deepEqual(Object.keys(loaded), ["arr_0"]);
    assert.deepEqual(loaded.arr_0.shape, [2, 3]);
    assert.deepEqual(await bitsOf(loaded.arr_0), Buffer.from(data.buffer));
  }
});

test("what is not numbers of up to 64 bits is refused by name", async () => {
  for (const [name, message] of [
    ["objects.npy", /Python objects, which only Python can make \(dtype "\|O"\)/],
    ["objects.npz", /wrong: it holds Python objects/],
    ["complex.npy", /complex numbers \(dtype "<c8"\); save the real and the imaginary part/],
    ["texts.npy", /texts \(dtype "<U2"\)/],
    ["bytes.npy", /texts \(dtype "\|S2"\)/],
    ["dates.npy", /dates \(dtype "<M8\[D\]"\)/],
    ["structured.npy", /structured dtype; save its fields/],
    ["long.npy", /numbers of more than 64 bits \(dtype "<f16"\)/],
    ["raw.npy", /raw bytes/],
    ["large.npy", /element 0 is beyond ±\(2\^53 - 1\)/],
  ] as const)
    await refused(`refused ${name}`, message);
});

/** A .npy file with this header and eight bytes of data. */
function npy(header: string, version = 1): Uint8Array {
  const text = Buffer.from(header, "latin1");
  const length = version === 1 ? Buffer.alloc(2) : Buffer.alloc(4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([
    Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, "latin1"),
    length,
    text,
    Buffer.alloc(8),
  ]);
}

test("headers that are damaged or claim too much", async () => {
  const fine = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  assert.deepEqual(await (await load(npy(fine))).arr_0.tolist(), [0, 0]);
  assert.deepEqual(
    await (await load(npy(`{"shape":(1,2),"fortran_order":True,"descr":"=f4"}`, 2))).arr_0.tolist(),
    [[0, 0]],
  );
  for (const [header, message] of [
    [fine.replace("(2,)", "(3,)"), /claims 3 elements \(12 bytes\), 8 bytes follow; .*cut short/],
    [fine.replace("(2,)", "(4294967296, 4294967296, 4294967296)"), /bytes follow/],
    [fine.replace("(2,)", `(${"1,".repeat(2000)})`), /2000 dimensions, the limit is 1024/],
    [fine.replace("(2,)", "(-2,)"), /its header is/],
    [fine.replace("(2,)", "(2.0,)"), /its header is/],
    [fine.replace("(2,)", "2"), /its header is/],
    [fine.replace("False", "0"), /its header is/],
    [fine.replace("'shape': (2,), ", ""), /its header is/],
    [fine.replace("}", "'descr': '<f8'}"), /its header is/],
    [fine.replace("<f4", "<f5"), /numbers of more than 64 bits|unknown dtype/],
    [fine.replace("<f4", "<q"), /unknown dtype "<q"/],
    [`${fine}; import os`, /its header is/],
    ["", /its header is/],
  ] as const)
    await refused(npy(header), message);
  await refused(npy(fine, 4), /version 4\.0 of the format/);
  const long = Buffer.from(npy(fine, 2));
  long.writeUInt32LE(0xffffffff, 8);
  await refused(long, /header claims 4294967295 bytes, the limit is 65535/);
  const bytes = readFileSync(fixturePath("npy/version 1.npy"));
  for (let length = 0; length < bytes.length; length += 3) await refused(bytes.subarray(0, length), /./);
});

test("zip archives that lie about their entries", async () => {
  const array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }");
  const good = Buffer.from(zipSync({ "a.npy": array, "b.npy": array }));
  await assertSame(
    await load(good),
    new Map(["a", "b"].map((name) => [name, { data: new Float32Array(2), shape: [2], dtype: "float32" }])),
  );
  const directory = good.indexOf("PK\x01\x02");
  const changed = (at: number, write: (bytes: Buffer) => void) => {
    const copy = Buffer.from(good);
    write(copy.subarray(at));
    return copy;
  };
  await refused(
    changed(directory + 16, (b) => b.writeUInt32LE(1)),
    /not have the checksum/,
  );
  await refused(
    changed(directory + 24, (b) => b.writeUInt32LE(1)),
    /a\.npy does not unpack to the 1 bytes/,
  );
  await refused(
    changed(directory + 24, (b) => b.writeUInt32LE(4_000_000_000)),
    /which deflate cannot/,
  );
  await refused(
    changed(directory + 10, (b) => b.writeUInt16LE(12)),
    /packed by method 12/,
  );
  await refused(
    changed(directory + 8, (b) => b.writeUInt16LE(1)),
    /is encrypted; save it without a password/,
  );
  await refused(
    changed(directory + 42, (b) => b.writeUInt32LE(1)),
    /no entry where the directory says|overlaps/,
  );
  const second = good.indexOf("PK\x01\x02", directory + 4);
  await refused(
    changed(second + 42, (b) => b.writeUInt32LE(0)),
    /overlaps the entry before it/,
  );
  await refused(
    changed(second + 46, (b) => b.write("a")),
    /holds a\.npy twice/,
  );
  await refused(
    changed(good.length - 12, (b) => b.writeUInt16LE(1)),
    /more than the entries that it claims/,
  );
  await refused(
    changed(good.length - 12, (b) => b.writeUInt16LE(9)),
    /do not hold 9 entries/,
  );
  await refused(zipSync({ "notes.txt": new Uint8Array(3) }), /neither PyTorch's \(data\.pkl\) nor NumPy's/);
  await refused(zipSync({ "w/model.pth": new Uint8Array(3) }), /unpack w\/model\.pth from it first/);
  await refused(zipSync({ "config.json": array, "model.weights.h5": array }), /a network of Keras/);
  // 100 MB of zeros in 100 kB.
  const zeros = zipSync({ "a.npy": new Uint8Array(100 * 2 ** 20) }, { level: 9 });
  await refused(zeros, /unpacks to 104857600 bytes, the limit for its \d+ bytes is 67108864/);
});

/** The archive with the 64-bit fields that one of more than 4 GiB has. */
function zip64(archive: Uint8Array): Buffer {
  const old = Buffer.from(archive);
  const end = old.length - 22;
  const start = old.readUInt32LE(end + 16);
  const entry = old.subarray(start, end);
  const [nameBytes, extraBytes] = [entry.readUInt16LE(28), entry.readUInt16LE(30)];
  assert.equal(entry.length, 46 + nameBytes + extraBytes, "one entry");
  const fields = [24, 20, 42];
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1);
  extra.writeUInt16LE(24, 2);
  fields.forEach((at, i) => void extra.writeBigUInt64LE(BigInt(entry.readUInt32LE(at)), 4 + 8 * i));
  const wide = Buffer.concat([entry.subarray(0, 46 + nameBytes), extra]);
  for (const at of fields) wide.writeUInt32LE(0xffffffff, at);
  wide.writeUInt16LE(extra.length, 30);
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50);
  [1n, BigInt(wide.length), BigInt(start)].forEach((n, i) => void record.writeBigUInt64LE(n, 32 + 8 * i));
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50);
  locator.writeBigUInt64LE(BigInt(start + wide.length), 8);
  const last = Buffer.from(old.subarray(end));
  last.writeUInt32LE(0xffffffff, 12);
  last.writeUInt32LE(0xffffffff, 16);
  return Buffer.concat([old.subarray(0, start), wide, record, locator, last]);
}

test("archives with 64-bit sizes", async () => {
  const array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }");
  const archive = zip64(zipSync({ "a.npy": array }));
  assert.deepEqual(await (await load(archive)).a.tolist(), [0, 0]);
  const locator = archive.length - 42;
  const changed = (at: number, value: bigint) => {
    const copy = Buffer.from(archive);
    copy.writeBigUInt64LE(value, at);
    return copy;
  };
  await refused(changed(locator + 8, 2n ** 60n), /the 64-bit end of its directory is missing/);
  await refused(changed(locator - 24, 2n ** 62n), /claims \d+ entries, the limit is 131072/);
  await refused(changed(locator - 16, 2n ** 62n), /the directory reaches beyond the end/);
  await refused(changed(locator - 56 - 24, 2n ** 50n), /which deflate cannot|reaches beyond the end/);
});

test("save writes .npz and .npy as numpy.savez and numpy.save do; toBytes the same bytes", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-npy-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const loaded = await load(fixturePath("npy/stored.npz"));
  const path = join(folder, "x.npz");
  await save(loaded, path);
  await assertSame(await load(path), expectedIn("npy/values.safetensors"));
  assert.deepEqual(Buffer.from(await toBytes(loaded, {}, { format: "npz" })), readFileSync(path));
  const one = join(folder, "x.npy");
  for (const source of [loaded.float32, { any: loaded.float32 }]) {
    await save(source, one);
    // NumPy's own file, byte for byte.
    assert.deepEqual(readFileSync(one), readFileSync(fixturePath("npy/version 1.npy")));
  }
  for (const [what, to, error, message] of [
    [
      { a: tensor([1]), b: tensor([2]) },
      one,
      ArgumentError,
      /save: a \.npy file holds one array, got 2; save as \.npz/,
    ],
    [{ a: tensor([1]).to("bfloat16") }, path, DTypeError, /a is bfloat16, which NumPy does not have/],
  ] as const)
    await assert.rejects(save(what, to), (thrown: Error) => {
      assert.ok(thrown instanceof error);
      assert.match(thrown.message, message);
      return true;
    });
  await assert.rejects(
    save({ a: tensor([1]) }, path, { note: "x" }),
    /a \.npz file has no place for metadata/,
  );
  await assert.rejects(
    toBytes({}, {}, { format: "h5" as never }),
    /expected a format of safetensors, pth, npz, npy, got "h5"/,
  );
  await assert.rejects(save(tensor([1]) as never, path), /expected tensors by name, got a tensor/);
});
