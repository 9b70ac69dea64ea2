/** "0.42 s", "31.5 s", "4 min 05 s", "2 h 03 min" */
export function formatSeconds(seconds: number): string {
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** "42s", "59m", "2.1h", "12h", "3.5d": at most four columns. */
export function formatRemaining(seconds: number): string {
  const units = [
    ["s", 60, 1],
    ["m", 60, 60],
    ["h", 24, 3600],
  ] as const;
  for (const [unit, below, length] of units) {
    const value = seconds / length;
    if (Math.round(value) >= below) continue;
    return unit === "h" && value < 9.95 ? `${value.toFixed(1)}h` : `${Math.round(value)}${unit}`;
  }
  const days = seconds / 86_400;
  return days < 9.95 ? `${days.toFixed(1)}d` : `${Math.min(999, Math.round(days))}d`;
}

/** "0 B", "512 B", "1.23 MB", "45.6 GB": three digits, powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? String(value) : threeDigits(value)} ${units[unit]!}`;
}

/** "97.31 %" of the share 0.9731 */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** A loss or a radius to four digits, in powers of ten where small or large. */
export function formatMagnitude(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return value === 0 || (size >= 1e-3 && size < 1e5) ? value.toPrecision(4) : value.toExponential(2);
}

/** The same in six columns: "0.2088", "123.4", "1.2e-5", "5e-324". */
export function formatShort(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const rest = value < 0 ? 5 : 6;
  if (size >= 1e-3 && size < 9999.5) return value.toPrecision(size < 0.1 ? 3 : 4).slice(0, 6);
  const short = value.toExponential(1);
  return short.length <= rest ? short : value.toExponential(0);
}

/** "1,234,567" */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

/** "1 rank", "26,506 parameters" */
export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function threeDigits(value: number): string {
  return value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2);
}
