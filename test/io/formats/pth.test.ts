import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { zipSync } from "fflate";
import { FileError, StateDictError } from "../../../src/base/errors.ts";
import { load, loadedMetadata, nn, save, tensor, toBytes } from "../../../src/index.ts";
import { assertFixture, assertSame, expectedIn, fixturePath } from "./format_fixtures.ts";

const forms = ["zip", "stream"];

async function refused(file: string | Uint8Array, message: RegExp, key?: string): Promise<void> {
  const source = typeof file === "string" ? fixturePath(`pth/${file}`) : file;
  await assert.rejects(load(source, key === undefined ? {} : { key }), (error: Error) => {
    assert.ok(error instanceof FileError, error.stack);
    assert.match(error.message, message);
    return true;
  });
}

for (const form of forms) {
  test(`${form} form: every dtype, and every layout of elements in storages`, async () => {
    for (const name of ["dtypes", "unsigned", "layouts", "protocol4"])
      await assertFixture(`pth/${name}.${form}.pth`, `pth/${name}.safetensors`);
  });

  test(`${form} form: tensors of one place share their memory, as in PyTorch`, async () => {
    const { base, again, slice } = await load(fixturePath(`pth/layouts.${form}.pth`));
    nn.init.ones_(base);
    assert.deepEqual((await again.tolist()) as number[], new Array(60).fill(1));
    assert.equal(((await slice.tolist()) as number[])[0], 7);
  });

  test(`${form} form: a state dict keeps PyTorch's _metadata`, async () => {
    await assertFixture(`pth/network.${form}.pth`, "pth/network.safetensors");
    const loaded = await load(fixturePath(`pth/network.${form}.pth`));
    assert.deepEqual(loadedMetadata(loaded), {
      "": { version: 1 },
      conv: { version: 1 },
      bn: { version: 2 },
      fc: { version: 1 },
    });
    assert.deepEqual(loadedMetadata({ ...loaded }), {});
  });

  test(`${form} form: checkpoints are unwrapped, DataParallel's and torch.compile's prefixes go`, async () => {
    await assertFixture(`pth/checkpoint.${form}.pth`, "pth/checkpoint.safetensors");
    await assertFixture(`pth/checkpoint.${form}.pth`, "pth/checkpoint.safetensors", "state_dict");
    await assertFixture(`pth/compiled.${form}.pth`, "pth/checkpoint.safetensors");
    const metadata = loadedMetadata(await load(fixturePath(`pth/checkpoint.${form}.pth`)));
    assert.deepEqual(metadata.bn, { version: 2 });
    assert.deepEqual(metadata[""], { version: 1 });
  });

  test(`${form} form: of several state dicts the caller chooses one`, async () => {
    const file = `two.${form}.pth`;
    await refused(file, /several state dicts, under the keys "model", "ema\.deep"; .*\{ key: "model" \}/);
    for (const key of ["model", "ema.deep"])
      await assertFixture(`pth/${file}`, "pth/checkpoint.safetensors", key);
    await refused(
      file,
      /nothing under the key "teacher"; it holds state dicts under "model", "ema\.deep"/,
      "teacher",
    );
    await refused(file, /"step" has no tensors by name/, "step");
    await refused(`nothing.${form}.pth`, /no tensors by name; save a state dict/);
  });

  test(`${form} form: a tensor alone, and a list of tensors`, async () => {
    const alone = await load(fixturePath(`pth/tensor.${form}.pth`));
    assert.deepEqual([Object.keys(alone), await alone.arr_0.tolist()], [["arr_0"], [0, 1, 2]]);
    const list = await load(fixturePath(`pth/list.${form}.pth`));
    assert.deepEqual([Object.keys(list), await list[1].tolist()], [["0", "1"], [[1, 1]]]);
  });

  test(`${form} form: what is not plain data is refused by name, and nothing is executed`, async () => {
    for (const [name, message] of [
      ["whole", /an object of __main__\.Net; nothing in a file is ever executed: .*state_dict/],
      ["command", /an object of posix\.system/],
      ["numpy", /a value of NumPy \(numpy\._core\.multiarray\.scalar\)/],
      ["arguments", /an object of argparse\.Namespace/],
      ["sparse", /a kind that cannot be read \(torch\._utils\._rebuild_sparse_tensor\)/],
      ["quantized", /a kind that cannot be read \(torch\._utils\._rebuild_qtensor\)/],
      ["complex", /dtype complex64, which cannot be read/],
      ["float8", /dtype float8_e4m3fn, which cannot be read/],
      ["negative", /its negation or conjugation pending/],
    ] as const)
      await refused(`refused ${name}.${form}.pth`, message);
    assert.ok(!existsSync("/tmp/convoyant_pth_executed"));
  });

  test(`${form} form: a batch norm's counter that an old file lacks keeps its value`, async () => {
    const old = await load(fixturePath(`pth/before counters.${form}.pth`));
    const net = new nn.Sequential(
      new Map<string, nn.Module>([
        ["conv", new nn.Conv2d(1, 2, 3)],
        ["bn", new nn.BatchNorm2d(2)],
        ["fc", new nn.Linear(2, 3)],
      ]),
    );
    assert.deepEqual(net.loadStateDict(old), { missingKeys: [], unexpectedKeys: [] });
    assert.equal(await net.stateDict()["bn.num_batches_tracked"].item(), 0);
    // A newer layer saved its counter: then it is missing, as PyTorch says too.
    const { "bn.num_batches_tracked": counter, ...rest } = await load(fixturePath(`pth/network.${form}.pth`));
    assert.equal(await counter.item(), 0);
    assert.deepEqual(net.loadStateDict(rest), { missingKeys: [], unexpectedKeys: [] });
    const loaded = await load(fixturePath(`pth/network.${form}.pth`));
    delete loaded["bn.num_batches_tracked"];
    assert.throws(
      () => net.loadStateDict(loaded),
      (error: Error) => {
        assert.ok(error instanceof StateDictError);
        assert.match(error.message, /missing keys: bn\.num_batches_tracked/);
        return true;
      },
    );
  });
}

test("big-endian storages, entries that were packed, storages inside others", async () => {
  await assertFixture("pth/big endian.zip.pth", "pth/dtypes.safetensors");
  await assertFixture("pth/packed.zip.pth", "pth/network.safetensors");
  await assertFixture("pth/old views.stream.pth", "pth/old views.safetensors");
});

test("TorchScript, other pickles and the tar form are refused with what to do", async () => {
  await refused(
    "refused script.zip.pth",
    /a TorchScript program; .*torch\.jit\.load\(path\)\.state_dict\(\)/,
  );
  await refused("refused pickle.pth", /a pickle that torch\.save did not write; .*state_dict/);
  await refused(
    "refused tar.pth",
    /a tar archive, as PyTorch wrote until 2016, which is not read; .*save it again/,
  );
});

test("files that are cut short anywhere are refused", async () => {
  for (const form of forms) {
    const bytes = readFileSync(fixturePath(`pth/network.${form}.pth`));
    for (let length = 0; length < bytes.length; length += 7)
      await assert.rejects(load(bytes.subarray(0, length)), FileError, `${form} ${length}`);
  }
});

/** A stream of these pickles; none has storages. */
const stream = (value: string): Uint8Array =>
  Buffer.from(
    `\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02${value}.\x80\x02].`,
    "latin1",
  );

test("pickles that would take much memory are refused", async () => {
  await refused(stream("}".repeat(600_000)), /more than 500000 lists, tuples and dicts/);
  await refused(stream("N".repeat(4_100_000)), /more than 4000000 operations/);
  await refused(stream("\x8b\xff\xff\xff\x7f"), /an integer of 2147483647 bytes, the limit is 32/);
  await refused(stream("X\xff\xff\xff\x7fabc"), /cut short/);
  await refused(stream("\x8e\xff\xff\xff\xff\xff\xff\xff\xffabc"), /cut short/);
  // The same thousand letters made into bytes again and again.
  const letters = `X\xe8\x03\x00\x00${"a".repeat(1000)}q\x00`;
  const encode = "c_codecs\nencode\n(h\x00X\x06\x00\x00\x00latin1tR0";
  await refused(stream(letters + encode.repeat(200)), /copies more than it holds/);
  for (const [value, message] of [
    ["0", /takes a value that is not there/],
    ["e", /ends a group that it has not begun/],
    ["Nr\xff\xff\xff\x7f", /keeps a value under 2147483647/],
    ["h\x05", /uses value 5, which it has not kept/],
    ["N(a", /takes a value that is not there/],
    ["NNa", /appends to something other than a list/],
    ["NNNs", /sets items of something other than a dict/],
    ["}(Nu", /a key without a value/],
    ["\xff", /opcode 0xff/],
    ["cos\nsystem\n", /an object of os\.system/],
    ["ccollections\nOrderedDict\nNR", /without a tuple of arguments/],
    ["N)R", /calls something that is not a function/],
    ["ctorch\nFloatStorage\n)R", /torch\.FloatStorage, which is not a function/],
    ["X\x01\x00\x00\x00\xff", /not UTF-8/],
    [`I${"9".repeat(600)}\n`, /a line of more than 512 bytes/],
  ] as const)
    await refused(stream(value), message);
});

/** A tensor without storage data: what the pickle claims must be in the file. */
function tensorPickle(count: string, size: string, stride: string): string {
  const id = `(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu${count}`;
  return `}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor\n(${id}tQK\x00${size}${stride}tRs`;
}

test("what a tensor claims must be in its storage, and that in the file", async () => {
  const [one, huge] = ["K\x01", "J\xff\xff\xff\x7f"];
  await refused(
    stream(tensorPickle(one, `(${huge}t`, `(${one}t`)),
    /shape \[2147483647\] reaches beyond its storage of 1 el/,
  );
  await refused(
    stream(tensorPickle(one, `(${huge}${huge}${huge}t`, "(K\x00K\x00K\x00t")),
    /reaches beyond|take \d/,
  );
  await refused(stream(tensorPickle(one, `(${huge}t`, "(K\x00t")), /the storage 0 is missing|take \d+ bytes/);
  const claims = tensorPickle(huge, `(${huge}t`, `(${one}t`);
  await refused(
    Buffer.from(stream(claims).toString().replace(/\]\.$/, "](X\x01\x00\x00\x000e."), "latin1"),
    /./,
  );
  const pickle = Buffer.from(`\x80\x02${claims}.`, "latin1");
  await refused(zipSync({ "a/data.pkl": pickle }), /the storage 0 is missing/);
  await refused(
    zipSync({ "a/data.pkl": pickle, "a/data/0": new Uint8Array(4) }, { level: 0 }),
    /the storage 0 has 4 bytes, the pickle claims 8589934588/,
  );
  // The same storage under two sizes, in both forms.
  const two = `${tensorPickle(one, `(${one}t`, `(${one}t`)}0${tensorPickle("K\x02", "(K\x02t", `(${one}t`)}`;
  await refused(stream(two), /the storage 0 has two sizes/);
  await refused(
    zipSync(
      { "a/data.pkl": Buffer.from(`\x80\x02${two}.`, "latin1"), "a/data/0": new Uint8Array(8) },
      { level: 0 },
    ),
    /the storage 0 has two sizes/,
  );
  const expanded = Buffer.from(`\x80\x02${tensorPickle(one, `(${huge}t`, "(K\x00t")}.`, "latin1");
  await refused(
    zipSync({ "a/data.pkl": expanded, "a/data/0": new Uint8Array(4) }, { level: 0 }),
    /its tensors take 8589934588 bytes, the limit for its 4 bytes/,
  );
});

test("weights for another number of classes: the error names layer and sizes, and what helps", async () => {
  const make = (classes: number) =>
    new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU(), new nn.Linear(3, classes));
  const [ours, theirs] = [make(10), make(1000)];
  const before = await ours.stateDict()["2.weight"].tolist();
  assert.throws(
    () => ours.loadStateDict(theirs.stateDict()),
    (error: Error) => {
      assert.ok(error instanceof StateDictError);
      assert.match(error.message, /2\.weight: expected shape \[10, 3\], got \[1000, 3\]/);
      assert.match(
        error.message,
        /for 1000 classes, the model has 10 \(2\): .*numClasses: 1000 .*strict: false/,
      );
      return true;
    },
  );
  const result = ours.loadStateDict(theirs.stateDict(), { strict: false });
  assert.deepEqual(result, { missingKeys: ["2.weight", "2.bias"], unexpectedKeys: [] });
  assert.deepEqual(await ours.stateDict()["2.weight"].tolist(), before);
  assert.deepEqual(
    await ours.stateDict()["0.weight"].tolist(),
    await theirs.stateDict()["0.weight"].tolist(),
  );
  // Any other shape that does not fit is an error also without strict.
  const other = new nn.Sequential(new nn.Linear(5, 3), new nn.ReLU(), new nn.Linear(3, 10));
  assert.throws(() => ours.loadStateDict(other.stateDict(), { strict: false }), StateDictError);
});

test("save writes .pth that load reads, with _metadata; texts have no place in it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-pth-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["dtypes", "network", "layouts"]) {
    const loaded = await load(fixturePath(`pth/${name}.zip.pth`));
    const path = join(folder, "x.pth");
    await save(loaded, path);
    const again = await load(path);
    await assertSame(again, expectedIn(`pth/${name}.safetensors`));
    assert.deepEqual(loadedMetadata(again), loadedMetadata(loaded));
    assert.deepEqual(Buffer.from(await toBytes(loaded, {}, { format: "pth" })), readFileSync(path));
  }
  await assert.rejects(save({ w: tensor([1]) }, join(folder, "x.pt"), { a: "b" }), /no place for metadata/);
});

const python = process.env.CONVOYANT_TEST_TORCH;

test("torch.load reads what save writes", {
  skip: python === undefined ? "CONVOYANT_TEST_TORCH does not name a Python with torch" : false,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-pth-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["dtypes", "network", "layouts"]) {
    const path = join(folder, `${name}.pth`);
    await save(await load(fixturePath(`pth/${name}.zip.pth`)), path);
    const script = `
import sys, torch
from safetensors.torch import load_file
for options in ({}, {"mmap": True}):
    found, expected = torch.load(sys.argv[1], weights_only=True, **options), load_file(sys.argv[2])
    assert found.keys() == expected.keys(), found.keys()
    for key, tensor in found.items():
        assert tensor.dtype == expected[key].dtype and tensor.shape == expected[key].shape, key
        assert torch.equal(torch.nan_to_num(tensor), torch.nan_to_num(expected[key])), key
`;
    execFileSync(python as string, ["-c", script, path, fixturePath(`pth/${name}.safetensors`)]);
  }
});
