/** CodeMirror with what the Lab needs; loaded when the editor is opened. */
import {
  autocompletion,
  type CompletionSource,
  closeBrackets,
  closeBracketsKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { NEW_BLOCKS } from "../../experiment/blocks.ts";
import type { CodeProblem } from "../state/networks.ts";

export interface Editor {
  setCode(code: string): void;
  setDark(dark: boolean): void;
  mark(problem: CodeProblem | null): void;
  close(): void;
}

interface Options {
  readonly parent: HTMLElement;
  readonly code: string;
  readonly label: string;
  readonly onChange: (code: string) => void;
}

/** Colours that follow the page's, on both grounds. */
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword], color: "light-dark(#8250a8, #d2a8ff)" },
  { tag: [tags.string, tags.special(tags.string)], color: "light-dark(#116329, #8ddb8c)" },
  { tag: [tags.number, tags.bool, tags.null], color: "light-dark(#953800, #ffa657)" },
  { tag: tags.comment, color: "light-dark(#545d67, #a6b0bb)", fontStyle: "italic" },
  {
    tag: [tags.function(tags.propertyName), tags.function(tags.variableName)],
    color: "light-dark(#1a5fbd, #6cb0ff)",
  },
]);

const look = EditorView.theme({
  "&": { fontSize: "0.875rem", backgroundColor: "var(--raised)", color: "var(--text)" },
  ".cm-content": { caretColor: "var(--text)", padding: "0.5rem 0" },
  ".cm-gutters": {
    backgroundColor: "var(--faint)",
    color: "var(--muted)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--track)" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "1px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 28%, transparent) !important",
  },
  ".cm-tooltip": { background: "var(--raised)", color: "var(--text)", borderColor: "var(--edge)" },
  ".cm-scroller": { fontFamily: "ui-monospace, Menlo, Consolas, monospace" },
});

export function openEditor({ parent, code, label, onChange }: Options): Editor {
  const dark = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: code,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        lintGutter(),
        autocompletion({ override: [layerNames] }),
        javascript({ typescript: true }),
        syntaxHighlighting(colours),
        look,
        dark.of(EditorView.darkTheme.of(false)),
        // Escape, then Tab, leaves the editor: no trap for the keyboard.
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setCode(next) {
      const current = view.state.doc.toString();
      if (next !== current) view.dispatch({ changes: { from: 0, to: current.length, insert: next } });
    },
    setDark: (on) => view.dispatch({ effects: dark.reconfigure(EditorView.darkTheme.of(on)) }),
    mark: (problem) =>
      view.dispatch(setDiagnostics(view.state, problem === null ? [] : [diagnostic(view, problem)])),
    close: () => view.destroy(),
  };
}

function diagnostic(view: EditorView, { message, line, column }: CodeProblem) {
  const { doc } = view.state;
  const at = doc.line(Math.min(Math.max(1, line ?? 1), doc.lines));
  const from = Math.min(at.from + Math.max(0, (column ?? 1) - 1), at.to);
  return { from, to: at.to, severity: "error" as const, message };
}

const LAYERS = [...new Set(NEW_BLOCKS.map(({ type }) => type))].filter((type) => type !== "Inception");

/** After `nn.`: the layers that blocks have, too. */
const layerNames: CompletionSource = (context) => {
  const before = context.matchBefore(/nn\.\w*/);
  if (before === null) return null;
  return {
    from: before.from + "nn.".length,
    options: ["Sequential", ...LAYERS].map((name) => ({ label: name, type: "function" })),
  };
};
