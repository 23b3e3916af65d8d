/** `POST /predict`. */

import { clientGone, type Incoming, jsonAnswer, type Outgoing, Refusal } from "./http/exchange.ts";
import { type BodyBudget, checkAnnouncedLength, readBody } from "./http/read_body.ts";
import { bodyKind, imagesOf, type SentImage, type SentImages } from "./http/request_images.ts";
import type { Metrics } from "./metrics.ts";
import type { Admission } from "./queue/admission.ts";
import { problemOf, type ServedModel } from "./queue/served_model.ts";
import type { CompleteServeOptions } from "./serve_options.ts";
import type { RankedClass } from "./served_classifier.ts";

/** What became of one image. */
export type ImageAnswer =
  | (RankedClass & {
      /** As the client called it: the name of a file or of a field; null if it has none. */
      readonly name: string | null;
      /** The likeliest classes. */
      readonly top: readonly RankedClass[];
    })
  | {
      readonly name: string | null;
      readonly error: { readonly code: string; readonly message: string };
    };

/** What the server has that predictions need. */
export interface PredictContext {
  readonly options: CompleteServeOptions;
  readonly admission: Admission;
  readonly budget: BodyBudget;
  readonly metrics: Metrics;
  readonly model: () => ServedModel;
  /** Told of errors that are not the client's. */
  onProblem(error: unknown): void;
}

/** What is logged of a request. */
export interface RequestTally {
  images: number;
  failed: number;
  bytes: number;
}

const DEFAULT_TOP = 5;

export async function predictRoute(
  request: Incoming,
  query: URLSearchParams,
  context: PredictContext,
  tally: RequestTally,
): Promise<Outgoing> {
  const start = performance.now();
  const { options, admission, budget, metrics } = context;
  const kind = bodyKind(request);
  checkAnnouncedLength(request, options.maxBodyBytes);
  // Before the body is read, so that a server that is full costs its clients nothing.
  admission.check(1);
  const body = await readBody(request, options, budget);
  try {
    tally.bytes = body.bytes.byteLength;
    const sent = imagesOf(kind, body.bytes, request.header("content-type") ?? "", options.maxImages);
    const top = topOf(query.get("top") ?? sent.top);
    return await answerImages(request, sent, top, context, tally);
  } finally {
    body.release();
    metrics.duration.observe((performance.now() - start) / 1000);
  }
}

async function answerImages(
  request: Incoming,
  { images }: SentImages,
  top: number,
  context: PredictContext,
  tally: RequestTally,
): Promise<Outgoing> {
  const { options, admission } = context;
  admission.take(images.length);
  tally.images = images.length;
  const limit = new AbortController();
  const gone = () => limit.abort(clientGone());
  const timer = setTimeout(() => limit.abort(tooLate(options.answerTimeout)), options.answerTimeout);
  request.signal.addEventListener("abort", gone, { once: true });
  if (request.signal.aborted) gone();
  try {
    const model = context.model();
    const answers = await Promise.all(
      images.map(async (image) => {
        try {
          return await answerImage(image, model, top, limit.signal, context);
        } finally {
          admission.give();
        }
      }),
    );
    if (request.signal.aborted) throw clientGone();
    return answerOf(answers, tally);
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener("abort", gone);
  }
}

/** An answer, with the status that it would have alone. */
interface StatedAnswer {
  readonly status: number;
  readonly answer: ImageAnswer;
}

async function answerImage(
  image: SentImage,
  model: ServedModel,
  top: number,
  signal: AbortSignal,
  context: PredictContext,
): Promise<StatedAnswer> {
  const { name } = image;
  const { images } = context.metrics;
  try {
    if ("problem" in image) throw new Refusal(422, "not_predicted", image.problem);
    const ranked = await model.rank(image.bytes, top, signal);
    images.add({ result: "predicted" });
    return { status: 200, answer: { name, ...ranked[0], top: ranked } };
  } catch (error) {
    const refused = refusalOf(error);
    if (refused.code === "internal") context.onProblem(error);
    images.add({ result: refused.code === "client_gone" ? "cancelled" : "failed" });
    return {
      status: refused.status,
      answer: { name, error: { code: refused.code, message: refused.problem } },
    };
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const problem = problemOf(error);
  return problem === null
    ? new Refusal(500, "internal", "the image could not be predicted; the server's log says why")
    : new Refusal(422, "not_predicted", problem);
}

/** 200 if an image was predicted; otherwise what is wrong with the first. */
function answerOf(answers: readonly StatedAnswer[], tally: RequestTally): Outgoing {
  const predictions = answers.map(({ answer }) => answer);
  tally.failed = answers.filter(({ status }) => status !== 200).length;
  const [{ status, answer }] = answers;
  if (tally.failed < answers.length || !("error" in answer)) return jsonAnswer(200, { predictions });
  return jsonAnswer(
    status,
    { error: answer.error, predictions },
    status === 503 ? { "retry-after": "1" } : {},
  );
}

function topOf(given: unknown): number {
  if (given === undefined || given === null) return DEFAULT_TOP;
  const top = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
  if (typeof top === "number" && Number.isSafeInteger(top) && top >= 1) return top;
  throw new Refusal(
    400,
    "bad_request",
    "expected top, the number of classes, to be an integer of at least 1",
  );
}

function tooLate(milliseconds: number): Refusal {
  return new Refusal(
    503,
    "timed_out",
    `there was no answer within ${milliseconds / 1000} s; try again later`,
  );
}
