import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import * as fs from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { cacheFolder, destinationOf, placesOf } from "../../../src/data/fetch/data_folders.ts";
import { locateDataset } from "../../../src/data/fetch/locate_dataset.ts";
import type { LocateOptions } from "../../../src/data/fetch/located_data.ts";
import type { DatasetSource } from "../../../src/data/mnist_format.ts";
import { runCommand } from "../../../src/io/fetch/run_command.ts";
import { messageOf } from "./file_error_message.ts";
import { serve, tinyDataset } from "./tiny_dataset.ts";

/** A folder of the test's own, which is also the cache's parent while the test runs. */
function isolated(t: TestContext): string {
  const folder = fs.mkdtempSync(join(tmpdir(), "convoyant-"));
  const before = { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME, CONVOYANT_DATA: process.env.CONVOYANT_DATA };
  process.env.XDG_CACHE_HOME = join(folder, "cache");
  delete process.env.CONVOYANT_DATA;
  t.after(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    fs.rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

const serving =
  (contents: Map<string, Uint8Array>): RequestListener =>
  (request, response) => {
    const bytes = contents.get((request.url ?? "").slice(1).replace(/\.gz$/, ""));
    if (bytes === undefined) response.writeHead(404).end();
    else response.end(gzipSync(bytes));
  };

function put(folder: string, contents: Map<string, Uint8Array>, packed = false): void {
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of contents) {
    fs.writeFileSync(join(folder, packed ? `${name}.gz` : name), packed ? gzipSync(bytes) : bytes);
  }
}

const LIMITS = { connect: 300, stall: 300 };
const locate = (source: DatasetSource, options: Partial<LocateOptions> = {}) =>
  locateDataset(source, { train: true, limits: LIMITS, ...options });

test("folders are looked through in the documented order", () => {
  const env = { XDG_CACHE_HOME: "/x", CONVOYANT_DATA: "/env" };
  const { source } = tinyDataset();
  const folders = (dataDir?: string, given: NodeJS.ProcessEnv = env) =>
    placesOf(source, dataDir, given).map(({ folder }) => folder);
  const rest = ["/x/convoyant/tiny", "/nowhere/tiny"];
  assert.deepEqual(folders("/arg"), ["/arg/tiny", "/arg/Tiny/raw", "/arg", ...rest]);
  assert.deepEqual(folders(), ["/env/tiny", "/env/Tiny/raw", "/env", ...rest]);
  assert.deepEqual(folders(undefined, { XDG_CACHE_HOME: "/x" }), rest);
  assert.match(cacheFolder({ XDG_CACHE_HOME: "relative" }), /\.cache\/convoyant$/);
  assert.equal(destinationOf(source, undefined, { XDG_CACHE_HOME: "/x" }), "/x/convoyant/tiny");
  assert.equal(destinationOf(source, "/arg", env), "/arg/tiny");
});

test("files are found packed or not, in each folder, and in torchvision's layout", async (t) => {
  const home = isolated(t);
  const { source, contents } = tinyDataset();
  const places = ["a", "b/tiny", "c/Tiny/raw"];
  for (const [i, place] of places.entries()) {
    put(join(home, place), contents, i % 2 === 0);
    const dataDir = join(home, place.slice(0, 1));
    const { images, labels, folder } = await locate(source, { dataDir });
    assert.equal(folder, join(home, place));
    assert.deepEqual([images.shape, images.dtype], [[4, 1, 3, 2], "uint8"]);
    assert.deepEqual(labels, { data: Float64Array.of(0, 7, 4, 1), shape: [4], dtype: "int64" });
  }
  process.env.CONVOYANT_DATA = join(home, "a");
  assert.equal((await locate(source, { train: false })).folder, join(home, "a"));
  delete process.env.CONVOYANT_DATA;
  put(join(home, "cache/convoyant/tiny"), contents);
  assert.equal((await locate(source)).folder, join(home, "cache/convoyant/tiny"));
  assert.equal(
    (await locate({ ...source, systemFolders: [join(home, "a")] })).folder,
    join(home, "cache/convoyant/tiny"),
  );
});

test("a damaged file in the folder that was asked for is an error at once", async (t) => {
  const home = isolated(t);
  const { source, contents } = tinyDataset();
  put(join(home, "cache/convoyant/tiny"), contents);
  const path = join(home, "train-images");
  const damage = async (bytes: Uint8Array, name = "train-images") => {
    put(home, contents);
    fs.rmSync(path);
    fs.writeFileSync(join(home, name), bytes);
    return messageOf(locate(source, { dataDir: home }));
  };
  const good = contents.get("train-images") as Uint8Array;
  const flipped = Uint8Array.from(good);
  flipped[20] ^= 1;
  assert.match(
    await damage(flipped),
    /train-images is not the file it should be: its SHA-256 \(unpacked\) is/,
  );
  assert.match(
    await damage(good.subarray(0, 30)),
    /train-images is cut short: expected 40 bytes unpacked, got 30/,
  );
  assert.match(await damage(new Uint8Array(1000)), /at most 40 bytes unpacked, got 1000/);
  fs.rmSync(path);
  assert.match(
    await damage(gzipSync(new Uint8Array(1e6)), "train-images.gz"),
    /at most 40 bytes unpacked, got more/,
  );
  assert.match(await damage(gzipSync(good).subarray(0, 30), "train-images.gz"), /damaged or incomplete gzip/);
});

test("what is damaged or missing in the cache is fetched again", async (t) => {
  const home = isolated(t);
  const { contents } = tinyDataset();
  const { source } = tinyDataset([await serve(t, serving(contents))]);
  const cache = join(home, "cache/convoyant/tiny");
  put(cache, contents);
  fs.rmSync(join(cache, "train-labels"));
  fs.writeFileSync(join(cache, "train-images"), "half");
  const said: string[] = [];
  const { images, folder } = await locate(source, { onProgress: (text) => said.push(text) });
  assert.equal(folder, cache);
  assert.equal(images.data.length, 24);
  assert.match(said.join("\n"), /fetching Fashion-MNIST from 127\.0\.0\.1/);
  // All four have come, and nothing else is left.
  assert.deepEqual(fs.readdirSync(cache).sort(), [...contents.keys()].sort());
  await locate({ ...source, urls: [] }, { train: false });
});

test("the next source is tried if one fails, and one error lists them all", async (t) => {
  const home = isolated(t);
  const { contents } = tinyDataset();
  const wrong = new Map([...contents].map(([name, bytes]) => [name, bytes.slice().fill(9, 16)]));
  const silent = await serve(t, () => {});
  const stalling = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": "30" });
    response.write("x");
  });
  const cut = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": "30" });
    response.write("x", () => response.destroy());
  });
  const dripping = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": "30" });
    const drip = setInterval(() => response.write("x"), 100);
    response.on("close", () => clearInterval(drip));
  });
  const absent = await serve(t, (_, response) => response.writeHead(404).end());
  const endless = await serve(t, (_, response) => {
    const more = () => {
      while (response.write(new Uint8Array(1 << 16)));
    };
    response.on("drain", more);
    more();
  });
  const lying = await serve(t, serving(wrong));
  const closed = "http://127.0.0.1:1/";
  const bad = [silent, stalling, dripping, cut, absent, endless, lying, closed];
  const message = await messageOf(locate(tinyDataset(bad).source));
  for (const url of bad) assert.ok(message.includes(`  ${url}: `), `${url} is not in:\n${message}`);
  for (const why of [
    /no answer/,
    /it stopped sending/,
    /it answered 404/,
    /more than the file can have/,
    /SHA-256/,
  ]) {
    assert.match(message, why);
  }
  assert.match(message, /Fashion-MNIST was not found \(train-images\) and could not be fetched/);
  assert.match(
    message,
    /To provide the files yourself, put train-images, train-labels, test-images, test-labels/,
  );
  assert.ok(message.includes(join(home, "cache/convoyant/tiny")));
  assert.deepEqual(fs.readdirSync(join(home, "cache/convoyant/tiny")), []);

  const { folder } = await locate(tinyDataset([...bad, await serve(t, serving(contents))]).source);
  assert.deepEqual(fs.readdirSync(folder).sort(), [...contents.keys()].sort());
});

test("a program that fails is quoted where it names its error", async (t) => {
  const folder = isolated(t);
  const say = (text: string) =>
    runCommand("sh", ["-c", `printf '${text}' >&2; exit 3`], { folder, milliseconds: 60_000 });
  await assert.rejects(
    say("  at this line\\n    ^^^^\\nOSError: no space left\\n"),
    /: OSError: no space left$/,
  );
  await assert.rejects(say("ERROR: none found\\nWARNING: old\\n"), /: ERROR: none found$/);
  await assert.rejects(say("one\\ntwo\\nthree\\n"), /: two three$/);
  await assert.rejects(say(""), /it ended with code 3/);
});

test("a program that has started another is not waited for beyond its time", {
  timeout: 60_000,
}, async (t) => {
  const folder = isolated(t);
  const command = runCommand("sh", ["-c", "sleep 600 & echo $! > pid; wait"], { folder, milliseconds: 1000 });
  await assert.rejects(command, /FileError: sh .*: not done after 1 s/);
  process.kill(Number(fs.readFileSync(join(folder, "pid"), "utf8")));
});

test("nothing is fetched unless that is allowed", async (t) => {
  isolated(t);
  let asked = 0;
  const url = await serve(t, (_, response) => {
    asked++;
    response.end();
  });
  const message = await messageOf(locate(tinyDataset([url]).source, { download: false }));
  assert.match(message, /could not be fetched/);
  assert.equal(asked, 0);
});

test("a data folder that cannot be written is said before anything is fetched, and does not matter otherwise", async (t) => {
  const home = isolated(t);
  let asked = 0;
  const url = await serve(t, (_, response) => {
    asked++;
    response.end();
  });
  const { source, contents } = tinyDataset([url]);
  fs.writeFileSync(join(home, "file"), "");
  const dataDir = join(home, "file", "data");
  const message = await messageOf(locate(source, { dataDir }));
  assert.ok(message.includes(`cannot write ${join(dataDir, "tiny")}`), message);
  assert.match(message, /name a folder that can be written with `root` \(`dataDir`\), CONVOYANT_DATA/);
  assert.equal(asked, 0);
  put(join(home, "cache/convoyant/tiny"), contents);
  assert.equal((await locate(source, { dataDir })).folder, join(home, "cache/convoyant/tiny"));
});

test("two fetches at the same time do not disturb each other", async (t) => {
  const home = isolated(t);
  const { contents } = tinyDataset();
  const { source } = tinyDataset([await serve(t, serving(contents))]);
  const results = await Promise.all([locate(source), locate(source), locate(source, { train: false })]);
  assert.deepEqual(
    results.map(({ images }) => images.shape[0]),
    [4, 4, 2],
  );
  assert.deepEqual(fs.readdirSync(join(home, "cache/convoyant/tiny")).sort(), [...contents.keys()].sort());
});

/** A script that locates the tiny data set in a process of its own. */
function locateElsewhere(source: DatasetSource): string {
  const module = new URL("../../../src/data/fetch/locate_dataset.js", import.meta.url).href;
  return `
    import { locateDataset } from ${JSON.stringify(module)};
    const { images } = await locateDataset(${JSON.stringify(source)}, { train: true });
    console.log(images.shape[0]);
  `;
}

test("a fetch that is killed leaves nothing that looks like data; two processes may fetch at once", async (t) => {
  const home = isolated(t);
  const cache = join(home, "cache/convoyant/tiny");
  const { contents } = tinyDataset();
  let reached: () => void = () => {};
  const stuck = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": "30" });
    response.write(gzipSync(contents.get("train-images") as Uint8Array).subarray(0, 20), () => reached());
  });
  const arrived = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const args = (source: DatasetSource) => ["--input-type=module", "-e", locateElsewhere(source)];
  const child = spawn(process.execPath, args(tinyDataset([stuck]).source), { stdio: "ignore" });
  await arrived;
  child.kill("SIGKILL");
  await new Promise((done) => child.on("close", done));
  assert.ok(fs.readdirSync(cache).every((name) => name.startsWith(".fetch-")));

  const { source } = tinyDataset([await serve(t, serving(contents))]);
  const both = [0, 1].map(
    () =>
      new Promise<string>((resolve, reject) => {
        execFile(process.execPath, args(source), (error, stdout) =>
          error ? reject(error) : resolve(stdout.trim()),
        );
      }),
  );
  assert.deepEqual(await Promise.all(both), ["4", "4"]);
  const left = fs.readdirSync(cache);
  assert.deepEqual(left.filter((name) => !name.startsWith(".fetch-")).sort(), [...contents.keys()].sort());
  // What the killed one left is removed once it is a day old.
  const old = new Date(Date.now() - 2 * 24 * 3600 * 1000);
  for (const name of left.filter((n) => n.startsWith(".fetch-"))) fs.utimesSync(join(cache, name), old, old);
  fs.rmSync(join(cache, "train-images"));
  await locate(source);
  assert.deepEqual(fs.readdirSync(cache).sort(), [...contents.keys()].sort());
});

/** Programs that stand in for the distribution's, found first in PATH. */
function fakePrograms(t: TestContext, home: string, programs: Record<string, string>): void {
  const folder = join(home, "bin");
  fs.mkdirSync(folder);
  for (const [name, script] of Object.entries(programs)) {
    fs.writeFileSync(join(folder, name), `#!/bin/sh\necho "$*" >> ${join(home, "calls")}\n${script}\n`, {
      mode: 0o755,
    });
  }
  const before = process.env.PATH;
  process.env.PATH = `${folder}${delimiter}${before}`;
  t.after(() => {
    process.env.PATH = before;
  });
}

test("the distribution's package is fetched and unpacked, with package lists of our own if there are none", async (t) => {
  const home = isolated(t);
  const { source, contents } = tinyDataset([], "dataset-tiny");
  put(join(home, "files"), contents, true);
  fakePrograms(t, home, {
    "apt-get": `
      case "$*" in
        *update*) touch ${join(home, "updated")}; echo "E: one repository is broken" >&2; exit 100 ;;
        *download*) test -e ${join(home, "updated")} || { echo "E: Unable to locate package" >&2; exit 100; }
          echo archive > dataset-tiny_1_all.deb ;;
      esac`,
    "dpkg-deb": `
      test "$1" = -x && test -e "$2" || exit 1
      mkdir -p "$3/nowhere/tiny" && cp ${join(home, "files")}/* "$3/nowhere/tiny/"`,
  });
  const { folder } = await locate(source);
  assert.equal(folder, join(home, "cache/convoyant/tiny"));
  assert.deepEqual(fs.readdirSync(folder).sort(), [...contents.keys()].sort());
  const calls = fs.readFileSync(join(home, "calls"), "utf8").trim().split("\n");
  assert.equal(calls.length, 4);
  assert.match(calls[1], /Dir::State::lists=.* update$/);
  // Everything that apt writes lies inside the work folder, which is gone.
  assert.ok(calls[1].includes(`Dir::State=${join(home, "cache")}`), calls[1]);
});

test("a package manager that fails, or brings something else, is in the list of what was tried", async (t) => {
  const home = isolated(t);
  const { source } = tinyDataset([], "dataset-tiny");
  fakePrograms(t, home, {
    "apt-get": 'echo "E: Unable to fetch some archives" >&2; exit 100',
    "dpkg-deb": "exit 0",
  });
  assert.match(
    await messageOf(locate(source)),
    /apt-get download dataset-tiny: .*E: Unable to fetch some archives/,
  );
  fs.writeFileSync(join(home, "bin", "apt-get"), "#!/bin/sh\necho x > dataset-tiny_1_all.deb\n");
  assert.match(await messageOf(locate(source)), /train-images is not in the package/);
  process.env.PATH = join(home, "nothing");
  assert.match(await messageOf(locate(source)), /apt-get .*it is not installed/);
});
