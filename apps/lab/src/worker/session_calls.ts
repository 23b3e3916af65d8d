/** Which call of the protocol does what. */
import type { LabSession } from "./lab_session.ts";
import type { CallName, ImageCallName } from "./protocol.ts";
import type { CallHandlers } from "./serve_calls.ts";

/** What is not needed for the first step is loaded when it is called. */
export function handlersOf(
  session: LabSession,
): CallHandlers<Exclude<CallName, ImageCallName | "check" | "python">> {
  return {
    start: (input) => session.start(input),
    prepare: (input) => session.prepare(input),
    play: () => session.play(),
    pause: () => session.pause(),
    step: (input) => session.step(input),
    set: (input) => session.set(input),
    watch: (input) => session.watch(input),
    test: () => session.test(),
    activations: (input) => session.activations(input),
    filters: (input) => session.filters(input),
    explain: (input) => session.explain(input),
    statistics: () => session.statistics(),
    predict: (input) => session.predict(input),
    images: (input) => session.images(input),
    checkpoints: () => session.checkpoints(),
    checkpoint: () => session.checkpoint(),
    restore: (input) => session.restore(input),
    draw: async (input) => {
      const { drawNetwork } = await import("./draw_network.ts");
      return drawNetwork(input, session.runCode);
    },
    export: async (input) => {
      const { exportNetwork } = await import("./export_files.ts");
      return exportNetwork(session, input);
    },
    open: async (input) => {
      const { openFile } = await import("./open_file.ts");
      return openFile(session, input);
    },
    ping: async () => null,
  };
}
