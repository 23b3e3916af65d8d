/** What the command line says of files that do not make a classifier, and of photographs that none can be trained on. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Classifier } from "../../src/classifier/index.ts";
import { errorText } from "../../src/cli/console/error_text.ts";
import { openPhotos } from "../../src/experiments/photos/photo_source.ts";
import { loadNetwork } from "../../src/experiments/weights.ts";
import { FileError, models, onnx, save, stopEngine, useEngine } from "../../src/index.ts";
import { folderWith, pngBytes } from "./data_files.ts";
import { temporaryFolder } from "./run_cli.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

const root = temporaryFolder();
const path = (name: string) => join(root, name);
const png = (level: number) => pngBytes(4, 4, new Uint8Array(16).fill(level));

/** The line that the command line prints. */
async function said(work: Promise<unknown>): Promise<string> {
  let text = "";
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof FileError, String(error));
    text = errorText(error);
    return true;
  });
  assert.doesNotMatch(text, /give it as an option|data\.ImageList|`root`|\{ classes/, "words of the API");
  return text.replaceAll(`${root}/`, "");
}

test("photographs without classes, and lists of one class or of files that are not there", async () => {
  folderWith(path("loose"), { "1.png": png(1), "2.png": png(2) });
  assert.match(
    await said(openPhotos(path("loose"))),
    /^loose holds 2 images but no class folders; expected a folder for each class .* or a CSV list of paths and labels/,
  );
  writeFileSync(path("one.csv"), "path,label\nloose/1.png,a\n");
  assert.match(
    await said(openPhotos(path("one.csv"))),
    /^one\.csv has one class only, a; .* list images of others too$/,
  );
  writeFileSync(path("gone.csv"), "path,label\nloose/1.png,a\nloose/3.png,b\n");
  assert.match(
    await said(openPhotos(path("gone.csv"))),
    /^gone\.csv, line 3: there is no file loose\/3\.png; relative paths are seen from the list's folder$/,
  );
});

test("weights and ONNX files that do not say what they tell apart", async () => {
  const net = models.create("squeezenet1-1", { numClasses: 3 });
  await save(net.stateDict(), path("plain.safetensors"));
  const cure =
    /; train a classifier that begins with it: npx convoyant train \.\/photos --from plain\.safetensors --model/;
  const unread = await said(Classifier.load(path("plain.safetensors")));
  assert.match(unread, /^plain\.safetensors does not say which network .* what its outputs stand for/);
  assert.match(unread, cure);
  // Not of the data set that networks of grey images are for.
  const unknown = await said(loadNetwork(path("plain.safetensors"), "squeezenet1-1"));
  assert.match(unknown, /^plain\.safetensors does not say what its outputs stand for/);
  assert.match(unknown, cure);
  writeFileSync(
    path("bare.onnx"),
    await onnx.export(models.lenet(), [1, 1, 28, 28], { preprocessing: null }),
  );
  assert.match(
    await said(Classifier.load(path("bare.onnx"))),
    /^ONNX file bare\.onnx: it does not say what .*: npx convoyant train \.\/photos --from bare\.onnx$/,
  );
});
