/** Answers requests about a classifier: the part of a server that needs no network. */

import { isError } from "../base/builtin_kinds.ts";
import { descriptionPage } from "./description_page.ts";
import { Access } from "./http/access.ts";
import { type Incoming, jsonAnswer, type Outgoing, Refusal, refusalAnswer } from "./http/exchange.ts";
import { BodyBudget } from "./http/read_body.ts";
import { allowed, answerFor, type Routes, splitTarget } from "./http/routes.ts";
import { Metrics } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import { PageFiles } from "./page_files.ts";
import { type PredictContext, predictRoute, type RequestTally } from "./predict_route.ts";
import { Admission } from "./queue/admission.ts";
import { batchSizes } from "./queue/batcher.ts";
import { PreparePool } from "./queue/prepare_pool.ts";
import { ServedModel } from "./queue/served_model.ts";
import { type CompleteServeOptions, checkClassifier } from "./serve_options.ts";
import type { ServedClassifier } from "./served_classifier.ts";

const NO_STORE = { "cache-control": "no-store" };

/** Handles requests; `serve` puts it behind `node:http`. */
export class RequestHandler {
  readonly #options: CompleteServeOptions;
  readonly #access: Access;
  readonly #admission: Admission;
  readonly #budget: BodyBudget;
  readonly #metrics: Metrics;
  readonly #pool: PreparePool;
  readonly #routes: Routes;
  readonly #files: PageFiles | null;
  #loaded: ServedModel | null = null;
  #state: "starting" | "ready" | "closing" = "starting";
  #reloading: Promise<void> | null = null;
  #lastId = 0;
  #underWay = 0;
  #onIdle: (() => void)[] = [];

  constructor(options: CompleteServeOptions) {
    this.#options = options;
    this.#access = new Access(options);
    this.#admission = new Admission(options.queueCapacity);
    this.#budget = new BodyBudget(options.maxHeldBytes);
    this.#metrics = new Metrics(batchSizes(options.maxBatch));
    this.#pool = new PreparePool({ workers: options.decodeWorkers, timeout: options.decodeTimeout });
    this.#routes = this.#makeRoutes();
    this.#files = options.files === undefined ? null : new PageFiles(options.files);
  }

  /**
   * Takes a classifier, and computes its first batches. Until then requests for predictions are refused.
   *
   * @throws ArgumentError for what is not a classifier; what it throws for a grey image.
   */
  async start(classifier: ServedClassifier): Promise<void> {
    const start = performance.now();
    checkClassifier("serve", classifier);
    this.#loaded = this.#served(classifier);
    await this.#pool.warmUp();
    await this.#loaded.warmUp();
    if (this.#state === "starting") this.#state = "ready";
    this.#options.onEvent({ event: "ready", milliseconds: performance.now() - start });
  }

  /** @throws Refusal (503) if there is no classifier yet. */
  get classes(): ServedClassifier["classes"] {
    return this.#model.classes;
  }

  /** From now on `/ready` says no; requests are still answered. */
  drain(): void {
    this.#state = "closing";
  }

  /** Waits for the requests under way, then ends the workers. */
  async close(): Promise<void> {
    this.drain();
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    await this.#pool.close();
  }

  /** Ends the workers; requests under way are answered with an error. */
  abandon(): Promise<void> {
    this.drain();
    return this.#pool.close();
  }

  get #model(): ServedModel {
    if (this.#loaded === null) throw notReady("the model is being loaded");
    return this.#loaded;
  }

  /** Answers a request. Never throws. */
  async handle(request: Incoming): Promise<Outgoing> {
    const start = performance.now();
    const id = ++this.#lastId;
    const tally: RequestTally = { images: 0, failed: 0, bytes: 0 };
    const { path, query } = splitTarget(request.target);
    this.#underWay++;
    let code: string | null = null;
    let answer: Outgoing;
    try {
      answer = await this.#answer(request, path, query, tally);
    } catch (error) {
      const refusal = this.#refusalOf(error);
      code = refusal.code;
      answer = refusalAnswer(refusal);
    }
    this.#ended();
    const known = Object.hasOwn(this.#routes, path) ? path : "other";
    const method = METHODS.includes(request.method) ? request.method : "other";
    const { status } = answer;
    this.#metrics.requests.add({ path: known, method, status: String(status) });
    const milliseconds = performance.now() - start;
    this.#options.onEvent({
      event: "request",
      id,
      method,
      path: known,
      status,
      milliseconds,
      ...tally,
      code,
    });
    const headers = {
      "x-content-type-options": "nosniff",
      ...this.#access.corsHeaders(request),
      ...answer.headers,
    };
    return { ...answer, headers, body: request.method === "HEAD" ? "" : answer.body };
  }

  async #answer(
    request: Incoming,
    path: string,
    query: URLSearchParams,
    tally: RequestTally,
  ): Promise<Outgoing> {
    const { method } = request;
    this.#access.checkHost(request);
    const route = Object.hasOwn(this.#routes, path) ? this.#routes[path] : undefined;
    if (method === "OPTIONS" && route !== undefined) {
      const allow = allowed(route);
      return {
        status: 204,
        headers: { allow, ...this.#access.preflightHeaders(request, allow) },
        body: "",
      };
    }
    if (method !== "GET" && method !== "HEAD") this.#access.checkOrigin(request);
    if (route?.open !== true) this.#access.checkToken(request);
    if (route === undefined && (method === "GET" || method === "HEAD")) {
      const file = await this.#files?.answer(path, this.#model.classifier);
      if (file !== undefined) return file;
    }
    return answerFor(this.#routes, path, method)(request, query, tally);
  }

  #makeRoutes(): Routes {
    const { reload, token } = this.#options;
    const context: PredictContext = {
      options: this.#options,
      admission: this.#admission,
      budget: this.#budget,
      metrics: this.#metrics,
      model: () => this.#model,
      onProblem: (error) => this.#report(error),
    };
    const routes: Routes = {
      "/": { methods: { GET: () => this.#page(routes) } },
      "/predict": {
        methods: { POST: (request, query, tally) => predictRoute(request, query, context, tally) },
      },
      "/health": { open: true, methods: { GET: () => jsonAnswer(200, { status: "ok" }, NO_STORE) } },
      "/ready": { open: true, methods: { GET: () => this.#readiness() } },
      "/metrics": { methods: { GET: () => this.#metricsAnswer() } },
      "/openapi.json": {
        methods: { GET: () => jsonAnswer(200, openApi(this.#options, this.classes, routes)) },
      },
      ...(reload !== undefined &&
        token !== undefined && { "/reload": { methods: { POST: () => this.#reload(reload) } } }),
    };
    return routes;
  }

  async #page(routes: Routes): Promise<Outgoing> {
    const { classifier, classes } = this.#model;
    return (
      (await this.#files?.answer("/", classifier)) ?? {
        status: 200,
        headers: { "content-type": "text/html; charset=utf-8" },
        body: descriptionPage(classes, routes),
      }
    );
  }

  #readiness(): Outgoing {
    if (this.#state === "ready") return jsonAnswer(200, { status: "ready" }, NO_STORE);
    throw notReady(
      this.#state === "starting" ? "the model is being prepared" : "the server is shutting down",
    );
  }

  #metricsAnswer(): Outgoing {
    const { taken, capacity } = this.#admission;
    const body = this.#metrics.text({
      ready: this.#state === "ready",
      queueLength: taken,
      queueCapacity: capacity,
      bodyBytes: this.#budget.held,
    });
    return {
      status: 200,
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8", ...NO_STORE },
      body,
    };
  }

  /** What goes wrong with the new classifier leaves the old one in its place. */
  async #reload(load: () => Promise<ServedClassifier>): Promise<Outgoing> {
    this.#reloading ??= this.#replace(load).finally(() => {
      this.#reloading = null;
    });
    try {
      await this.#reloading;
    } catch (error) {
      this.#metrics.reloads.add({ result: "failed" });
      this.#report(error);
      const why = isError(error) ? error.message : String(error);
      throw new Refusal(
        500,
        "reload_failed",
        `the model could not be loaded, the one before is still used: ${why}`,
      );
    }
    this.#metrics.reloads.add({ result: "loaded" });
    this.#options.onEvent({ event: "reloaded" });
    return jsonAnswer(200, { status: "reloaded", classes: this.#model.classes.length });
  }

  async #replace(load: () => Promise<ServedClassifier>): Promise<void> {
    const classifier = await load();
    checkClassifier("reload", classifier);
    const model = this.#served(classifier);
    await model.warmUp();
    // Requests that have begun keep the model that they began with.
    this.#loaded = model;
  }

  #served(classifier: ServedClassifier): ServedModel {
    return new ServedModel(classifier, this.#options, this.#pool, this.#metrics);
  }

  #refusalOf(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    this.#report(error);
    return new Refusal(500, "internal", "the server made a mistake; its log says which");
  }

  #report(error: unknown): void {
    const message = isError(error) ? (error.stack ?? error.message) : String(error);
    this.#options.onEvent({ event: "problem", message });
  }

  #ended(): void {
    if (--this.#underWay > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}

const notReady = (message: string): Refusal =>
  new Refusal(503, "not_ready", message, { headers: { ...NO_STORE, "retry-after": "1" } });

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
