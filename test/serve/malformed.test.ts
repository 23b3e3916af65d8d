/** Malformed requests leave the server as it was. `CONVOYANT_MALFORMED_REQUESTS` says how many are sent. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PhiloxStream } from "../../src/base/philox.ts";
import { serve } from "../../src/serve/index.ts";
import { brightness, exchangeRaw, form, pixel } from "./served.ts";

/** Good requests before and after, whose latency is told. */
const LATENCIES = 100;
const COUNT = Number(process.env.CONVOYANT_MALFORMED_REQUESTS ?? 300);

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

const server = await serve(brightness, {
  port: 0,
  decodeWorkers: 1,
  bodyTimeout: 2000,
  maxBodyBytes: 100_000,
});
after(() => server.close());

const request = (type: string, body: Uint8Array | string, length = Buffer.byteLength(body)) =>
  Buffer.concat([
    Buffer.from(
      `POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`,
    ),
    Buffer.from(body),
  ]);

const FORM = form("b", [['Content-Disposition: form-data; name="image"; filename="a"', pixel(1)]]);
const JPEG = Buffer.from("ffd8ffe000104a46494600010100000100010000ffdb0043", "hex");

/** Each makes a request that is wrong in its own way; most do so by chance. */
const KINDS: readonly ((random: PhiloxStream) => Uint8Array)[] = [
  (random) => request("image/png", noise(random, 400)),
  (random) => request("image/jpeg", Buffer.concat([JPEG, noise(random, 300)])),
  (random) => request("multipart/form-data; boundary=b", FORM.subarray(0, below(random, FORM.length - 2))),
  (random) => request("multipart/form-data; boundary=b", damaged(random, FORM)),
  (random) => request("application/json", `{"images":["${noise(random, 50).toString("latin1")}"`),
  () => request("application/json", "[".repeat(5000)),
  () => request("application/json", '{"image":"%%%"}'),
  () => request("text/plain", "hello"),
  () => request("image/png", "x", 200_000),
  (random) => request("image/x-portable-graymap", `P5 ${1 + below(random, 60_000)} 60000 255\n`),
  (random) => noise(random, 100),
  () => Buffer.from("GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
  () => Buffer.from("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
];

const below = (random: PhiloxStream, limit: number): number => Math.floor(random.uniform() * limit);

function noise(random: PhiloxStream, length: number): Buffer {
  // The end of headers, so that what looks like headers ends.
  return Buffer.concat([
    Buffer.from(Array.from({ length }, () => below(random, 256))),
    Buffer.from("\r\n\r\n"),
  ]);
}

function damaged(random: PhiloxStream, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = 0; i < 8; i++) copy[below(random, copy.length)] = below(random, 256);
  return copy;
}

async function send(first: number, count: number): Promise<string[]> {
  const statuses: string[] = [];
  const lanes = Array.from({ length: 8 }, async (_, lane) => {
    for (let i = first + lane; i < first + count; i += 8) {
      const random = new PhiloxStream(7, i);
      const answer = await exchangeRaw(server.port, KINDS[i % KINDS.length](random));
      statuses.push(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? answer.slice(0, 20));
    }
  });
  await Promise.all(lanes);
  return statuses;
}

const memory = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** Milliseconds of a good request, of many one after the other: the median, and 95 of 100. */
async function latency(): Promise<{ readonly p50: number; readonly p95: number }> {
  const times: number[] = [];
  for (let i = 0; i < LATENCIES; i++) {
    const began = performance.now();
    const response = await fetch(`${server.url}/predict`, { method: "POST", body: pixel(9) as BodyInit });
    await response.arrayBuffer();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return { p50: times[LATENCIES >> 1], p95: times[Math.floor(0.95 * LATENCIES)] };
}

const inWords = ({ p50, p95 }: Awaited<ReturnType<typeof latency>>) =>
  `p50 ${p50.toFixed(2)} ms, p95 ${p95.toFixed(2)} ms`;

test(`${COUNT} malformed requests are each refused, and leave memory and queue as they were`, async (context) => {
  const warm = Math.min(150, COUNT);
  await send(0, warm);
  await latency();
  const latencyBefore = await latency();
  const before = memory();
  const statuses = await send(warm, COUNT);
  assert.equal(statuses.length, COUNT);
  const counts = new Map<string, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  // A damaged form may still be one, of an image that is what it was.
  const expected = ["200", "400", "403", "404", "408", "413", "415", "422", "431", "505"];
  for (const status of counts.keys())
    assert.ok(expected.includes(status), `${status}: ${counts.get(status)}`);
  for (const status of ["400", "403", "404", "413", "415", "422"])
    assert.ok((counts.get(status) ?? 0) > 0, status);
  const grown = memory() - before;
  // Not asserted: other programs of the machine count in.
  context.diagnostic(
    `latency before: ${inWords(latencyBefore)}; after: ${inWords(await latency())}; memory: ${grown} bytes more`,
  );
  assert.ok(grown < 3_000_000, `${grown} bytes more`);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(metrics, /convoyant_queue_length 0\n/);
  assert.match(metrics, /convoyant_body_bytes 0\n/);
  const body = pixel(255) as BodyInit;
  const response = await fetch(`${server.url}/predict`, { method: "POST", body });
  assert.equal((await response.json()).predictions[0].label, "bright");
});
