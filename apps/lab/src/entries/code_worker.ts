/** The worker that tries code of a person's own: it is ended if it takes too long. */
import { checkNetworkSource } from "../worker/check_source.ts";
import type { FromWorker, ToWorker } from "../worker/protocol.ts";
import { runCode } from "../worker/run_code.ts";
import { answerCall } from "../worker/serve_calls.ts";
import { stripTypes } from "./strip_types.ts";

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
};

scope.onmessage = ({ data: message }) =>
  void answerCall(
    message,
    {
      ping: async () => null,
      check: (input) => checkNetworkSource(input, (code, given) => runCode(code, given, stripTypes)),
    },
    (answer) => scope.postMessage(answer),
  );
