/** What views show of the networks' insides: asked for again as the weights change, never twice at once. */
import { useEffect, useRef, useState } from "preact/hooks";
import { playing, prepared, weightsVersion } from "./lab.ts";

/** While it trains: often enough to see filters form, seldom enough not to slow the training down. */
const MILLISECONDS = 800;

/**
 * The newest answer; null before the first.
 *
 * @param ask - must not have side effects; a failure keeps the last answer.
 * @param key - what the question depends on: another key forgets the answer.
 */
export function useFresh<T>(ask: () => Promise<T>, key: string): T | null {
  const [answer, setAnswer] = useState<{ readonly key: string; readonly value: T } | null>(null);
  const asking = useRef(ask);
  asking.current = ask;
  const version = weightsVersion.value;
  const live = playing.value;
  const ready = prepared.value !== null;
  useEffect(() => {
    if (!ready) return;
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const round = async () => {
      try {
        const value = await asking.current();
        if (!over) setAnswer({ key, value });
      } catch {
        // A call that fails while networks change is asked again with the next change.
      }
      if (!over && live && !document.hidden) timer = setTimeout(round, MILLISECONDS);
    };
    const show = () => {
      if (live && !document.hidden) void round();
    };
    document.addEventListener("visibilitychange", show);
    void round();
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", show);
    };
  }, [key, version, live, ready]);
  return answer !== null && answer.key === key ? answer.value : null;
}
