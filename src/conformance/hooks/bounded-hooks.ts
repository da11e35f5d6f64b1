/**
 * Hooks with time limits and limited concurrency, whatever the user's callbacks do.
 *
 * @module
 */
import pLimit from 'p-limit';
import type { WallClock } from '../../clock/port.ts';
import { HookError, type Hooks } from './hooks.ts';

/** Slightly longer than the timeouts of hooks over HTTP, so that their messages take precedence. */
const LIMITS = {
  effects: 15_000,
  state: 15_000,
  fault: 15_000,
  restart: 75_000,
  recover: 75_000,
  campaign: 15_000,
} as const satisfies Readonly<Record<keyof Hooks, number>>;

/**
 * Questions at a time. What a receiver offers for its tests is seldom made for a crowd: Python's own servers keep five
 * connections waiting, and the next ones are tried again by the system after seconds.
 */
const QUESTIONS = 4;

const within = <T>(
  wall: WallClock,
  signal: AbortSignal | undefined,
  name: keyof Hooks,
  work: () => Promise<T>,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const give = (what: string): void => {
      end();
      reject(new HookError(`The ${name} hook ${what}`));
    };
    const interrupted = (): void => give('was interrupted.');
    const disarm = wall.after(LIMITS[name], () =>
      give(`did not resolve within ${LIMITS[name] / 1000} s. Let it resolve, or reject.`),
    );
    const end = (): void => {
      disarm();
      signal?.removeEventListener('abort', interrupted);
    };
    if (signal?.aborted === true) {
      interrupted();
      return;
    }
    signal?.addEventListener('abort', interrupted);
    // A callback that throws at once rejects like the others.
    const begun = (async () => work())();
    begun.finally(end).then(resolve, reject);
  });

/** The same hooks, each with a limit of time; an interruption ends what they are at. */
export const boundHooks = (
  { effects, state, fault, restart, recover, campaign }: Hooks,
  wall: WallClock,
  signal: AbortSignal | undefined,
): Hooks => {
  const limit = <T>(name: keyof Hooks, work: () => Promise<T>, until = signal): Promise<T> =>
    within(wall, until, name, work);
  const turn = pLimit(QUESTIONS);
  /** Its time begins when it is asked. */
  const ask = <T>(name: keyof Hooks, work: () => Promise<T>): Promise<T> =>
    turn(() => limit(name, work));
  const never = new AbortController().signal;
  return {
    effects: effects && ((id) => ask('effects', () => effects(id))),
    state: state && ((email) => ask('state', () => state(email))),
    // Whatever has been made to fail must work again, also after an interruption.
    fault: fault && ((failing) => limit('fault', () => fault(failing), failing ? signal : never)),
    restart: restart && (() => limit('restart', () => restart())),
    recover: recover && ((from) => limit('recover', () => recover(from))),
    campaign:
      campaign &&
      (async () => {
        const watched = await limit('campaign', () => campaign());
        return {
          id: watched.id,
          isPaused: () => limit('campaign', () => watched.isPaused()),
          [Symbol.asyncDispose]: () => watched[Symbol.asyncDispose](),
        };
      }),
  };
};
