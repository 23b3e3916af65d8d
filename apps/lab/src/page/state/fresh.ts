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
 * @param told - whether the worker tells of changes by itself while it trains: then nothing is asked meanwhile.
 */
export function useFresh<T>(ask: () => Promise<T>, key: string, told = false): T | null {
  const [answer, setAnswer] = useState<{ readonly key: string; readonly value: T } | null>(null);
  const asking = useRef(ask);
  asking.current = ask;
  const wanted = useRef(key);
  wanted.current = key;
  const last = useRef({ key: "", time: 0 });
  const version = weightsVersion.value;
  const live = playing.value;
  const ready = prepared.value !== null;
  useEffect(() => {
    if (!ready) return;
    const known = last.current.key === key;
    if (live && told && known) return;
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const round = async () => {
      last.current = { key, time: performance.now() };
      try {
        const value = await asking.current();
        // Not `over`: where weights change all the time, an answer always comes after a change.
        if (wanted.current === key) setAnswer({ key, value });
      } catch {
        // A call that fails while networks change is asked again with the next change.
      }
      if (!over && live && !told && !document.hidden) timer = setTimeout(round, MILLISECONDS);
    };
    const show = () => {
      if (live && !document.hidden) void round();
    };
    document.addEventListener("visibilitychange", show);
    // While it trains, the test after an epoch is no reason to ask before it is time.
    const since = performance.now() - last.current.time;
    if (live && known && since < MILLISECONDS) timer = setTimeout(round, MILLISECONDS - since);
    else void round();
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", show);
    };
  }, [key, version, live, ready, told]);
  return answer !== null && answer.key === key ? answer.value : null;
}
