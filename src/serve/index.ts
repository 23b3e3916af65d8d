/** `convoyant/serve`: a classifier behind HTTP. Node.js only. */
export type { RequestEvent, ServeEvent } from "./events.ts";
export { reportServing } from "./report_events.ts";
export { type RunningServer, type ServedSource, type ServeOptions, serve } from "./serve.ts";
export { type ServeHandler, serveHandler } from "./serve_handler.ts";
export type { ServedFiles, ServeHandlerOptions } from "./serve_options.ts";
export type { RankedClass, ServedClassifier } from "./served_classifier.ts";
