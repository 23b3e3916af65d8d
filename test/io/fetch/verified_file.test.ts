/** Downloads of large files: continued where they broke, verified, kept whole or not at all. */
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { DiskError } from "../../../src/io/fetch/download.ts";
import { downloadVerified, hashProblem } from "../../../src/io/fetch/verified_file.ts";
import { messageOf } from "./file_error_message.ts";
import { serve } from "./tiny_dataset.ts";

const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i + (i >> 8)) % 251);
const SHA256 = createHash("sha256").update(BYTES).digest("hex");
const LIMITS = { connect: 500, stall: 500 };

/** A path in a folder of the test's own. */
function newPath(t: TestContext): string {
  const folder = fs.mkdtempSync(join(tmpdir(), "convoyant-download-"));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return join(folder, "weights", `net-${SHA256.slice(0, 8)}.pth`);
}

const entries = (path: string) => fs.readdirSync(join(path, ".."));

function get(url: string, path: string, sha256 = SHA256.slice(0, 8), said: string[] = []): Promise<void> {
  const progress = (text: string) => void said.push(text);
  return downloadVerified(path, sha256, { url, name: "net", mostBytes: 400_000, progress, limits: LIMITS });
}

/** A server of {@link BYTES} that understands ranges and sends at most `most` bytes in one answer; `asked` are the ranges. */
function rangeServer(asked: (string | undefined)[], most = Number.POSITIVE_INFINITY): RequestListener {
  return (request, response) => {
    const { range } = request.headers;
    asked.push(range);
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? "bytes=0-")?.[1]);
    const rest = BYTES.subarray(from);
    response.writeHead(range === undefined ? 200 : 206, {
      "content-length": rest.length,
      ...(range === undefined
        ? {}
        : { "content-range": `bytes ${from}-${BYTES.length - 1}/${BYTES.length}` }),
    });
    if (most >= rest.length) response.end(rest);
    // What a client has not read when the connection breaks is lost to it: it gets time for that.
    else response.write(rest.subarray(0, most), () => setTimeout(() => response.destroy(), 250));
  };
}

test("a file comes whole, through redirects, and leaves nothing beside it", async (t) => {
  const path = newPath(t);
  const asked: (string | undefined)[] = [];
  const real = await serve(t, rangeServer(asked));
  const url = await serve(t, (request, response) =>
    response
      .writeHead(request.url === "/moved" ? 302 : 301, {
        location: request.url === "/moved" ? real : "/moved",
      })
      .end(),
  );
  await get(`${url}net.pth`, path);
  assert.deepEqual(fs.readFileSync(path), Buffer.from(BYTES));
  assert.deepEqual(entries(path), [basename(path)]);
  assert.deepEqual(asked, [undefined]);
  assert.equal(await hashProblem(path, SHA256), null);
});

test("redirects without end are an error", async (t) => {
  const path = newPath(t);
  const url = await serve(t, (_, response) => response.writeHead(302, { location: "/again" }).end());
  assert.match(await messageOf(get(url, path)), /redirect/);
  assert.deepEqual(entries(path), []);
});

test("a connection that breaks is continued where it broke", async (t) => {
  const path = newPath(t);
  const asked: (string | undefined)[] = [];
  const said: string[] = [];
  await get(await serve(t, rangeServer(asked, 110_000)), path, SHA256, said);
  assert.deepEqual(fs.readFileSync(path), Buffer.from(BYTES));
  assert.deepEqual(entries(path), [basename(path)]);
  assert.equal(asked[0], undefined);
  assert.ok(asked.length >= 3, String(asked));
  for (const range of asked.slice(1)) assert.match(range as string, /^bytes=[1-9]\d*-$/);
  assert.match(said.join("\n"), /the connection broke at 0\.1 MB, going on/);
});

test("a connection that breaks before anything was read is tried again", async (t) => {
  const path = newPath(t);
  let asked = 0;
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": BYTES.length });
    if (asked++ > 0) response.end(BYTES);
    else {
      response.flushHeaders();
      setTimeout(() => response.destroy(), 20);
    }
  });
  await get(url, path);
  assert.equal(asked, 2);
  assert.deepEqual(fs.readFileSync(path), Buffer.from(BYTES));
});

test("a download that is given up is continued by the next call", async (t) => {
  const path = newPath(t);
  const asked: (string | undefined)[] = [];
  const serving = rangeServer(asked, 100_000);
  const url = await serve(t, (request, response) =>
    asked.length === 0 ? serving(request, response) : response.writeHead(404).end(),
  );
  assert.match(await messageOf(get(url, path)), /: it answered 404/);
  assert.deepEqual(entries(path), [`${basename(path)}.part`]);
  const { size } = fs.statSync(`${path}.part`);
  assert.ok(size > 0 && size <= 100_000);
  const later: (string | undefined)[] = [];
  await get(await serve(t, rangeServer(later)), path);
  assert.deepEqual(later, [`bytes=${size}-`]);
  assert.deepEqual(fs.readFileSync(path), Buffer.from(BYTES));
  assert.deepEqual(entries(path), [basename(path)]);
});

test("a server that knows no ranges sends all of it again", async (t) => {
  const path = newPath(t);
  let asked = 0;
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": BYTES.length });
    if (asked++ > 0) response.end(BYTES);
    else response.write(BYTES.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20));
  });
  await get(url, path);
  assert.equal(asked, 2);
  assert.deepEqual(fs.readFileSync(path), Buffer.from(BYTES));
});

test("what an earlier download left need not be the beginning of this file", async (t) => {
  const leave = (path: string, bytes: Uint8Array) => {
    fs.mkdirSync(join(path, ".."), { recursive: true });
    fs.writeFileSync(`${path}.part`, bytes);
  };
  for (const left of [new Uint8Array(1000).fill(7), new Uint8Array(BYTES.length).fill(7), BYTES]) {
    const path = newPath(t);
    leave(path, left);
    const url = await serve(t, (request, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      if (from < BYTES.length) return rangeServer([])(request, response);
      response.writeHead(416, { "content-range": `bytes */${BYTES.length}` }).end();
    });
    await get(url, path);
    assert.deepEqual(fs.readFileSync(path), Buffer.from(BYTES));
    assert.deepEqual(entries(path), [basename(path)]);
  }
});

test("a longer rest than the file has is not kept", async (t) => {
  const path = newPath(t);
  fs.mkdirSync(join(path, ".."), { recursive: true });
  fs.writeFileSync(`${path}.part`, new Uint8Array(BYTES.length + 9));
  const url = await serve(t, (request, response) => {
    if (request.headers.range === undefined) return rangeServer([])(request, response);
    response.writeHead(416, { "content-range": `bytes */${BYTES.length}` }).end();
  });
  await get(url, path);
  assert.deepEqual(fs.readFileSync(path), Buffer.from(BYTES));
});

test("another file is refused, and nothing of it is kept", async (t) => {
  const path = newPath(t);
  const url = await serve(t, (_, response) => response.end("<html>sign in first</html>"));
  const message = await messageOf(get(url, path));
  assert.ok(message.startsWith(url), message);
  assert.match(message, /its SHA-256 begins with [0-9a-f]{8}, expected [0-9a-f]{8}; nothing of it was kept/);
  assert.deepEqual(entries(path), []);
});

test("sources that do not send the file are given up, each with its reason", async (t) => {
  const path = newPath(t);
  const drip: RequestListener = (_, response) => {
    response.writeHead(200, { "content-length": BYTES.length });
    const timer = setInterval(() => response.write("x"), 100);
    response.on("close", () => clearInterval(timer));
  };
  const cases: [RequestListener, RegExp][] = [
    [() => {}, /: no answer$/],
    [drip, /: it stopped sending, or sends too slowly$/],
    [(_, response) => response.writeHead(404).end(), /: it answered 404$/],
    [(_, response) => response.writeHead(503).end(), /: it answered 503$/],
    [(_, response) => void response.socket?.destroy(), /: (UND_ERR_SOCKET|ECONNRESET|other side closed)/],
    [
      (_, response) => response.writeHead(200, { "content-length": 1e9 }).end("x"),
      /it sends more than the file can have \(0\.4 MB\)$/,
    ],
    [(_, response) => response.end(new Uint8Array(500_000)), /it sends more than the file can have/],
    [(_, response) => response.writeHead(206, { "content-range": "bytes 7-8/9" }).end("xx"), /sent others$/],
  ];
  for (const [listener, reason] of cases)
    assert.match(await messageOf(get(await serve(t, listener), path)), reason);
  assert.match(await messageOf(get("http://127.0.0.1:1/", path)), /127\.0\.0\.1:1\/: /);
  // Bytes of the one that sends too slowly may be left.
  assert.ok(!fs.existsSync(path));
});

test("a name and password in the address are sent, and are in no message", async (t) => {
  const path = newPath(t);
  let header: string | undefined;
  const url = await serve(t, (request, response) => {
    header = request.headers.authorization;
    response.writeHead(403).end();
  });
  const message = await messageOf(get(url.replace("//", "//me:p%40ss@"), path));
  assert.equal(header, `Basic ${Buffer.from("me:p@ss").toString("base64")}`);
  assert.match(message, /it answered 403/);
  assert.doesNotMatch(message, /p%40ss|p@ss/);
});

test("a folder that cannot be written is told apart from a source that fails", async (t) => {
  const path = newPath(t);
  fs.writeFileSync(join(path, ".."), "a file in the way");
  let asked = 0;
  const url = await serve(t, (_, response) => {
    asked++;
    response.end();
  });
  await assert.rejects(
    get(url, path),
    (error) => error instanceof DiskError && error.message.includes("cannot write"),
  );
  assert.equal(asked, 0);
});

test("a disk that fills up is named, and gets its space back", async (t) => {
  const path = newPath(t);
  const folder = join(path, "..");
  fs.mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    t.skip("mounting a small file system needs root");
    return;
  }
  try {
    await assert.rejects(get(await serve(t, rangeServer([])), path), (error: Error) => {
      assert.ok(error instanceof DiskError);
      assert.match(error.message, /the disk is full \(ENOSPC\); free some space/);
      return true;
    });
    assert.deepEqual(entries(path), []);
  } finally {
    execFileSync("umount", [folder]);
  }
});

/** A program that downloads to `path` in a process of its own. */
function elsewhere(url: string, path: string): string[] {
  const module = new URL("../../../src/io/fetch/verified_file.js", import.meta.url).href;
  const download = JSON.stringify({ url, name: "net", mostBytes: 400_000 });
  const script = `
    import { downloadVerified } from ${JSON.stringify(module)};
    const download = { ...${download}, progress: () => {} };
    await downloadVerified(${JSON.stringify(path)}, ${JSON.stringify(SHA256)}, download);
  `;
  return ["--input-type=module", "-e", script];
}

test("two processes at once do not disturb each other", async (t) => {
  const path = newPath(t);
  const url = await serve(t, rangeServer([], 110_000));
  const one = () =>
    new Promise<void>((resolve, reject) => {
      execFile(process.execPath, elsewhere(url, path), (error) => (error ? reject(error) : resolve()));
    });
  await Promise.all([one(), one(), get(url, path)]);
  assert.deepEqual(fs.readFileSync(path), Buffer.from(BYTES));
  assert.deepEqual(entries(path), [basename(path)]);
});

test("a process that is killed leaves what the next one continues", async (t) => {
  const path = newPath(t);
  let reached: () => void = () => {};
  const arrived = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const stuck = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": BYTES.length });
    response.write(BYTES.subarray(0, 200_000));
    reached();
  });
  const child = spawn(process.execPath, elsewhere(stuck, path), { stdio: "ignore" });
  await arrived;
  const written = () => {
    const [entry] = fs.existsSync(join(path, "..")) ? entries(path) : [];
    return entry === undefined ? 0 : fs.statSync(join(path, "..", entry)).size;
  };
  while (written() < 200_000) await new Promise((done) => setTimeout(done, 10));
  child.kill("SIGKILL");
  await new Promise((done) => child.on("close", done));
  assert.ok(!fs.existsSync(path));
  const asked: (string | undefined)[] = [];
  await get(await serve(t, rangeServer(asked)), path);
  assert.deepEqual(asked, ["bytes=200000-"]);
  assert.deepEqual(fs.readFileSync(path), Buffer.from(BYTES));
  assert.deepEqual(entries(path), [basename(path)]);
});
