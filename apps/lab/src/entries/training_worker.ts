/** The training worker of a page. */
import { loadData } from "../data/load_data.ts";
import { LabSession } from "../worker/lab_session.ts";
import type { FromWorker, ToWorker } from "../worker/protocol.ts";
import { runCode } from "../worker/run_code.ts";
import { answerCall } from "../worker/serve_calls.ts";
import { handlersOf } from "../worker/session_calls.ts";
import { stripTypes } from "./strip_types.ts";

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
};

const post = (message: FromWorker): void => scope.postMessage(message);
let base = "";

const session = new LabSession({
  loadData: (source, size, progress) => loadData(source, base, size, progress),
  runCode: (code, input) => runCode(code, input, stripTypes),
  base: () => base,
  tell: (name, event) => post({ type: "event", name, event } as FromWorker),
});
const handlers = handlersOf(session);

scope.onmessage = ({ data: message }) => {
  if (message.name === "start") base = message.input.base;
  void answerCall(message, handlers, post);
};
