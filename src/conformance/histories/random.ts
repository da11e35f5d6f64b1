/**
 * Random histories from the run's seed.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { ForgeryForm, History, MalformedForm, Part, Path, Step } from './step.ts';

interface RandomOptions {
  readonly thorough: boolean;
  /** Whether restarts may be part of a history. */
  readonly withRestart: boolean;
}

const TYPES: readonly EventType[] = [
  'email.replied',
  'email.opened',
  'email.clicked',
  'email.bounced',
  'email.unsubscribed',
  'email.sent',
];
const FORGERIES: readonly ForgeryForm[] = [
  'unsigned',
  'wrong digest',
  'malformed signature',
  'other key',
];
const MALFORMED: readonly MalformedForm[] = [
  'not JSON',
  'signed, not JSON',
  'signed, without data',
];
const PATHS: readonly Path[] = ['kept', 'kept', 'fresh'];
const LEADS = 3;
const MAX_STEPS = 8;
const BURST = 20;
const THOROUGH_BURST = 130;
const PAUSE_MS = 50;
const THOROUGH_PAUSE_MS = 1500;

type Random = () => number;

const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)]!;

const randomEvent = (random: Random): Part => ({
  kind: 'event',
  type: pick(random, TYPES),
  lead: Math.floor(random() * LEADS),
});

const randomPart = (random: Random): Part => {
  const dice = random();
  if (dice < 0.5) return randomEvent(random);
  if (dice < 0.75) return { kind: 'repeat', back: Math.floor(random() * 3) };
  if (dice < 0.9)
    return { kind: 'forgery', form: pick(random, FORGERIES), type: pick(random, TYPES) };
  return { kind: 'malformed', form: pick(random, MALFORMED) };
};

const randomStep = (random: Random, { thorough, withRestart }: RandomOptions): Step => {
  const dice = random();
  if (dice < 0.6) return { ...randomPart(random), path: pick(random, PATHS) };
  if (dice < 0.72) return { kind: 'together', parts: [randomEvent(random), randomEvent(random)] };
  if (dice < 0.84) {
    const parts = Array.from({ length: 2 + Math.floor(random() * 4) }, () => randomPart(random));
    return { kind: 'together', parts };
  }
  if (dice < 0.9) {
    return { kind: 'burst', count: thorough ? THOROUGH_BURST : BURST, type: pick(random, TYPES) };
  }
  if (dice < 0.98 || !withRestart) {
    return { kind: 'pause', ms: thorough ? THOROUGH_PAUSE_MS : PAUSE_MS };
  }
  return { kind: 'restart' };
};

/** Each ends with a valid event, so that what is left over of the others shows. */
const randomHistory = (random: Random, options: RandomOptions): History => {
  const length = 2 + Math.floor(random() * (MAX_STEPS - 2));
  const steps = Array.from({ length }, () => randomStep(random, options));
  return [...steps, { ...randomEvent(random), path: pick(random, PATHS) }];
};

/** Without end: playing them is bounded by time. */
export function* randomHistories(random: Random, options: RandomOptions): Generator<History> {
  for (;;) yield randomHistory(random, options);
}
