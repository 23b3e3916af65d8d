/** Files that the browser saves. */
import type { ExportedFile } from "../../worker/protocol.ts";

export function saveFile({ name, type, bytes }: ExportedFile): void {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser reads it after this event.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export function saveText(name: string, text: string): void {
  saveFile({ name, type: "text/plain", bytes: new TextEncoder().encode(text) });
}
