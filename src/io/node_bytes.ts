/** The bytes of a file by its path (`#read_bytes`; a page has `page_bytes.ts`). */
export { readRegularFile as readBytes } from "./regular_file.ts";
