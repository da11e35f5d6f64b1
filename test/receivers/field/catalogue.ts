/**
 * The receivers of the field set, as `receivers.json` in each folder describes them.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Half = 'open' | 'held-out';
export type Language = 'node' | 'python' | 'go' | 'java';
/** The languages of the field set; other sets have fewer. */
export type FieldLanguage = Language | 'ruby' | 'php';
export type HookName = 'effects' | 'state' | 'fault' | 'restart';

interface Described {
  /** `open-01`, unique in the set. */
  readonly id: string;
  /** The source file, in the folder of its half. */
  readonly file: string;
  readonly language: FieldLanguage;
  /** The HTTP server or framework. */
  readonly stack: string;
  readonly hooks: readonly HookName[];
}

/** A receiver with one fault. */
export interface FaultyReceiver extends Described {
  readonly fault: string;
  readonly area: string;
  /** Regular expression (ignoring case) that a sentence naming the true cause matches. */
  readonly cause: string;
  /** The public bug report that the fault is taken from. */
  readonly source: string;
}

/** A receiver without a fault. */
export interface CorrectReceiver extends Described {
  /** What a hasty check would call a fault. */
  readonly may: string;
  /** The only kind of lead that it acts on, where it does not act on all. */
  readonly knownLead?: string;
}

export type FieldReceiver = FaultyReceiver | CorrectReceiver;

export const HALVES: readonly Half[] = ['open', 'held-out'];

export const isFaulty = (receiver: FieldReceiver): receiver is FaultyReceiver =>
  'fault' in receiver;

/** Absolute path of a file of one half. */
export const pathIn = (half: Half, file: string): string =>
  fileURLToPath(new URL(`${half}/${file}`, import.meta.url));

export const receiversOf = (half: Half): readonly FieldReceiver[] =>
  JSON.parse(readFileSync(pathIn(half, 'receivers.json'), 'utf8')) as readonly FieldReceiver[];
