/** A square to draw on: by pointer, or by arrow keys while the space bar is down or the pen is set on the paper by Enter. */
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../state/language.ts";
import { Slide } from "./fields.tsx";
import { Icon } from "./icons.tsx";

/** Pixels of the drawing's edge. */
const EDGE = 280;
const PENS = [8, 14, 20, 28, 40] as const;
const KEY_STEP = 8;

interface Props {
  /** After each stroke. */
  readonly onChange: (image: ImageData | null) => void;
}

export function Sketch({ onChange }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<readonly [number, number] | null>(null);
  const [pen, setPen] = useState<number>(20);
  const [cursor, setCursor] = useState<readonly [number, number] | null>(null);
  const [down, setDown] = useState(false);
  const context = () => canvas.current!.getContext("2d", { willReadFrequently: true })!;
  const clear = (tell: boolean) => {
    const paper = context();
    paper.fillStyle = "#000";
    paper.fillRect(0, 0, EDGE, EDGE);
    if (tell) onChange(null);
  };
  useEffect(() => clear(false), []);
  const line = (from: readonly [number, number], to: readonly [number, number]) => {
    const paper = context();
    paper.strokeStyle = "#fff";
    paper.lineWidth = pen;
    paper.lineCap = "round";
    paper.beginPath();
    paper.moveTo(...from);
    paper.lineTo(...to);
    paper.stroke();
  };
  const tell = () => onChange(context().getImageData(0, 0, EDGE, EDGE));
  const place = (event: PointerEvent): [number, number] => {
    const box = canvas.current!.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * EDGE, ((event.clientY - box.top) / box.height) * EDGE];
  };
  const begin = (event: PointerEvent) => {
    if (event.button !== 0) return;
    canvas.current!.setPointerCapture(event.pointerId);
    last.current = place(event);
    line(last.current, last.current);
    setCursor(null);
  };
  const follow = (event: PointerEvent) => {
    if (last.current === null) return;
    const to = place(event);
    line(last.current, to);
    last.current = to;
  };
  const end = () => {
    if (last.current === null) return;
    last.current = null;
    tell();
  };
  const keys = (event: KeyboardEvent) => {
    const at = cursor ?? [EDGE / 2, EDGE / 2];
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      if (!down) line(at, at);
      setDown(!down);
      setCursor(at);
      if (down) tell();
      return;
    }
    const by = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const inside = (value: number) => Math.min(EDGE, Math.max(0, value));
    const to = [inside(at[0] + KEY_STEP * by[0]), inside(at[1] + KEY_STEP * by[1])] as const;
    if (down) {
      line(at, to);
      tell();
    }
    setCursor(to);
  };
  return (
    <div class="sketch">
      <div
        class="sketch-paper"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys and the space bar draw.
        tabIndex={0}
        aria-label={t("sketchLabel")}
        onKeyDown={keys}
      >
        <canvas
          ref={canvas}
          width={EDGE}
          height={EDGE}
          onPointerDown={begin}
          onPointerMove={follow}
          onPointerUp={end}
          onPointerCancel={end}
        />
        {cursor !== null && (
          <span
            class={down ? "pen down" : "pen"}
            style={{ left: `${(100 * cursor[0]) / EDGE}%`, top: `${(100 * cursor[1]) / EDGE}%` }}
          />
        )}
      </div>
      <div class="sketch-tools">
        <Slide label={t("penWidth")} value={pen} stops={PENS} onChange={setPen} />
        <button type="button" onClick={() => clear(true)}>
          <Icon name="trash" />
          {t("clearSketch")}
        </button>
      </div>
      <p class="small muted">{t("sketchHelp")}</p>
    </div>
  );
}
