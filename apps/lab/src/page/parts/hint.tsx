/** A question mark beside a term: its explanation, and the section of the book that it comes from. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type TermName, terms } from "../../words/terms.ts";
import { language, t } from "../state/language.ts";

const open = signal<{ readonly term: TermName; readonly anchor: HTMLElement } | null>(null);

export function Hint({ term }: { readonly term: TermName }) {
  const { name } = terms[term][language.value];
  return (
    <button
      type="button"
      class="hint"
      aria-label={t("explainTerm", { term: name })}
      aria-expanded={open.value?.term === term}
      onClick={(event) => {
        const anchor = event.currentTarget;
        open.value = open.peek()?.anchor === anchor ? null : { term, anchor };
      }}
    >
      <span aria-hidden="true">?</span>
    </button>
  );
}

/** The one note that all hints open; the page has it once. */
export function HintNote() {
  const note = useRef<HTMLDivElement>(null);
  const shown = open.value;
  useEffect(() => {
    const element = note.current;
    if (element === null) return;
    if (shown === null) {
      if (element.matches(":popover-open")) element.hidePopover();
      return;
    }
    element.showPopover();
    place(element, shown.anchor);
    const close = (event: Event) => {
      if (!(event.target instanceof Node) || !shown.anchor.contains(event.target)) open.value = null;
    };
    const closeOnEscape = (event: KeyboardEvent) => {
      if (event.key === "Escape") open.value = null;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", closeOnEscape);
    window.addEventListener("scroll", close, { capture: true, passive: true });
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", closeOnEscape);
      window.removeEventListener("scroll", close, { capture: true });
    };
  }, [shown]);
  const text = shown === null ? null : terms[shown.term][language.value];
  return (
    <div ref={note} popover="manual" class="note" role="status">
      {text !== null && (
        <>
          <h3>{text.name}</h3>
          <p>{text.text}</p>
          <p class="section">{t("bookSection", { section: text.section })}</p>
        </>
      )}
    </div>
  );
}

/** Below the anchor, or above it if there is more room; always inside the window. */
function place(note: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const size = note.getBoundingClientRect();
  const left = Math.min(Math.max(12, at.left - 16), window.innerWidth - size.width - 12);
  const below = at.bottom + 8;
  const top = below + size.height <= window.innerHeight - 12 ? below : Math.max(12, at.top - size.height - 8);
  note.style.left = `${left}px`;
  note.style.top = `${top}px`;
}
