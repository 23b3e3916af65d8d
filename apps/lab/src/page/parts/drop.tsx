/** Files and folders: dropped, pasted, or chosen. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { tellError } from "../state/notices.ts";
import { type GivenFile, givenByDrop, givenByInput } from "./given_files.ts";

interface Props {
  readonly label: string;
  readonly onFiles: (files: readonly GivenFile[]) => void;
  readonly children?: ComponentChildren;
  readonly class?: string;
}

/** A region that takes what is dropped on it. */
export function DropZone({ label, onFiles, children, class: name }: Props) {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setOver(false);
    if (event.dataTransfer !== null) void givenByDrop(event.dataTransfer).then(onFiles, tellError);
  };
  return (
    <section
      class={`drop ${over ? "over" : ""} ${name ?? ""}`}
      aria-label={label}
      onDragOver={(event) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget)))
          setOver(false);
      }}
      onDrop={drop}
    >
      {children}
    </section>
  );
}

interface FileButtonProps {
  readonly label: ComponentChildren;
  readonly name: string;
  readonly onFiles: (files: readonly GivenFile[]) => void;
  readonly accept?: string;
  readonly folder?: boolean;
  readonly several?: boolean;
  readonly class?: string;
}

/** A button that opens the browser's choice of files, or of a folder. */
export function FileButton({ label, name, onFiles, accept, folder, several, class: style }: FileButtonProps) {
  const id = useId();
  return (
    <span class="file-button">
      <input
        id={id}
        class="away"
        type="file"
        aria-label={name}
        accept={accept ?? ""}
        multiple={several ?? false}
        {...(folder ? { webkitdirectory: true } : {})}
        onChange={(event) => {
          const input = event.currentTarget;
          const files = givenByInput(input.files);
          input.value = "";
          if (files.length > 0) onFiles(files);
        }}
      />
      <label for={id} class={`button ${style ?? ""}`} aria-hidden="true">
        {label}
      </label>
    </span>
  );
}
