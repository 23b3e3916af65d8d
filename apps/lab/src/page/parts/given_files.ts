/** Files as a person gives them, with the folder in which each lies. */

export interface GivenFile {
  readonly name: string;
  /** The folder that it lies in directly; empty if it was given by itself. */
  readonly folder: string;
  readonly blob: Blob;
}

/** Files of a choice; of a folder all that is in it. */
export function givenByInput(list: FileList | null): GivenFile[] {
  return [...(list ?? [])]
    .map((file) => ({ name: file.name, folder: folderOf(file.webkitRelativePath), blob: file }))
    .filter(({ name, folder }) => folder === "" || !isHidden(name));
}

/** What systems keep in a folder for themselves: `.DS_Store`. */
const isHidden = (name: string): boolean => name.startsWith(".");

/** `photos/cats/1.jpg` lies in cats. */
function folderOf(path: string): string {
  const parts = path.split("/");
  return parts.length > 1 ? parts[parts.length - 2] : "";
}

/** Files and whole folders that were dropped. */
export async function givenByDrop(transfer: DataTransfer): Promise<GivenFile[]> {
  // The list is only valid during the event: entries are taken out before the first pause.
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found: GivenFile[] = [];
  for (const { entry, file } of entries) {
    if (entry?.isDirectory) await walk(entry as FileSystemDirectoryEntry, found);
    else if (file !== null) found.push({ name: file.name, folder: "", blob: file });
  }
  return found;
}

async function walk(folder: FileSystemDirectoryEntry, found: GivenFile[]): Promise<void> {
  const reader = folder.createReader();
  for (;;) {
    // A reader gives a hundred at a time, and none at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (entry.isDirectory) await walk(entry as FileSystemDirectoryEntry, found);
      else {
        const file = await new Promise<File>((resolve, reject) =>
          (entry as FileSystemFileEntry).file(resolve, reject),
        );
        if (!isHidden(file.name)) found.push({ name: file.name, folder: folder.name, blob: file });
      }
    }
  }
}
