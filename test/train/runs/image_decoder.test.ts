import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConcatDataset, DataLoader, ImageFolder, Subset, transforms } from "../../../src/data/index.ts";
import { nn, optim, tensor, train, VERSION } from "../../../src/index.ts";
import { imageDecoderOf } from "../../../src/train/runs/image_decoder.ts";
import { png, temporaryFolder, tree } from "../../data/folders/image_tree.ts";

const photos = () =>
  ImageFolder(
    tree({ "a/1.png": png(4, 4), "a/2.png": png(4, 4), "b/3.png": png(4, 4), "b/4.png": png(4, 4) }),
    {
      transform: transforms.ToTensor(),
    },
  );

test("the decoder behind a loader is found through subsets, concatenations and limits", async () => {
  const folder = await photos();
  const exact = `exact ${VERSION}`;
  assert.equal(folder.decoder, exact);
  const loader = DataLoader(ConcatDataset([Subset(folder, [0]), folder]), { batchSize: 2 });
  assert.equal(imageDecoderOf(train.limitBatches(loader, 1), null), exact);
  assert.equal(imageDecoderOf([[tensor([1]), tensor([1])]], undefined), undefined);
  assert.equal(imageDecoderOf({ decoder: "sharp 1" }, loader), `sharp 1 and ${exact}`);
});

test("a run's config records the decoder, and a run that goes on with another says so", async () => {
  const out = join(temporaryFolder(), "run");
  const net = nn.Sequential(nn.Flatten(), nn.Linear(48, 2));
  const loader = DataLoader(await photos(), { batchSize: 2, numWorkers: 0 });
  const fit = (epochs: number, resume: boolean, notes: string[] = []) =>
    train.fit(net, {
      trainLoader: loader,
      optimizer: optim.SGD(net.parameters(), { lr: 0.01 }),
      epochs,
      out,
      resume,
      callbacks: { onNote: (note) => void notes.push(note) },
    });
  await fit(1, false);
  const path = join(out, "config.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  assert.equal(config.environment.imageDecoder, `exact ${VERSION}`);
  config.environment.imageDecoder = "sharp 0.35.5, libvips 8.18.7";
  writeFileSync(path, JSON.stringify(config));
  const notes: string[] = [];
  await fit(2, true, notes);
  assert.ok(
    notes.some((note) => /decoded by sharp 0\.35\.5.* goes on with exact/.test(note)),
    `${notes}`,
  );
});
