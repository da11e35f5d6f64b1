/**
 * Steps of a history: what is sent to a receiver, in which order and over which connection.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';

/** `kept`: the one connection that the history keeps open. `fresh`: a connection of its own, closed afterwards. */
export type Path = 'kept' | 'fresh';

/** Requests that anyone can send. */
export type ForgeryForm = 'unsigned' | 'wrong digest' | 'malformed signature' | 'other key';

/** `signed`: only the holder of the secret can send it. */
export type MalformedForm = 'not JSON' | 'signed, not JSON' | 'signed, without data';

export interface EventPart {
  readonly kind: 'event';
  readonly type: EventType;
  /** Number of the lead within the history. */
  readonly lead: number;
  /** Number of the campaign within the history; default: the first. */
  readonly campaign?: number;
}

export interface RepeatPart {
  readonly kind: 'repeat';
  /** Which of the events before this step: 0 is the latest. Without an event before it, nothing is sent. */
  readonly back: number;
}

export interface ForgeryPart {
  readonly kind: 'forgery';
  readonly form: ForgeryForm;
  readonly type: EventType;
}

export interface MalformedPart {
  readonly kind: 'malformed';
  readonly form: MalformedForm;
}

/** One request. */
export type Part = EventPart | RepeatPart | ForgeryPart | MalformedPart;

export type Step =
  | (Part & { readonly path: Path })
  /** Requests whose last bytes are sent at the same moment. */
  | { readonly kind: 'together'; readonly parts: readonly Part[] }
  /** Many different events as fast as connections allow. */
  | { readonly kind: 'burst'; readonly count: number; readonly type: EventType }
  /** An event while the system that events are handed to fails. Needs the fault hook. */
  | { readonly kind: 'failed try'; readonly type: EventType }
  | { readonly kind: 'pause'; readonly ms: number }
  /** Needs the restart hook. */
  | { readonly kind: 'restart' };

export type History = readonly Step[];

/** The requests of a step that has a fixed list of them. */
export const partsOf = (step: Step): readonly Part[] => {
  switch (step.kind) {
    case 'together':
      return step.parts;
    case 'burst':
    case 'failed try':
    case 'pause':
    case 'restart':
      return [];
    default:
      return [step];
  }
};
