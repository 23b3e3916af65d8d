/** Writing tables as comma-separated values. Source: RFC 4180. */

/** A row with its line end. Fields with commas, quotes or line ends are quoted, and quotes in them doubled. */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map(csvField).join(",")}\r\n`;
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
