/**
 * Values as TypeScript source.
 *
 * @module
 */

/** A property's name as source. */
export const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : print(name));

/** A scalar as source. */
export function print(value: unknown): string {
  if (typeof value === 'number') return separated(value);
  if (typeof value !== 'string') return JSON.stringify(value);
  return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** A number, its thousands parted. */
export function separated(value: number): string {
  const text = String(value);
  return /^-?\d{5,}$/.test(text) ? value.toLocaleString('en-US').replaceAll(',', '_') : text;
}
