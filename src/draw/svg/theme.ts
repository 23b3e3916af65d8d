/** Colours of drawings: light, dark, or as the reader's system is set. Every text reaches a contrast of 4.5 to 1. */
import type { Kind } from "../layer_label.ts";

/** Themes of drawings. */
export const THEMES = ["light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

interface Palette {
  readonly page: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly frame: string;
  readonly frameEdge: string;
  /** Fill and edge of each kind of box. */
  readonly kinds: Readonly<Record<Kind, readonly [fill: string, edge: string]>>;
}

export const PALETTES: Readonly<Record<Theme, Palette>> = {
  light: {
    page: "#ffffff",
    text: "#1f2328",
    muted: "#4f5861",
    line: "#6b7580",
    frame: "#f6f8fa",
    frameEdge: "#b4bdc7",
    kinds: {
      data: ["#ffffff", "#8c959f"],
      conv: ["#d6e8fb", "#3f84cf"],
      pool: ["#fde3d0", "#d07c36"],
      dense: ["#e6dcfb", "#8463cc"],
      norm: ["#e3f0d3", "#74a03a"],
      act: ["#fbf1c4", "#b39425"],
      shape: ["#eceff2", "#929ca7"],
      join: ["#d0f0ea", "#2f9685"],
      other: ["#e4e9f0", "#74839a"],
    },
  },
  dark: {
    page: "#14181d",
    text: "#e6eaef",
    muted: "#b4bdc7",
    line: "#8a95a1",
    frame: "#1b2027",
    frameEdge: "#4a5460",
    kinds: {
      data: ["#14181d", "#7d8894"],
      conv: ["#173450", "#4b92dc"],
      pool: ["#47290f", "#d08647"],
      dense: ["#312353", "#9a7be0"],
      norm: ["#263a12", "#83b04a"],
      act: ["#3d330b", "#c1a136"],
      shape: ["#272d35", "#76818d"],
      join: ["#0d3a34", "#3fae9c"],
      other: ["#263040", "#7f8fa8"],
    },
  },
};

/** The class of each kind's boxes. */
export const KIND_CLASSES: Readonly<Record<Kind, string>> = {
  data: "kd",
  conv: "kc",
  pool: "kp",
  dense: "kf",
  norm: "kn",
  act: "ka",
  shape: "ks",
  join: "kj",
  other: "ko",
};

const FONT =
  "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','PingFang SC','Microsoft YaHei','Noto Sans CJK SC'," +
  "'WenQuanYi Micro Hei',sans-serif";

/** The class of a drawing in a theme; short, since it stands before every rule. */
export function themeClass(theme: Theme | null): string {
  return theme === null ? "cva" : theme === "dark" ? "cvd" : "cvl";
}

/** The style sheet of one drawing; it holds for this drawing alone, so that a page may have several in different themes. */
export function styleSheet(theme: Theme | null): string {
  const of = `.${themeClass(theme)}`;
  const shapes =
    `${of}{font-family:${FONT};font-size:13px}${of} text{text-anchor:middle;stroke:none}${of} path{fill:none;stroke-width:1.3}` +
    `${of} .d,${of} .v{font-size:11px}${of} .b{font-weight:600}${of} .h{font-size:15px;font-weight:600}${of} .s{text-anchor:start}` +
    `${of} .m{stroke-dasharray:4 3}${of} .w{stroke-width:1;stroke-linejoin:round}`;
  if (theme !== null) return shapes + colours(of, PALETTES[theme]);
  return `${shapes}${colours(of, PALETTES.light)}@media screen and (prefers-color-scheme:dark){${colours(of, PALETTES.dark)}}`;
}

function colours(of: string, { page, text, muted, line, frame, frameEdge, kinds }: Palette): string {
  const rules = [
    `${of} .bg{fill:${page}}${of} text{fill:${text}}${of} .d{fill:${muted}}${of} path{stroke:${line}}`,
    `${of} .a,${of} circle{fill:${line};stroke:none}${of} .f{fill:${frame};stroke:${frameEdge}}`,
  ];
  for (const [kind, [fill, edge]] of Object.entries(kinds))
    rules.push(`${of} .${KIND_CLASSES[kind as Kind]}{fill:${fill};stroke:${edge}}`);
  return rules.join("");
}
