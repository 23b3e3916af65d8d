/** The training worker of a page, whichever networks it can make. */
import { loadData } from "../data/load_data.ts";
import { LabSession } from "./lab_session.ts";
import type { RunCode } from "./networks.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import { answerCall } from "./serve_calls.ts";
import { handlersOf } from "./session_calls.ts";

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
};

/** Answers the page's calls from now on. */
export function serveTraining(runCode: RunCode): void {
  const post = (message: FromWorker): void => scope.postMessage(message);
  let base = "";
  const session = new LabSession({
    loadData: (source, size, progress) => loadData(source, base, size, progress),
    runCode,
    base: () => base,
    tell: (name, event) => post({ type: "event", name, event } as FromWorker),
  });
  const handlers = handlersOf(session);
  scope.onmessage = ({ data: message }) => {
    if (message.name === "start") base = message.input.base;
    void answerCall(message, handlers, post);
  };
}
