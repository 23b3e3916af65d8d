/** How numbers are written in tables, plots and pages. All locale-independent, so that files compare equal. */

/** 61706 -> "61,706". Fractions are rounded away. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  const digits = String(Math.abs(Math.round(value)));
  if (digits.includes("e")) return value.toExponential(2);
  const grouped = digits.replace(/\B(?=(\d{3})+$)/g, ",");
  return value < 0 && grouped !== "0" ? `-${grouped}` : grouped;
}

/** Three significant digits with a decimal prefix: 416520 -> "417 k", 938e6 -> "938 M", 7.5e9 -> "7.5 G". */
export function formatScaled(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  const prefixes = ["", " k", " M", " G", " T", " P"];
  let scaled = value;
  let power = 0;
  while (Math.abs(scaled) >= 999.5 && power < prefixes.length - 1) {
    scaled /= 1000;
    power++;
  }
  return significant(scaled, 3) + prefixes[power];
}

/** Bytes in binary units: 1536 -> "1.5 KiB". */
export function formatBytes(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let scaled = value;
  let power = 0;
  while (Math.abs(scaled) >= 1023.5 && power < units.length - 1) {
    scaled /= 1024;
    power++;
  }
  return `${power === 0 ? Math.round(scaled) : significant(scaled, 3)} ${units[power]}`;
}

/** A loss or an accuracy as the book prints it: three decimals, exponents if three decimals mislead. */
export function formatMetric(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 5e-4)) return value.toExponential(2);
  if (size >= 1e3) return value.toFixed(0);
  return value.toFixed(3);
}

/** 0.9876 -> "98.8 %"; never "100.0 %" for anything less than one, never "0.0 %" for anything above zero. */
export function formatPercent(fraction: number): string {
  if (!Number.isFinite(fraction)) return formatSpecial(fraction);
  if (fraction > 0.9995 && fraction < 1) return "> 99.9 %";
  if (fraction > 0 && fraction < 0.0005) return "< 0.1 %";
  return `${(fraction * 100).toFixed(1)} %`;
}

/** Seconds as a clock: 5 -> "0:05", 723 -> "12:03", 3723 -> "1:02:03", 93784 -> "1 d 2:03:04". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--";
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const days = Math.floor(whole / 86400);
  const hours = Math.floor((whole % 86400) / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const tail = two(whole % 60);
  if (days > 0) return `${formatCount(days)} d ${hours}:${two(minutes)}:${tail}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}

/** Examples a second: whole from ten upwards ("21,340"), two or three digits below ("27.4" stays "27.4"). */
export function formatRate(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  return Math.abs(value) >= 100 ? formatCount(value) : significant(value, 3);
}

/** At most `digits` significant digits, without trailing zeros and without an exponent if it is avoidable. */
export function significant(value: number, digits: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  if (value === 0) return "0";
  const text = value.toPrecision(digits);
  if (text.includes("e")) {
    const [mantissa, exponent] = text.split("e");
    return `${trimZeros(mantissa)}e${exponent.replace("+", "")}`;
  }
  return trimZeros(text);
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function formatSpecial(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "inf" : "-inf";
}
