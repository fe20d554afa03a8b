/** Stands for a number that isn't defined, everywhere. */
export const ABSENT = "–";

/** A whole number with thousands separated: 41,220. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en");
}

/** A large whole number in two or three digits: 950, 12.4 k, 1.93 M, 2.1 G. */
export function formatCompact(count: number): string {
  const units = ["", "k", "M", "G", "T"];
  let value = count;
  let index = 0;
  while (Math.abs(value) >= 999.5 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  return index === 0 ? formatCount(value) : `${threeDigits(value)} ${units[index] ?? ""}`;
}

/** A large whole number in two or three signs, for narrow cells: 950, 1.7 k, 62 k, 461 k. */
export function formatShort(count: number): string {
  const units = ["", "k", "M", "G", "T"];
  let value = count;
  let index = 0;
  while (value >= 999.5 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  return index === 0 ? formatCount(value) : `${value.toFixed(value < 9.95 ? 1 : 0)} ${units[index] ?? ""}`;
}

/** A measure between 0 and 1 with two decimals, as IoU is read: 0.71. */
export function formatScore(score: number | null): string {
  // A real minus: only kappa can be below zero.
  return score === null || !Number.isFinite(score) ? ABSENT : score.toFixed(2).replace("-", "−");
}

/** A loss with three significant digits: 1.23, 0.0412, 7.3e+16; words for what isn't a number. */
export function formatLoss(loss: number): string {
  if (!Number.isFinite(loss)) {
    return Number.isNaN(loss) ? "NaN" : "∞";
  }
  if (loss !== 0 && (Math.abs(loss) < 0.001 || Math.abs(loss) >= 1e6)) {
    return loss.toExponential(1);
  }
  return Math.abs(loss) >= 100 ? loss.toFixed(0) : Number(loss.toPrecision(3)).toFixed(decimalsFor(loss));
}

function decimalsFor(value: number): number {
  const size = Math.abs(value);
  return size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4;
}

/** A share 0–1 as a percentage: 3.2 %, 100 %, <0.1 % for what is there but too small to be written. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.05) {
    return "<0.1 %";
  }
  // What isn't all of it must not read as all of it.
  const shown = percent >= 99.95 && percent < 100 ? 99.9 : percent;
  return `${shown >= 99.95 || shown === 0 ? shown.toFixed(0) : shown.toFixed(1)} %`;
}

/** A span of time as one says it: 0.4 s, 12 s, 2 min 10 s, 3 h 5 min, 2 d 4 h. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) {
    return ABSENT;
  }
  if (seconds < 9.95) {
    return `${seconds < 0.95 ? seconds.toFixed(1) : String(Number(seconds.toFixed(1)))} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) {
    return joinUnits(minutes, "min", whole % 60, "s");
  }
  const hours = Math.floor(whole / 3600);
  if (hours < 24) {
    return joinUnits(hours, "h", Math.round((whole % 3600) / 60) % 60, "min");
  }
  return joinUnits(Math.floor(hours / 24), "d", hours % 24, "h");
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A rounded span for what can't be known better: "about 3 min left". */
export function formatRemaining(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) {
    return "";
  }
  if (seconds < 5) {
    return "a few seconds left";
  }
  if (seconds < 60) {
    return `about ${Math.ceil(seconds / 5) * 5} s left`;
  }
  return seconds < 3600
    ? `about ${Math.round(seconds / 60)} min left`
    : `about ${joinUnits(Math.floor(seconds / 3600), "h", Math.round((seconds % 3600) / 60) % 60, "min")} left`;
}

/** Milliseconds of a step: 161 ms, 1.4 s. */
export function formatMilliseconds(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${threeDigits(milliseconds / 1000)} s`;
}

/** A size in powers of 1000, as file managers count: 512 B, 1.4 MB, 12 GB. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let index = 0;
  while (value >= 999.5 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  return `${index === 0 ? formatCount(value) : threeDigits(value)} ${units[index] ?? ""}`;
}

/** An area on the ground: 12 m², 1.03 ha, 4.2 km². */
export function formatArea(squareMeters: number): string {
  if (squareMeters < 1000) {
    return `${squareMeters < 9.95 ? threeDigits(squareMeters) : formatCount(squareMeters)} m²`;
  }
  const hectares = squareMeters / 10_000;
  return hectares < 1000 ? `${hectares.toFixed(2)} ha` : `${threeDigits(hectares / 100)} km²`;
}

/** A learning rate as it is written in papers: 0.001, 1e-5. */
export function formatRate(rate: number): string {
  return rate < 0.0001 ? rate.toExponential().replace("e-0", "e-") : String(rate);
}

/** When something happened, near or far: 14:05, 3 Nov 14:05, 3 Nov 2025. */
export function formatMoment(moment: string, now = new Date()): string {
  const date = new Date(moment);
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) {
    return time;
  }
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return date.getFullYear() === now.getFullYear() ? `${day} ${time}` : `${day} ${date.getFullYear()}`;
}

/** "1 tile", "12,000 tiles". The build puts a catalogue's forms, with `#` for the number, and its language's rule in place of the words. */
export function formatPlural(
  count: number,
  singular: string | readonly string[],
  plural: string | ((count: number) => number) = `${String(singular)}s`,
): string {
  if (typeof singular === "string" || typeof plural === "string") {
    return `${formatCount(count)} ${count === 1 ? String(singular) : String(plural)}`;
  }
  return (singular[plural(count)] ?? "#").replace("#", formatCount(count));
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  return size >= 99.95 ? value.toFixed(0) : size >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}
