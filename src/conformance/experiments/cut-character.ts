/**
 * Whether a text is cut after a number of bytes, in the middle of a character where that falls there: characters of three
 * bytes behind more and more letters show the place.
 *
 * @module
 */
import { inDigitGroups } from '../../domain/digit-groups.ts';
import type { Level } from '../check.ts';
import { textOfLength } from '../explore/classes/texts.ts';
import { tryValues, type Decided, type FieldProbe } from './field-probe.ts';
import { bisect } from './minimise.ts';

/** A shorter text is hardly cut. Bytes. */
const MIN_BYTES = 100;
const WIDE = '€';
const WIDE_BYTES = Buffer.byteLength(WIDE);

const CONTINUATION = { mask: 0xc0, bits: 0x80 } as const;

/** Whether a cut after this number of bytes goes through a character. */
const isSplitAt = (value: unknown, bytes: number): boolean => {
  const next = typeof value === 'string' ? Buffer.from(value)[bytes] : undefined;
  return next !== undefined && (next & CONTINUATION.mask) === CONTINUATION.bits;
};

/** Letters, and characters of three bytes up to a length. */
const behindLetters = (letters: number, bytes: number): string =>
  'a'.repeat(letters) + WIDE.repeat(Math.max(0, Math.ceil((bytes - letters) / WIDE_BYTES)));

/** @returns null unless characters that lie across one place decide, while letters there do not */
export const explainCut = async (
  fields: FieldProbe,
  value: unknown,
  level: Level,
): Promise<Decided | null> => {
  const { meaning } = fields.field;
  if (typeof value !== 'string' || (meaning !== 'text' && meaning !== 'name')) return null;
  const bytes = Buffer.byteLength(value);
  if (bytes < MIN_BYTES || bytes === value.length) return null;
  let shown: Awaited<ReturnType<typeof tryValues>>[number] | null = null;
  const shows = async (letters: number): Promise<boolean> => {
    const offsets = Array.from({ length: WIDE_BYTES }, (_, offset) => letters + offset);
    const tried = await tryValues(
      fields,
      offsets.map((count) => () => behindLetters(count, bytes + WIDE_BYTES)),
      level,
    );
    const bad = tried.filter(({ trial }) => trial.flaw !== null);
    // All of them: it is something else than the place of a character.
    if (bad.length === 0 || bad.length === tried.length) return false;
    shown = bad[0]!;
    return true;
  };
  const [ascii] = await tryValues(fields, [() => textOfLength(bytes)], level);
  if (ascii?.trial.flaw !== null || !(await shows(0)) || shown === null) return null;
  const { good: cut } = await bisect(bytes, 0, shows);
  const { value: minimal, trial } = shown as { value: unknown; trial: Decided['minimal'] };
  if (!isSplitAt(minimal, cut)) return null;
  return {
    hypothesis: {
      name: `cut-${cut}`,
      phrase: `has a character of several bytes across the end of its first ${inDigitGroups(cut)} bytes, where the text is cut in the middle of the character`,
      holds: (one) => isSplitAt(one, cut),
      make: null,
    },
    exceptions: 0,
    minimal: trial,
    value: minimal,
  };
};
