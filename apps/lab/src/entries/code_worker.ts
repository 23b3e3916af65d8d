/** The worker that tries code of a person's own: it is ended if it takes too long. */
import { checkNetworkSource } from "../worker/check_source.ts";
import type { RunCode } from "../worker/networks.ts";
import type { FromWorker, ToWorker } from "../worker/protocol.ts";
import { runCode } from "../worker/run_code.ts";
import { answerCall, type CallHandlers } from "../worker/serve_calls.ts";
import { stripTypes } from "./strip_types.ts";

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
};

const run: RunCode = (code, input) => runCode(code, input, stripTypes);
const handlers: Partial<CallHandlers> = {
  ping: async () => null,
  check: (input) => checkNetworkSource(input, run),
  python: async (input) => {
    const { pythonOf } = await import("../worker/python_of.ts");
    return pythonOf(input, run);
  },
  draw: async (input) => {
    const { drawNetwork } = await import("../worker/draw_network.ts");
    return drawNetwork(input, run);
  },
};

scope.onmessage = ({ data: message }) =>
  void answerCall(message, handlers, (answer) => scope.postMessage(answer));
