/** The server on a port: who may send requests, limits of size and time, and what else is served. */
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ArgumentError } from "../../src/base/errors.ts";
import { type RunningServer, type ServeEvent, type ServeOptions, serve } from "../../src/serve/index.ts";
import { brightness, exchangeRaw, held, largePng, pixel, TOKEN } from "./served.ts";

const started: RunningServer[] = [];
after(() => Promise.all(started.map((server) => server.close())));

async function start(options: ServeOptions = {}, classifier = brightness): Promise<RunningServer> {
  const server = await serve(classifier, { port: 0, decodeWorkers: 0, ...options });
  started.push(server);
  return server;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
}

/** By node:http, which lets every header be set. */
function ask(server: RunningServer, path: string, { method = "GET", headers = {}, body }: Asked = {}) {
  return new Promise<{ status: number; headers: Record<string, any>; text: string }>((resolve, reject) => {
    const options = { host: server.host, port: server.port, path, method, headers, agent: false as const };
    const sent = httpRequest(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("who may send requests", () => {
  test("with a token, only clients that send it; programs that watch the server need none", async () => {
    const server = await start({ token: TOKEN });
    const statusOf = async (path: string, headers = {}) => (await ask(server, path, { headers })).status;
    for (const path of ["/", "/metrics", "/openapi.json", "/nothing"]) {
      assert.equal(await statusOf(path), 401, path);
      assert.notEqual(await statusOf(path, bearer(TOKEN)), 401, path);
    }
    for (const path of ["/health", "/ready"]) assert.equal(await statusOf(path), 200, path);
    const wrong = [TOKEN.slice(1), `${TOKEN}x`, TOKEN.toUpperCase(), "", "x".repeat(10_000)];
    for (const token of wrong)
      assert.equal(await statusOf("/metrics", bearer(token)), 401, token.slice(0, 30));
    for (const authorization of [TOKEN, `Basic ${TOKEN}`, `Bearer ${TOKEN} x`])
      assert.equal(await statusOf("/metrics", { authorization }), 401, authorization);
    assert.equal(await statusOf("/metrics", { authorization: `bearer  ${TOKEN}` }), 200);
    const refused = await ask(server, "/predict", { method: "POST", body: pixel(1) });
    assert.equal(refused.status, 401);
    assert.equal(refused.headers["www-authenticate"], 'Bearer realm="convoyant"');
    assert.equal(JSON.parse(refused.text).error.code, "unauthorized");
    const sent = { method: "POST", body: pixel(255), headers: bearer(TOKEN) };
    assert.equal((await ask(server, "/predict", sent)).status, 200);
  });

  test("an address that others reach needs a token, and a token needs to be long", async () => {
    const refused = (options: ServeOptions, message: RegExp) =>
      assert.rejects(
        start(options),
        (error) => error instanceof ArgumentError && message.test(error.message),
      );
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.org"])
      await refused({ host }, /other machines reach .*, so a token is needed/);
    await refused({ token: "short" }, /at least 16/);
    await refused({ token: "with spaces in it, and long" }, /without spaces/);
    await assert.rejects(start({ token: "short" }), (error: Error) => !error.message.includes("short"));
    const open = await start({ host: "0.0.0.0", token: TOKEN });
    const local = { ...open, host: "127.0.0.1" };
    assert.equal((await ask(local, "/health", { headers: { host: "any.example" } })).status, 200);
  });

  test("on a loopback address, no page of another name that points here", async () => {
    const server = await start();
    const statusOf = async (host: string) => (await ask(server, "/health", { headers: { host } })).status;
    for (const host of ["localhost", "LOCALHOST:99", `127.0.0.1:${server.port}`, "[::1]:8080"])
      assert.equal(await statusOf(host), 200, host);
    for (const host of [
      "evil.example",
      "evil.example:80",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
    ])
      assert.equal(await statusOf(host), 403, host);
    const proxied = await start({ allowHosts: ["pets.example"] });
    assert.equal((await ask(proxied, "/health", { headers: { host: "pets.example" } })).status, 200);
    assert.equal((await ask(proxied, "/health", { headers: { host: "other.example" } })).status, 403);
  });

  test("pages of other origins only if they are allowed", async () => {
    const predict = (server: RunningServer, origin: string) =>
      ask(server, "/predict", { method: "POST", body: pixel(1), headers: { origin } });
    const closed = await start();
    const own = await predict(closed, closed.url);
    assert.equal(own.status, 200);
    assert.equal(own.headers["access-control-allow-origin"], undefined);
    for (const origin of ["https://evil.example", "null", "http://localhost:1"]) {
      const answer = await predict(closed, origin);
      assert.deepEqual([answer.status, JSON.parse(answer.text).error.code], [403, "wrong_origin"], origin);
    }
    const origin = "https://app.example";
    const open = await start({ allowOrigin: origin });
    const answer = await predict(open, origin);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["access-control-allow-origin"], origin);
    assert.equal(answer.headers.vary, "Origin");
    assert.equal((await predict(open, "https://evil.example")).status, 403);
    const asked = { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } };
    const before = await ask(open, "/predict", asked);
    assert.equal(before.status, 204);
    assert.match(before.headers["access-control-allow-methods"], /POST/);
    assert.match(before.headers["access-control-allow-headers"], /authorization/);
    const evil = { method: "OPTIONS", headers: { origin: "https://evil.example" } };
    assert.equal((await ask(open, "/predict", evil)).headers["access-control-allow-methods"], undefined);
    const all = await start({ allowOrigin: "*" });
    assert.equal((await predict(all, "null")).headers["access-control-allow-origin"], "*");
    for (const wrong of ["app.example", "https://app.example/", 3 as unknown as string])
      await assert.rejects(start({ allowOrigin: wrong }), /expected allowOrigin to be origins/);
  });
});

describe("paths", () => {
  test("that are not there, and methods that a path does not take", async () => {
    const server = await start();
    for (const path of ["/nothing", "/predict/", "/Predict", "//", "/constructor", "/__proto__", "/reload"]) {
      const { status, text } = await ask(server, path);
      assert.deepEqual([status, JSON.parse(text).error.code], [404, "not_found"], path);
    }
    for (const [method, path, allow] of [
      ["GET", "/predict", "POST, OPTIONS"],
      ["PUT", "/predict", "POST, OPTIONS"],
      ["POST", "/health", "GET, HEAD, OPTIONS"],
      ["DELETE", "/", "GET, HEAD, OPTIONS"],
    ]) {
      const { status, headers, text } = await ask(server, path, { method });
      assert.deepEqual([status, headers.allow], [405, allow], `${method} ${path}`);
      assert.equal(JSON.parse(text).error.code, "method_not_allowed");
    }
    const head = await ask(server, "/health", { method: "HEAD" });
    assert.deepEqual([head.status, head.text], [200, ""]);
    assert.equal((await ask(server, "/health?x=y")).status, 200);
    assert.equal((await ask(server, `${server.url}/health`)).status, 200);
  });

  test("a page for people: by default it says what there is, and names do no harm in it", async () => {
    const server = await start({}, { ...brightness, classes: ["<script>", "b&b"] });
    const { headers, text } = await ask(server, "/");
    assert.match(headers["content-type"], /^text\/html/);
    assert.match(text, /\/predict/);
    assert.match(text, /&lt;script&gt;, b&amp;b/);
    assert.doesNotMatch(text, /<script>/);
  });

  test("a page of one's own, with its files, is made once for a model", async () => {
    let made = 0;
    const files = (classifier: typeof brightness) => {
      made++;
      const html = `<title>${classifier.classes[0]}</title>`;
      return new Map<string, string | Uint8Array>([
        ["index.html", html],
        ["app.js", "start()"],
        ["model.safetensors", Buffer.from([1, 2, 3])],
      ]);
    };
    const reload = async () => ({ ...brightness, classes: ["other", "b"] });
    const server = await start({ files, token: TOKEN, reload });
    const headers = bearer(TOKEN);
    const get = async (path: string) => {
      const answer = await ask(server, path, { headers });
      return [answer.status, answer.headers["content-type"], answer.text];
    };
    assert.equal(made, 0);
    assert.deepEqual(await get("/"), [200, "text/html; charset=utf-8", "<title>dark</title>"]);
    assert.deepEqual(await get("/app.js"), [200, "text/javascript; charset=utf-8", "start()"]);
    const weights = await get("/model.safetensors");
    assert.deepEqual(weights, [200, "application/octet-stream", "\u0001\u0002\u0003"]);
    assert.equal((await get("/missing.js"))[0], 404);
    assert.equal((await get("/../package.json"))[0], 404);
    assert.equal((await ask(server, "/app.js")).status, 401);
    assert.equal((await ask(server, "/app.js", { headers, method: "POST" })).status, 404);
    assert.equal(made, 1);
    await ask(server, "/reload", { method: "POST", headers });
    assert.equal((await get("/"))[2], "<title>other</title>");
    assert.equal(made, 2);
  });

  test("OpenAPI describes every path, and every status of a prediction", async () => {
    const server = await start({ token: TOKEN, reload: async () => brightness });
    const document = JSON.parse((await ask(server, "/openapi.json", { headers: bearer(TOKEN) })).text);
    assert.equal(document.openapi, "3.1.0");
    const paths = ["/", "/predict", "/health", "/ready", "/metrics", "/openapi.json", "/reload"];
    assert.deepEqual(Object.keys(document.paths), paths);
    assert.deepEqual(document.paths["/predict"].post.security, [{ token: [] }]);
    assert.equal(document.paths["/health"].get.security, undefined);
    const known = Object.keys(document.paths["/predict"].post.responses);
    assert.deepEqual(known, ["200", "400", "401", "403", "408", "413", "415", "422", "503"]);
    const references = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)];
    for (const [, name] of references) assert.ok(document.components.schemas[name], name);
  });

  test("metrics are in Prometheus's format, and count what happened", async () => {
    const server = await start();
    await ask(server, "/predict", { method: "POST", body: pixel(1) });
    await ask(server, "/predict", { method: "POST", body: "hello" });
    await ask(server, "/nothing/42");
    const { headers, text } = await ask(server, "/metrics");
    assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    const types = new Map<string, string>();
    const values = new Map<string, number>();
    for (const line of text.trimEnd().split("\n")) {
      const [, name, type] = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line) ?? [];
      if (name !== undefined) types.set(name, type);
      if (line.startsWith("#")) continue;
      const sample = /^([a-z_]+(?:\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})?) (\S+)$/.exec(line);
      assert.ok(sample !== null && Number.isFinite(Number(sample[2])), line);
      const of = sample[1].replace(/\{.*/, "");
      assert.ok(types.has(of) || types.has(of.replace(/_(bucket|sum|count)$/, "")), line);
      values.set(sample[1], Number(sample[2]));
    }
    const requests = 'convoyant_requests_total{path="/predict",method="POST",status=';
    assert.equal(values.get(`${requests}"200"}`), 1);
    assert.equal(values.get(`${requests}"422"}`), 1);
    assert.equal(values.get('convoyant_requests_total{path="other",method="GET",status="404"}'), 1);
    assert.equal(values.get('convoyant_images_total{result="predicted"}'), 1);
    assert.equal(values.get('convoyant_images_total{result="failed"}'), 1);
    assert.equal(values.get("convoyant_predict_duration_seconds_count"), 2);
    assert.equal(values.get('convoyant_batch_size_bucket{le="1"}'), 1);
    assert.equal(values.get("convoyant_queue_length"), 0);
    assert.equal(values.get("convoyant_queue_capacity"), 256);
    assert.ok((values.get("process_resident_memory_bytes") ?? 0) > 1e6);
  });

  test("events name no query, no address and no token", async () => {
    const events: ServeEvent[] = [];
    const server = await start({ token: TOKEN, onEvent: (event) => events.push(event) });
    await ask(server, `/predict?secret=${TOKEN}`, { method: "POST", body: pixel(9), headers: bearer(TOKEN) });
    await ask(server, `/${TOKEN}`, { headers: bearer(TOKEN) });
    const requests = events.filter(({ event }) => event === "request");
    assert.deepEqual(
      requests.map(({ milliseconds, ...rest }: any) => rest),
      [
        {
          event: "request",
          id: 1,
          method: "POST",
          path: "/predict",
          status: 200,
          images: 1,
          failed: 0,
          bytes: 12,
          code: null,
        },
        {
          event: "request",
          id: 2,
          method: "GET",
          path: "other",
          status: 404,
          images: 0,
          failed: 0,
          bytes: 0,
          code: "not_found",
        },
      ],
    );
    assert.doesNotMatch(JSON.stringify(events), new RegExp(TOKEN));
  });
});

describe("limits", () => {
  test("a body that is announced to be too large is refused before it is read", async () => {
    const server = await start({ maxBodyBytes: 1000 });
    const head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n";
    const announced = await exchangeRaw(server.port, `${head}Content-Length: 1001\r\n\r\n`);
    assert.match(announced, /^HTTP\/1\.1 413 /);
    const asking = `${head}Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n`;
    const answer = await exchangeRaw(server.port, asking);
    assert.match(answer, /^HTTP\/1\.1 413 /, "and not 100 Continue");
    const fine = `${head}Content-Length: 12\r\nExpect: 100-continue\r\n\r\n`;
    assert.match(await exchangeRaw(server.port, fine), /^HTTP\/1\.1 100 Continue\r\n/);
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n400\r\n${"x".repeat(1024)}\r\n`;
    assert.match(await exchangeRaw(server.port, chunked), /^HTTP\/1\.1 413 /);
  });

  test("many bodies together must not fill the memory", async () => {
    const server = await start({ maxHeldBytes: 3000, maxBodyBytes: 2000 });
    const head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n\r\n";
    const first = connect(server.port, "127.0.0.1");
    first.write(head + "x".repeat(1999));
    while (!/convoyant_body_bytes 1999/.test((await ask(server, "/metrics")).text)) await sleep(5);
    const second = await exchangeRaw(server.port, head + "x".repeat(1999));
    assert.match(second, /^HTTP\/1\.1 503 [\s\S]*retry-after: 1/i);
    first.destroy();
    while (!/convoyant_body_bytes 0\n/.test((await ask(server, "/metrics")).text)) await sleep(5);
  });

  test("clients that send headers or a body too slowly are answered with 408", async () => {
    const server = await start({ headersTimeout: 200, bodyTimeout: 200 });
    const [headers, body] = await Promise.all([
      exchangeRaw(server.port, "POST /predict HTTP/1.1\r\nHost: x", (text) => text.includes("\r\n\r\n")),
      exchangeRaw(
        server.port,
        "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 10\r\n\r\nabc",
        (text) => text.includes("}"),
      ),
    ]);
    assert.match(headers, /^HTTP\/1\.1 408 /);
    assert.match(body, /^HTTP\/1\.1 408 [\s\S]*did not come within 0\.2 s/);
  });

  test("an image that takes too long to decode is given up, and the next one is decoded", async () => {
    const server = await start({ decodeWorkers: 1, decodeTimeout: 60 });
    const refused = await ask(server, "/predict", { method: "POST", body: largePng(5000) });
    assert.equal(refused.status, 422);
    assert.match(refused.text, /decoding the image took longer than 0\.06 s/);
    // On a busy machine even a small one may take that long.
    let status = 0;
    while (status !== 200) ({ status } = await ask(server, "/predict", { method: "POST", body: pixel(1) }));
  });

  test("what is not HTTP is refused", async () => {
    const server = await start();
    for (const text of [
      "hello\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      `GET / HTTP/1.1\r\nX: ${"y".repeat(20_000)}\r\n\r\n`,
    ])
      assert.match(await exchangeRaw(server.port, text), /^HTTP\/1\.1 (400|431|505) /, text.slice(0, 20));
    assert.equal((await ask(server, "/health")).status, 200);
  });

  test("the images of a client that closes its connection leave the queue", async () => {
    const slow = held();
    const server = await start({ maxBatch: 1 }, slow);
    slow.hold();
    const first = ask(server, "/predict", { method: "POST", body: pixel(255) });
    const queue = async (length: number) => {
      const line = new RegExp(`convoyant_queue_length ${length}\\n`);
      while (!line.test((await ask(server, "/metrics")).text)) await sleep(5);
    };
    await queue(1);
    const socket = connect(server.port, "127.0.0.1");
    socket.write("POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\nP2 1 1 255 0");
    await queue(2);
    socket.destroy();
    await queue(1);
    slow.open();
    assert.equal((await first).status, 200);
    assert.deepEqual(slow.sizes, [1]);
  });
});

describe("a server", () => {
  test("says so if its port is in use, or its address is not one", async () => {
    const { port } = await start();
    const refused = (options: ServeOptions, message: RegExp) =>
      assert.rejects(
        start(options),
        (error) => error instanceof ArgumentError && message.test(error.message),
      );
    await refused({ port }, new RegExp(`^serve: port ${port} of 127\\.0\\.0\\.1 is in use; choose another`));
    await refused({ host: "192.0.2.1", token: TOKEN }, /192\.0\.2\.1 is not an address of this machine/);
    await refused({ host: "no-such-host.invalid", token: TOKEN }, /is not an address, or a name of one/);
    for (const [options, message] of [
      [{ port: 70_000 }, /port to be an integer from 0 to 65535/],
      [{ port: "80" }, /port to be an integer/],
      [{ host: "" }, /host to be an address/],
      [{ maxBatch: 3 }, /maxBatch to be a power of two/],
      [{ maxImages: 0 }, /maxImages to be an integer from 1/],
      [{ decoder: "fast" }, /"exact" or "sharp"/],
      [{ maxImage: 3 }, /no option "maxImage"; did you mean `maxImages`/],
      [{ shutdownTimeout: -1 }, /shutdownTimeout to be an integer/],
    ] as const)
      await refused(options as ServeOptions, message);
    await assert.rejects(serve(3 as any, {}), ArgumentError);
    await assert.rejects(serve({ classes: [] } as any, {}), ArgumentError);
  });

  test("whose classifier cannot compute does not start", async () => {
    const broken = {
      ...brightness,
      predictBatch: async () => {
        throw new Error("no weights");
      },
    };
    await assert.rejects(start({}, broken), /no weights/);
  });

  test("is ready when the first batches are computed, and not while it ends", async () => {
    const slow = held();
    const server = await start({}, slow);
    assert.equal((await ask(server, "/ready")).status, 200);
    slow.hold();
    const last = ask(server, "/predict", { method: "POST", body: pixel(255) });
    while (slow.sizes.length === 0) await sleep(5);
    // A connection that was there before, as a load balancer keeps one.
    const socket = connect(server.port, "127.0.0.1");
    await new Promise((resolve) => socket.on("connect", resolve));
    const closing = server.close();
    await sleep(5);
    let text = "";
    socket.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    socket.write("GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await new Promise((resolve) => socket.on("close", resolve));
    assert.match(text, /^HTTP\/1\.1 503 [\s\S]*Connection: close[\s\S]*shutting down/i);
    slow.open();
    assert.equal((await last).status, 200);
    assert.deepEqual(await closing, { lost: 0 });
    assert.deepEqual(await server.closed, { lost: 0 });
    await assert.rejects(ask(server, "/health"), /ECONNREFUSED/);
  });

  test("ends in bounded time, and says how many requests that cost", async () => {
    const slow = held();
    const server = await start({ shutdownTimeout: 100 }, slow);
    slow.hold();
    const lost = assert.rejects(ask(server, "/predict", { method: "POST", body: pixel(255) }));
    while (slow.sizes.length === 0) await sleep(5);
    assert.deepEqual(await server.close(), { lost: 1 });
    await lost;
    slow.open();
  });

  test("ends when its signal is aborted", async () => {
    const controller = new AbortController();
    const server = await start({ signal: controller.signal });
    controller.abort();
    assert.deepEqual(await server.closed, { lost: 0 });
  });

  test("loads its model again, and keeps the one that it has if that fails", async () => {
    let next: () => Promise<typeof brightness> = async () => ({ ...brightness, classes: ["a", "b"] });
    const server = await start({ token: TOKEN, reload: () => next() });
    const asked = { method: "POST", headers: bearer(TOKEN) };
    const label = async () =>
      JSON.parse((await ask(server, "/predict", { ...asked, body: pixel(255) })).text).predictions[0].label;
    assert.equal(await label(), "bright");
    assert.equal((await ask(server, "/reload", { method: "POST" })).status, 401);
    assert.equal(await label(), "bright");
    assert.equal((await ask(server, "/reload", asked)).status, 200);
    assert.equal(await label(), "b");
    for (const broken of [
      async () => Promise.reject(new Error("model.safetensors is cut short")),
      async () => ({
        ...brightness,
        predictBatch: async () => Promise.reject(new Error("model.safetensors is cut short")),
      }),
    ]) {
      next = broken;
      const { status, text } = await ask(server, "/reload", asked);
      assert.equal(status, 500);
      assert.equal(JSON.parse(text).error.code, "reload_failed");
      assert.match(text, /the one before is still used: model\.safetensors is cut short/);
      assert.equal(await label(), "b");
    }
    // Without a token any page could ask for it.
    const open = await start({ reload: async () => brightness });
    assert.equal((await ask(open, "/reload", { method: "POST" })).status, 404);
  });
});
