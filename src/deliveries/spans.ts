/**
 * Times and spans as people read them.
 *
 * @module
 */

const UNITS: readonly (readonly [size: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/**
 * The two largest units that are not zero.
 *
 * @example
 * ```ts
 * formatSpan(330_000); // '5 min 30 s'
 * formatSpan(12.4); // '12 ms'
 * ```
 */
export const formatSpan = (ms: number): string => {
  const positive = Math.abs(ms);
  if (positive < 1000) return `${Math.round(positive)} ms`;
  if (positive < 10_000 && positive % 1000 !== 0) return `${(positive / 1000).toFixed(1)} s`;
  const parts: string[] = [];
  let left = Math.round(positive / 1000) * 1000;
  for (const [size, name] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.slice(0, 2).join(' ');
};

/** `in 30 s`, `now`, `5 min ago`. */
export const formatUntil = (at: number, now: number): string => {
  const span = at - now;
  if (span > 0) return `in ${formatSpan(span)}`;
  return span > -1000 ? 'now' : `${formatSpan(span)} ago`;
};

/** `11:30:00.012` */
export const formatClock = (iso: string): string => iso.slice(11, 23);

/** `2026-04-06` */
export const formatDay = (iso: string): string => iso.slice(0, 10);

/** `1.2 kB` */
export const formatBytes = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000
    ? `${(bytes / 1000).toFixed(1)} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`;
};
