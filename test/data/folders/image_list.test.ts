import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ArgumentError, FileError } from "../../../src/base/errors.ts";
import { DataLoader, ImageList, type ImageListSettings, type ListedImage } from "../../../src/data/index.ts";
import { parseCsv } from "../../../src/io/formats/csv/csv.ts";
import { png, temporaryFolder, tree } from "./image_tree.ts";

const rowsOf = (text: string, delimiter?: string) =>
  parseCsv(new TextEncoder().encode(text), "t.csv", delimiter);

test("a table's fields, quoted or not, with the lines that they stand in", () => {
  assert.deepEqual(rowsOf('\ufeffa, b \r\n"x, ""y""",z\n\n"two\nlines" ,\n"",\n'), [
    { line: 1, fields: ["a", "b"] },
    { line: 2, fields: ['x, "y"', "z"] },
    { line: 4, fields: ["two\nlines", ""] },
    { line: 6, fields: ["", ""] },
  ]);
  assert.deepEqual(rowsOf("a\tb c", "\t"), [{ line: 1, fields: ["a", "b c"] }]);
  assert.deepEqual(rowsOf("a;b,c\r", ";"), [{ line: 1, fields: ["a", "b,c"] }]);
  assert.deepEqual(rowsOf(""), []);
  assert.throws(() => rowsOf('a,b\n"c,d\n'), /t\.csv, line 2: a quote is opened and never closed/);
  assert.throws(() => rowsOf('a\n"b" c,d'), /t\.csv, line 2: text stands behind a closing quote/);
  assert.throws(() => parseCsv(Uint8Array.of(0xc3, 0x28), "t.csv"), FileError);
});

/** Images a.png, b.png and "c d, e.png" of one size, with a list beside them. */
function listed(text: string, more: Record<string, Uint8Array> = {}): string {
  const files = { "a.png": png(4, 3, 10), "in/b.png": png(4, 3, 20), "c d, e.png": png(4, 3, 30), ...more };
  return join(tree({ ...files, "list.csv": text }), "list.csv");
}

const open = (text: string, options: Omit<ImageListSettings, "images"> = {}) =>
  ImageList(listed(text), options);

test("paths are seen from the list's folder, labels numbered by sorted class names", async () => {
  for (const text of [
    'a.png,dog\nin/b.png,cat\n"c d, e.png",dog\n',
    'path,label\na.png,dog\nin/b.png,cat\n"c d, e.png",dog',
    'Photo,Species\r\na.png,dog\r\nin/b.png,cat\r\n"c d, e.png",dog\r\n',
    'id,filename,class,note\n1,a.png,dog,\n2,in/b.png,cat,x\n3,"c d, e.png",dog,y\n',
  ]) {
    const dataset = await open(text);
    assert.deepEqual(dataset.classes, ["cat", "dog"], text);
    assert.deepEqual(dataset.targets, [1, 0, 1]);
    const [images, labels] = await dataset.getBatch([2, 0, 1]);
    assert.deepEqual([images.shape, labels.dtype, [...labels.data]], [[3, 3, 3, 4], "int64", [1, 1, 0]]);
    assert.deepEqual(
      [0, 36, 72].map((i) => Math.round(255 * images.data[i])),
      [30, 10, 20],
    );
  }
});

test("columns by name and number, other delimiters, folders and orders of classes", async () => {
  const wide = "x;kind;img\n0;b;a.png\n1;a;in/b.png\n";
  assert.deepEqual(
    (await open(wide, { delimiter: ";", labelColumn: "kind", pathColumn: 2 })).targets,
    [1, 0],
  );
  assert.deepEqual(
    (await open(wide, { delimiter: ";", labelColumn: "kind", classes: ["b", "c", "a"] })).targets,
    [0, 2],
  );
  const root = tree({ "7.png": png(), "10.png": png() });
  const numbers = await open("7.png,7\n10.png,10\n", { root });
  assert.deepEqual(numbers.classes, ["7", "10"]);
  assert.equal(numbers.samples[0][0], join(root, "7.png"));
  const given = [
    { image: "10.png", label: "10" },
    { image: "7.png", label: "7" },
  ];
  const relative = await ImageList(given, { root });
  assert.deepEqual([relative.samples[0][0], relative.targets], [join(root, "10.png"), [1, 0]]);
  assert.deepEqual(
    Object.keys((await ImageList(given, { root, classes: ["10", "__proto__", "7"] })).classToIdx),
    ["10", "__proto__", "7"],
  );
  await assert.rejects(ImageList(given), /images\[0\]: there is no file/);
  const unicode = await open("a.png,cafe\u0301\nin/b.png,caf\u00e9\na.png,\u732b");
  assert.deepEqual(
    [unicode.classes, unicode.targets],
    [
      ["caf\u00e9", "\u732b"],
      [0, 0, 1],
    ],
  );
  const absolute = listed("");
  const path = join(absolute, "../a.png");
  assert.equal((await open(`${path},x\n${path},y`)).length, 2);
});

test("several labels of an image become a row of zeros and ones", async () => {
  const text = "a.png,red,round\nin/b.png,round|soft\na.png,\n";
  const dataset = await open(text, { multiLabel: true });
  assert.deepEqual(dataset.classes, ["red", "round", "soft"]);
  const loader = DataLoader(dataset, { batchSize: 3, numWorkers: 0 });
  for await (const [, y] of loader) {
    assert.equal(y.dtype, "float32");
    assert.deepEqual(await y.tolist(), [
      [1, 1, 0],
      [0, 1, 1],
      [0, 0, 0],
    ]);
  }
  assert.throws(() => dataset.targets, /`labels` holds a row for each/);
  await assert.rejects(open(text, { multiLabel: true, targetTransform: (x) => x }), ArgumentError);
});

test("what is wrong with a list is told with the line", async () => {
  const cases: [string, Omit<ImageListSettings, "images">, RegExp][] = [
    [
      "a.png,cat\nin/b.png,dgo\n",
      { classes: ["cat", "dog"] },
      /list\.csv, line 2: the label "dgo" is not one of the classes \(cat, dog\); did you mean `dog`/,
    ],
    [
      "a.png,cat\n\nno.png,dog\n",
      {},
      /list\.csv, line 3: there is no file .*no\.png; relative paths are seen from/,
    ],
    ["a.png,cat\nin/b.png\n", {}, /line 2: expected 2 fields, got 1/],
    ["a.png,cat\nc d, e.png,dog\n", {}, /line 2: expected 2 fields, got 3.*put quotes/],
    ["a.png,cat\n,dog\n", {}, /line 2: the path is empty/],
    ["a.png,cat\nin/b.png,\n", {}, /line 2: the label is empty/],
    ["a.png,cat\nin/b.png,cat\n", {}, /one class only, cat; a classifier needs two or more/],
    ["path,label\n", {}, /lists no images/],
    ["", {}, /lists no images/],
    ["a.png\nin/b.png\n", {}, /one column only/],
    ["path,label\na.png,x\n", { labelColumn: "kind" }, /no column "kind"; it has path, label/],
    ["a.png,x\n", { labelColumn: 2, header: false }, /no column 2; it has columns 0 to 1/],
  ];
  for (const [text, options, message] of cases)
    await assert.rejects(
      open(text, options),
      (e: Error) => e instanceof FileError && message.test(e.message),
      text,
    );
  await assert.rejects(
    open("a.png,x,y\n"),
    (e: Error) => e instanceof FileError && /labelColumn: 1/.test(e.message),
  );
  await assert.rejects(open("file,x,y\na.png,1,2\n"), /labelColumn: "x"/);
  for (const wrong of [
    { delimiter: ",," },
    { classes: ["a", "a"] },
    { classes: [] },
    { pathColumn: -1 },
    { labelSeparator: "" },
  ])
    await assert.rejects(open("a.png,x\nin/b.png,y\n", wrong), ArgumentError);
  await assert.rejects(ImageList(join(temporaryFolder(), "none.csv")), FileError);
  await assert.rejects(ImageList(3 as never), ArgumentError);
});

test("listed images that cannot be read are left out and listed", async () => {
  const path = listed("a.png,x\nbad.png,y\nin/b.png,y\n", {
    "bad.png": new TextEncoder().encode("no image"),
  });
  const dataset = await ImageList(path);
  assert.deepEqual(dataset.targets, [0, 1]);
  assert.match(dataset.unreadable[0].reason, /list\.csv, line 2: is not an image/);
});

test("images in memory: files, blobs and bytes, here and in a worker", async () => {
  const file = new File([png(4, 3, 40) as BlobPart], "chosen.png");
  const images: ListedImage[] = [
    { image: file, label: "b" },
    { image: new Blob([png(4, 3, 50) as BlobPart]), label: "a" },
    { image: png(4, 3, 60), label: "b" },
  ];
  const dataset = await ImageList(images, { transform: null });
  assert.deepEqual(dataset.samples, [
    ["chosen.png", 1],
    ["image 1", 0],
    ["image 2", 1],
  ]);
  for (const numWorkers of [0, 1]) {
    const loader = DataLoader(dataset, { batchSize: 3, numWorkers });
    for await (const [x, y] of loader) {
      const pixels = await x.data();
      assert.deepEqual([pixels[0], pixels[36], pixels[72], await y.tolist()], [40, 50, 60, [1, 0, 1]]);
    }
    await loader.close();
  }
  await assert.rejects(
    ImageList([{ image: 3, label: "a" }] as never),
    /images\[0\] to be \{ image, label \}/,
  );
  await assert.rejects(
    ImageList([{ image: file, label: ["a", "b"] }]),
    /images\[0\]: expected one label, got 2/,
  );
  await assert.rejects(
    ImageList(images, { classes: ["a", "c"] }),
    (e: Error) =>
      e instanceof ArgumentError &&
      /images\[0\]: the label "b" is not one of the classes \(a, c\)/.test(e.message),
  );
  await assert.rejects(
    ImageList(images.slice(1, 2)),
    (e: Error) => e instanceof ArgumentError && /one class only, a/.test(e.message),
  );
  const damaged = new File([png().subarray(0, 40) as BlobPart], "cut.png");
  const broken = await ImageList([{ image: damaged, label: "a" }, ...images]);
  await assert.rejects(async () => broken.get(0), /cut\.png cannot be read/);
});
