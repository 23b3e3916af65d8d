/** The Lab's server: what it answers, to whom, and a training told live. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { unzipSync } from "fflate";
import * as data from "../../src/data/index.ts";
import { LiveTraining, type RunningLab, serveLab } from "../../src/lab/index.ts";

const folder = mkdtempSync(join(tmpdir(), "convoyant-lab-"));
const page = join(folder, "page");
const photos = join(folder, "photos");
const runs = join(folder, "runs");
const live = new LiveTraining();
let lab: RunningLab;

before(async () => {
  mkdirSync(join(page, "assets"), { recursive: true });
  writeFileSync(join(page, "index.html"), "<!doctype html><title>Lab</title>");
  writeFileSync(join(page, "assets/lab.js"), "export {};");
  // For static hosts.
  writeFileSync(join(page, "lab.json"), '{ "folders": [], "runs": [], "live": null }');
  writeFileSync(join(folder, "secret.txt"), "secret");
  for (const [name, level] of Object.entries({ cat: 10, "hot dog": 200 })) {
    mkdirSync(join(photos, name), { recursive: true });
    const image = { width: 2, height: 2, channels: 1 as const, data: new Uint8Array(4).fill(level) };
    for (const i of [1, 2]) writeFileSync(join(photos, name, `${i} #.png`), data.encodePng(image));
  }
  mkdirSync(join(runs, "first"), { recursive: true });
  writeFileSync(
    join(runs, "first/config.json"),
    JSON.stringify({
      model: "lenet",
      startedAt: "2026-01-02T03:04:05Z",
      config: { epochs: 1 },
      outcome: "finished",
    }),
  );
  writeFileSync(
    join(runs, "first/metrics.jsonl"),
    `${JSON.stringify({ epoch: 1, trainLoss: 1, trainAccuracy: 0.5, testAccuracy: 0.75 })}\n`,
  );
  writeFileSync(join(runs, "first/best.safetensors"), "weights");
  lab = await serveLab({ folders: [photos], runs, page, port: 0, live });
});

after(async () => {
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

const get = (path: string, init: RequestInit = {}) => fetch(new URL(path, lab.url), init);

/** With a path and headers as they are given: `fetch` would normalise them. */
function raw(path: string, headers: Record<string, string>): Promise<number> {
  const { port } = new URL(lab.url);
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

test("the page comes with the headers for threads, and may load nothing from elsewhere", async () => {
  const response = await get("");
  assert.match(await response.text(), /<title>Lab/);
  assert.equal(response.headers.get("cross-origin-opener-policy"), "same-origin");
  assert.equal(response.headers.get("cross-origin-embedder-policy"), "require-corp");
  assert.match(
    response.headers.get("content-security-policy") ?? "",
    /default-src 'self'.*connect-src 'self'/,
  );
  const script = await get("assets/lab.js");
  assert.match(script.headers.get("content-type") ?? "", /^text\/javascript/);
  assert.equal(script.headers.get("cross-origin-embedder-policy"), "require-corp");
});

test("a folder is listed by its classes, and its images come as they are", async () => {
  const { folders } = (await (await get("lab.json")).json()) as { folders: unknown };
  assert.deepEqual(folders, [{ name: "photos", classes: ["cat", "hot dog"], count: 4 }]);
  const { classes } = (await (await get("lab/folders/photos/index.json")).json()) as {
    classes: { name: string; files: string[] }[];
  };
  assert.deepEqual(classes[1], { name: "hot dog", files: ["hot dog/1 #.png", "hot dog/2 #.png"] });
  const image = await get(
    `lab/folders/photos/${classes[1].files[0].split("/").map(encodeURIComponent).join("/")}`,
  );
  const decoded = await data.decodeImage(new Uint8Array(await image.arrayBuffer()), { channels: 1 });
  assert.deepEqual([...decoded.data], [200, 200, 200, 200]);
});

test("a run with weights is listed, and comes as a zip of its folder", async () => {
  const listed = (await (await get("lab.json")).json()) as { runs: unknown };
  assert.deepEqual(listed.runs, [
    { name: "first", title: "lenet, 2026-01-02 03:04", model: "lenet", epochs: 1, accuracy: 0.75 },
  ]);
  const zip = unzipSync(new Uint8Array(await (await get("lab/runs/first.zip")).arrayBuffer()));
  assert.deepEqual(Object.keys(zip).sort(), [
    "first/best.safetensors",
    "first/config.json",
    "first/metrics.jsonl",
  ]);
  assert.equal(new TextDecoder().decode(zip["first/best.safetensors"]), "weights");
});

test("nothing outside of what is served comes out", async () => {
  for (const path of [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/assets/../../secret.txt",
    "/lab/folders/photos/../../secret.txt",
    "/lab/folders/photos/%2e%2e%2f%2e%2e%2fsecret.txt",
    "/lab/runs/..%2f..%2fsecret.zip",
    "/data/..%2fsecret.txt",
    "/data/secret",
  ])
    assert.equal(await raw(path, { host: "localhost" }), 404, path);
  assert.equal(await raw("/%ff", { host: "localhost" }), 400);
});

test("pages of other names that point to this machine, and other methods, are refused", async () => {
  assert.equal(await raw("/lab.json", { host: "evil.example" }), 403);
  assert.equal(await raw("/lab.json", { host: "localhost:1234" }), 200);
  assert.equal((await get("lab.json", { method: "POST" })).status, 405);
  const head = await get("lab.json", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
});

test("a training is told as it goes, and from its start to a page that comes later", async () => {
  const description = {
    model: "lenet",
    name: "second",
    folder: join(runs, "second"),
    batchSize: 4,
    learningRate: 0.5,
    classes: ["bag", "shirt"],
  };
  const callbacks = live.callbacks(description);
  const first = reader(await get("lab/live"));
  const started = { epoch: 0, epochs: 2, batch: 0, points: [], stepsPerEpoch: 3 };
  callbacks.onStart?.(started);
  const point = { epoch: 0.2, trainLoss: 2, trainAccuracy: Number.NaN };
  callbacks.onPoint?.(point);
  assert.deepEqual(await first(2), [
    [
      "start",
      {
        model: "lenet",
        name: "second",
        batchSize: 4,
        learningRate: 0.5,
        classes: ["bag", "shirt"],
        part: "whole",
        epochs: 2,
        stepsPerEpoch: 3,
        points: [],
      },
    ],
    ["point", { epoch: 0.2, trainLoss: 2, trainAccuracy: null }],
  ]);
  const second = reader(await get("lab/live"));
  const [[name, start]] = await second(1);
  assert.equal(name, "start");
  assert.equal((start as { points: unknown[] }).points.length, 1);
  const { live: where } = (await (await get("lab.json")).json()) as { live: string };
  assert.equal(where, "lab/live");
});

/** Reads that many events. */
function reader(response: Response): (count: number) => Promise<[string, unknown][]> {
  assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  const stream = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = "";
  return async (count) => {
    while (text.split("\n\n").length <= count) {
      const { value, done } = await stream.read();
      if (done) break;
      text += new TextDecoder().decode(value);
    }
    await stream.cancel();
    return text
      .split("\n\n")
      .slice(0, count)
      .map((event) => {
        const [, name, json] = /^event: (.*)\ndata: (.*)$/s.exec(event) ?? [];
        return [name, JSON.parse(json)];
      });
  };
}

test("what cannot be served is named", async () => {
  await assert.rejects(serveLab({ page: folder, port: 0 }), /the Lab's page is not in .*npm run lab:build/s);
  const one = join(photos, "cat");
  await assert.rejects(serveLab({ page, folders: [one], port: 0 }), /images of 0 classes/);
  await assert.rejects(serveLab({ page, folders: [join(folder, "none")], port: 0 }), /none/);
  const port = Number(new URL(lab.url).port);
  await assert.rejects(serveLab({ page, port }), /port \d+ of 127\.0\.0\.1 is in use/);
});
