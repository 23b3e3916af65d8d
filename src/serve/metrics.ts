/** Counts, for Prometheus: its text format, version 0.0.4. */

type Labels = Readonly<Record<string, string>>;

const shown = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
};

const escaped = (value: string): string =>
  value.replace(/[\\"\n]/g, (letter) => (letter === "\n" ? "\\n" : `\\${letter}`));

const head = (name: string, help: string, type: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
];

/** Something that is counted, by its labels. Labels must be of few values: each is a line. */
export class Counter {
  readonly #name: string;
  readonly #help: string;
  readonly #counts = new Map<string, number>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  add(labels: Labels = {}, count = 1): void {
    const key = shown(labels);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  lines(): string[] {
    const values = [...this.#counts].map(([labels, count]) => `${this.#name}${labels} ${count}`);
    return [...head(this.#name, this.#help, "counter"), ...values];
  }
}

/** How often values were at most each bound. */
export class Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.#counts[at]++;
    this.#sum += value;
    this.#count++;
  }

  lines(): string[] {
    let total = 0;
    const buckets = this.#bounds.map((bound, i) => {
      total += this.#counts[i];
      return `${this.#name}_bucket{le="${bound}"} ${total}`;
    });
    return [
      ...head(this.#name, this.#help, "histogram"),
      ...buckets,
      `${this.#name}_bucket{le="+Inf"} ${this.#count}`,
      `${this.#name}_sum ${this.#sum}`,
      `${this.#name}_count ${this.#count}`,
    ];
  }
}

/** Seconds, from a millisecond to ten seconds. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Values that are looked at when they are asked for. */
export interface Gauges {
  readonly ready: boolean;
  readonly queueLength: number;
  readonly queueCapacity: number;
  /** Bytes of bodies that are held. */
  readonly bodyBytes: number;
}

/** All that is counted. */
export class Metrics {
  readonly requests = new Counter("convoyant_requests_total", "Requests that were answered.");
  readonly images = new Counter("convoyant_images_total", "Images that were sent, by what became of them.");
  readonly reloads = new Counter("convoyant_reloads_total", "Times that the model was to be loaded again.");
  readonly duration = new Histogram(
    "convoyant_predict_duration_seconds",
    "Time from a request for a prediction to its answer, the reading of the body included.",
    SECONDS,
  );
  readonly decoding = new Histogram(
    "convoyant_decode_duration_seconds",
    "Time that an image takes to be decoded and preprocessed, without waiting.",
    SECONDS,
  );
  readonly computing = new Histogram(
    "convoyant_batch_duration_seconds",
    "Time that a batch takes to be computed.",
    SECONDS,
  );
  readonly batches: Histogram;

  /** @param batchSizes - that batches can have. */
  constructor(batchSizes: readonly number[]) {
    this.batches = new Histogram("convoyant_batch_size", "Images that were computed at once.", batchSizes);
  }

  text(gauges: Gauges): string {
    const { rss, heapUsed, external } = process.memoryUsage();
    const gauge = (name: string, help: string, value: number) => [
      ...head(name, help, "gauge"),
      `${name} ${value}`,
    ];
    const lines = [
      ...[this.requests, this.images, this.reloads].flatMap((counter) => counter.lines()),
      ...[this.duration, this.decoding, this.computing, this.batches].flatMap((one) => one.lines()),
      ...gauge("convoyant_ready", "1 if requests are taken.", Number(gauges.ready)),
      ...gauge(
        "convoyant_queue_length",
        "Images that were taken and have no answer yet.",
        gauges.queueLength,
      ),
      ...gauge("convoyant_queue_capacity", "The most images that are taken.", gauges.queueCapacity),
      ...gauge("convoyant_body_bytes", "Bytes of requests that are held.", gauges.bodyBytes),
      ...gauge("process_resident_memory_bytes", "Memory of the process.", rss),
      ...gauge("nodejs_heap_size_used_bytes", "Memory of JavaScript objects.", heapUsed),
      ...gauge("nodejs_external_memory_bytes", "Memory of buffers outside of the heap.", external),
      ...gauge(
        "process_start_time_seconds",
        "When the process started, in seconds since 1970.",
        performance.timeOrigin / 1000,
      ),
    ];
    return `${lines.join("\n")}\n`;
  }
}
