/** A region that scrolls when it is wider or higher than its place: the keyboard reaches it too. */
import type { ComponentChildren } from "preact";

interface Props {
  readonly label: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Scroller({ label, class: name, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must take the focus.
    <section class={`scroll ${name ?? ""}`} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
