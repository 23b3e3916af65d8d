/** The worker's side of the protocol: calls come in, results and events go out. */
import { LabError, problemOf } from "./problem.ts";
import type { CallName, Calls, FromWorker, ToWorker } from "./protocol.ts";

export type CallHandlers<Names extends CallName = CallName> = {
  readonly [K in Names]: (input: Calls[K]["input"]) => Promise<Calls[K]["output"]>;
};

/** Answers a message by `post`. Never rejects. */
export async function answerCall(
  message: ToWorker,
  handlers: Partial<CallHandlers>,
  post: (message: FromWorker) => void,
): Promise<void> {
  const { id, name, input } = message;
  try {
    const handle = handlers[name] as ((input: unknown) => Promise<unknown>) | undefined;
    if (handle === undefined) throw new LabError("failed", `this worker has no call ${name}`);
    post({ type: "result", id, output: await handle(input) });
  } catch (error) {
    post({ type: "failed", id, problem: problemOf(error) });
  }
}
