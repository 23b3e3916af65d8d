/** The description of the server for programs: OpenAPI 3.1. */
import { VERSION } from "../base/version.ts";
import { type ClassName, shortClassName } from "../records/class_names.ts";
import type { Routes } from "./http/routes.ts";
import type { CompleteServeOptions } from "./serve_options.ts";

type Schema = Readonly<Record<string, unknown>>;

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Schema): Schema => ({ "application/json": { schema } });
const answer = (description: string, content?: Schema): Schema => ({
  description,
  ...(content !== undefined && { content }),
});
const refused = (description: string): Schema => answer(description, json(ref("Error")));
const text = (type: string): Schema => ({ [type]: { schema: { type: "string" } } });

/** What each path does; those that the server lacks are left out. */
function operations(options: CompleteServeOptions): Readonly<Record<string, Schema>> {
  return {
    "/": { get: { summary: "A page for people.", responses: { 200: answer("HTML", text("text/html")) } } },
    "/predict": { post: predictOperation(options) },
    "/health": { get: statusOperation("Whether the server is alive.") },
    "/ready": {
      get: statusOperation("Whether requests are taken.", { 503: refused("Not yet, or no longer.") }),
    },
    "/metrics": {
      get: { summary: "For Prometheus.", responses: { 200: answer("Metrics", text("text/plain")) } },
    },
    "/openapi.json": {
      get: { summary: "This document.", responses: { 200: answer("OpenAPI 3.1", json({ type: "object" })) } },
    },
    "/reload": {
      post: statusOperation("Loads the model again; if that fails, the one before is still used.", {
        500: refused("The model could not be loaded."),
      }),
    },
  };
}

function statusOperation(summary: string, more: Schema = {}): Schema {
  const status = { type: "object", properties: { status: { type: "string" } }, required: ["status"] };
  return { summary, responses: { 200: answer("Yes.", json(status)), ...more } };
}

function predictOperation({ maxImages, maxBodyBytes }: CompleteServeOptions): Schema {
  const binary = { type: "string", format: "binary" };
  const media = (schema: Schema) => ({ schema });
  return {
    summary: "The classes of images, the likeliest first.",
    description: `At most ${maxImages} images and ${maxBodyBytes} bytes in a request.`,
    parameters: [
      {
        name: "top",
        in: "query",
        description: "How many classes of each image.",
        schema: { type: "integer", minimum: 1, default: 5 },
      },
    ],
    requestBody: {
      required: true,
      content: {
        "image/*": media(binary),
        "application/octet-stream": media(binary),
        "multipart/form-data": media({
          type: "object",
          properties: { image: { type: "array", items: binary } },
        }),
        "application/json": media(ref("Images")),
      },
    },
    responses: {
      200: answer("At least one image was predicted.", json(ref("Predictions"))),
      400: refused("The body cannot be read."),
      401: refused("The token is missing or wrong."),
      403: refused("The Host header, or the page's origin, is not allowed."),
      408: refused("The body came too slowly."),
      413: refused("The body is too large, or holds too many images."),
      415: refused("The content type holds no images."),
      422: answer("None of the images could be predicted.", json(ref("Predictions"))),
      503: {
        ...refused("Too many images wait; try again after the seconds of Retry-After."),
        headers: { "Retry-After": { schema: { type: "integer" } } },
      },
    },
  };
}

function schemas(classes: readonly ClassName[]): Readonly<Record<string, Schema>> {
  const labels = classes.map((_, i) => shortClassName(classes, i));
  const image = {
    oneOf: [
      { type: "string", contentEncoding: "base64" },
      {
        type: "object",
        properties: { name: { type: "string" }, data: { type: "string", contentEncoding: "base64" } },
        required: ["data"],
      },
    ],
  };
  const problem = {
    type: "object",
    properties: { code: { type: "string" }, message: { type: "string" } },
    required: ["code", "message"],
  };
  const name = { type: ["string", "null"] };
  return {
    Images: {
      type: "object",
      properties: {
        image,
        images: { type: "array", items: image },
        top: { type: "integer", minimum: 1, default: 5 },
      },
    },
    Class: {
      type: "object",
      properties: {
        index: { type: "integer", minimum: 0, maximum: Math.max(0, classes.length - 1) },
        label: { type: "string", enum: [...new Set(labels)] },
        probability: { type: "number", minimum: 0, maximum: 1 },
      },
      required: ["index", "label", "probability"],
    },
    Prediction: {
      allOf: [
        ref("Class"),
        {
          type: "object",
          properties: { name, top: { type: "array", items: ref("Class") } },
          required: ["name", "top"],
        },
      ],
    },
    Failure: { type: "object", properties: { name, error: problem }, required: ["name", "error"] },
    Predictions: {
      type: "object",
      properties: {
        predictions: { type: "array", items: { oneOf: [ref("Prediction"), ref("Failure")] } },
        error: problem,
      },
      required: ["predictions"],
    },
    Error: { type: "object", properties: { error: problem }, required: ["error"] },
  };
}

/** The document, of the paths that the server has. */
export function openApi(
  options: CompleteServeOptions,
  classes: readonly ClassName[],
  routes: Routes,
): Schema {
  const known = operations(options);
  const secured = options.token !== undefined;
  const paths = Object.entries(routes).map(([path, { open = false }]) => [
    path,
    Object.fromEntries(
      Object.entries(known[path]).map(([method, operation]) => [
        method,
        { ...(operation as Schema), ...(secured && !open && { security: [{ token: [] }] }) },
      ]),
    ),
  ]);
  return {
    openapi: "3.1.0",
    info: { title: "Convoyant", version: VERSION, description: `A classifier of ${classes.length} classes.` },
    paths: Object.fromEntries(paths),
    components: {
      schemas: schemas(classes),
      ...(secured && { securitySchemes: { token: { type: "http", scheme: "bearer" } } }),
    },
  };
}
