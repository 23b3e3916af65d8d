/** `convoyant serve` as a process: starts, refuses what it must, and ends without losing a request. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { Classifier } from "../../src/classifier/index.ts";
import { models } from "../../src/index.ts";
import { stopEngine } from "../../src/runtime/runtime.ts";
import { pixel, TOKEN } from "../serve/served.ts";
import { type CliOptions, type CliResult, convoyant, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const file = join(folder, "pets.safetensors");

before(async () => {
  writeFileSync(file, await classifierBytes(["cat", "dog"]));
  await stopEngine();
});

function classifierBytes(classes: string[]): Promise<Uint8Array> {
  const preprocessing = {
    resize: { size: [28, 28], interpolation: "bilinear" },
    crop: null,
    mean: [0],
    std: [1],
    background: [255, 255, 255],
  } as const;
  return Classifier.of(models.lenet({ numClasses: classes.length }), { classes, preprocessing }).toBytes();
}

interface Served {
  readonly url: string;
  stop(signal?: NodeJS.Signals): void;
  readonly ended: Promise<CliResult>;
}

/** Starts the command, and resolves when it listens. */
function serving(args: readonly string[] = [], options: CliOptions = {}): Promise<Served> {
  return new Promise((resolve, reject) => {
    const flags = ["--port", "0", "--engine", "wasm", "--threads", "1", "--json"];
    const ended = convoyant(["serve", file, ...flags, ...args], {
      ...options,
      onLine: (line, child) => {
        const { event, url } = JSON.parse(line);
        if (event === "listening") resolve({ url, stop: (name = "SIGTERM") => child.kill(name), ended });
      },
    });
    void ended.then(({ stderr }) => reject(new Error(`it ended: ${stderr}`)));
  });
}

const post = (url: string, body: Uint8Array, headers = {}) =>
  fetch(`${url}/predict`, { method: "POST", body: body as BodyInit, headers });

describe("serve", () => {
  test("answers, logs a line for each request without what was sent, and ends with 0", async () => {
    const { url, stop, ended } = await serving();
    const answer = await (await post(url, pixel(200))).json();
    assert.ok(["cat", "dog"].includes(answer.predictions[0].label));
    assert.equal((await post(url, Buffer.from("hello"))).status, 422);
    assert.equal((await fetch(`${url}/ready`)).status, 200);
    // The page of `convoyant ship`, with all that it loads.
    const page = await (await fetch(url)).text();
    assert.match(page, /<title>lenet, 2 classes<\/title>/);
    const [, script] = /<script src="([^"]+)">/.exec(page) ?? [];
    for (const name of [script, "model.safetensors"])
      assert.equal((await fetch(`${url}/${name}`)).status, 200, name);
    const weights = await (await fetch(`${url}/model.safetensors`)).arrayBuffer();
    assert.deepEqual((await Classifier.load(weights)).classes, ["cat", "dog"]);
    stop();
    const { code, events, stderr } = await ended;
    assert.equal(code, 0);
    assert.match(stderr, /Answering the requests under way/);
    assert.deepEqual(
      events.map(({ event, path, status, lost }) =>
        [event, path, status, lost].filter((x) => x !== undefined),
      ),
      [
        ["ready"],
        ["listening"],
        ["request", "/predict", 200],
        ["request", "/predict", 422],
        ["request", "/ready", 200],
        ["request", "/", 200],
        ...Array.from({ length: 3 }, () => ["request", "other", 200]),
        ["end", 0],
      ],
    );
    for (const { time } of events) assert.ok(!Number.isNaN(Date.parse(time)), time);
  });

  test("kill -TERM under load loses no accepted request", async () => {
    const { url, stop, ended } = await serving(["--max-batch", "4"]);
    let [answered, lost] = [0, 0];
    const client = async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let isOver = false; !isOver; ) isOver = await once(agent);
      agent.destroy();
    };
    /** Whether it was the last request of this connection. */
    const once = (agent: Agent) =>
      new Promise<boolean>((resolve) => {
        const sent = httpRequest(`${url}/predict`, { agent, method: "POST" }, (response) => {
          response.on("end", () => {
            assert.equal(response.statusCode, 200);
            if (++answered === 100) stop();
            resolve(response.headers.connection === "close");
          });
          response.resume();
        });
        sent.on("error", () => {
          lost++;
          resolve(true);
        });
        sent.end(pixel(100));
      });
    await Promise.all(Array.from({ length: 12 }, client));
    const { code, events } = await ended;
    assert.equal(lost, 0);
    assert.ok(answered >= 100);
    assert.equal(events.filter(({ event }) => event === "request").length, answered);
    assert.deepEqual([code, events.at(-1)?.lost], [0, 0]);
  });

  test("the token may stand in the environment; a new file is served when it is asked for", async () => {
    const own = join(folder, "own.safetensors");
    writeFileSync(own, await classifierBytes(["a", "b", "c"]));
    const flags = ["--port", "0", "--host", "0.0.0.0", "--engine", "wasm", "--threads", "1", "--json"];
    let after: Promise<void> | undefined;
    const { code, stdout } = await convoyant(["serve", own, ...flags], {
      env: { CONVOYANT_SERVE_TOKEN: TOKEN },
      onLine: (line, child) => {
        const { event, url } = JSON.parse(line);
        if (event === "listening")
          after = use(url.replace("0.0.0.0", "127.0.0.1")).finally(() => child.kill("SIGINT"));
      },
    });
    async function use(url: string): Promise<void> {
      const authorization = `Bearer ${TOKEN}`;
      const reload = () => fetch(`${url}/reload`, { method: "POST", headers: { authorization } });
      const classes = async () => {
        const answer = await (await post(url, pixel(1), { authorization })).json();
        return answer.predictions[0].top.length;
      };
      assert.equal((await post(url, pixel(1))).status, 401);
      assert.equal(await classes(), 3);
      // The file is another, and the server is not told: the old one stays.
      writeFileSync(own, await classifierBytes(["a", "b"]));
      assert.equal(await classes(), 3);
      assert.equal((await reload()).status, 200);
      assert.equal(await classes(), 2);
      writeFileSync(own, "damaged");
      const refused = await reload();
      assert.equal(refused.status, 500);
      assert.match((await refused.json()).error.message, /the one before is still used/);
      assert.equal(await classes(), 2);
      await stopEngine();
    }
    await after;
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, new RegExp(TOKEN));
  });
});

describe("serve refuses", () => {
  const refused = async (args: readonly string[], code: number, message: RegExp) => {
    const result = await convoyant(["serve", ...args], { cwd: folder });
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, message);
    assert.doesNotMatch(result.stderr, /Internal error/);
  };

  test("an address that others reach, without a token", () =>
    refused([file, "--host", "0.0.0.0"], 2, /other machines reach 0\.0\.0\.0, .*--token/));

  test("a port in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    await refused([file, "--port", String(port)], 2, /is in use; choose another with --port/);
    other.close();
  });

  test("a run that is not a classifier", async () => {
    mkdirSync(join(folder, "empty"));
    writeFileSync(join(folder, "notes.txt"), "hello");
    await refused(["empty", "--port", "0"], 1, /empty is not a run: it has no config\.json/);
    await refused(["nothing", "--port", "0"], 1, /there is no such file/);
    await refused(["notes.txt", "--port", "0"], 1, /none of the formats/);
    await refused([file, "--port", "0", "--max-batch", "3"], 2, /power of two/);
  });
});
