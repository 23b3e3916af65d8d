/** The training worker of a page. */
import { loadData } from "../data/load_data.ts";
import { LabSession } from "../worker/lab_session.ts";
import type { FromWorker, ToWorker } from "../worker/protocol.ts";
import { answerCall } from "../worker/serve_calls.ts";
import { handlersOf } from "../worker/session_calls.ts";

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
};

const post = (message: FromWorker): void => scope.postMessage(message);
let base = "";

const session = new LabSession({
  loadData: (source, size, progress) => loadData(source, base, size, progress),
  // It sees all of the library, most of which the rest never needs.
  runCode: async (code, input) => {
    const [{ runCode }, { stripTypes }] = await Promise.all([
      import("../worker/run_code.ts"),
      import("./strip_types.ts"),
    ]);
    return runCode(code, input, stripTypes);
  },
  base: () => base,
  tell: (name, event) => post({ type: "event", name, event } as FromWorker),
});
const handlers = handlersOf(session);

scope.onmessage = ({ data: message }) => {
  if (message.name === "start") base = message.input.base;
  void answerCall(message, handlers, post);
};
