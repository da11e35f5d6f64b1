/**
 * Whether accepted events still take effect: a plain event after each stage, whose effect is awaited.
 *
 * A worker that dies leaves a receiver that accepts everything and does nothing. From then on every check that rests on
 * effects would fail, so the run ends there, and one finding says since which request.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import { BehindError } from '../hooks/backlog.ts';
import { HookError, waitFor } from '../hooks/hooks.ts';
import { deliver } from '../judge/deliver.ts';
import { interestsOf, primaryTypeOf } from '../judge/interests.ts';
import { restart } from '../judge/restart.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import type { EffectsStop, SeenExchange } from './observed.ts';

export interface EffectsWatch {
  /** @returns whether accepted events have an effect, as far as can be seen */
  look(): Promise<boolean>;
  /** Null while they have. */
  readonly stop: EffectsStop | null;
}

const PATIENCE = { forMs: 3000, everyMs: 20 };
/** Suspects that are tried again after a restart. */
const MAX_TRIED = 60;

const isSigned = ({ signing }: Probe, { request }: Exchange): boolean =>
  request.headers.some(
    ([name, value]) => name === SIGNATURE.header && value === signing.valid(request.body),
  );

const idOf = ({ request }: Exchange): string | null => {
  try {
    const { id } = JSON.parse(Buffer.from(request.body).toString('utf8')) as { id?: unknown };
    return typeof id === 'string' ? id : null;
  } catch {
    return null;
  }
};

const typeOf = ({ request }: Exchange): string =>
  /"event"\s*:\s*"([^"]{1,60})"/.exec(Buffer.from(request.body).toString('utf8'))?.[1] ?? '';

/** A plain event has its effect. @returns null when it was not accepted, or the receiver is too far behind */
const processesPlain = async (probe: Probe, event = probe.event()): Promise<boolean | null> => {
  const { effects, queue } = probe;
  if (effects === null || !isAccepted(await deliver(probe, event))) return null;
  try {
    const count = await waitFor(
      probe.wall,
      () => effects.count(event.id),
      (now) => now > 0,
      { ...PATIENCE, queue },
    );
    return count > 0;
  } catch (error) {
    // A hook that is down is reported by the checks that need it.
    if (error instanceof BehindError || error instanceof HookError) return null;
    throw error;
  }
};

/** The exchanges after the last event that has an effect, up to the first of all later ones that have none. */
const suspects = async (
  probe: Probe,
  seen: readonly SeenExchange[],
): Promise<readonly SeenExchange[]> => {
  const plain = seen.flatMap(({ exchange }, place) => {
    const counts = isAccepted(exchange) && typeOf(exchange) === primaryTypeOf(probe);
    const id = counts && isSigned(probe, exchange) ? idOf(exchange) : null;
    return id === null ? [] : [{ id, place }];
  });
  let below = -1;
  let above = plain.length - 1;
  while (above - below > 1) {
    const middle = (above + below) >> 1;
    if ((await probe.effects!.count(plain[middle]!.id)) > 0) below = middle;
    else above = middle;
  }
  const from = plain[below]?.place ?? 0;
  const to = plain[above]?.place ?? seen.length - 1;
  // A little before, too: the event that kills a worker may be in a queue behind others that still have their effect.
  return seen.slice(Math.max(0, from - 8), to + 1).toReversed();
};

/** The same request, with an id of its own when it carries a valid event. */
const sendAgain = async (probe: Probe, exchange: Exchange): Promise<Exchange> => {
  const { body, method } = exchange.request;
  const id = idOf(exchange);
  const text = Buffer.from(body).toString('utf8');
  if (!isSigned(probe, exchange)) {
    const value = exchange.request.headers.find(([name]) => name === SIGNATURE.header)?.[1] ?? null;
    return probe.post(body, { method, signature: value });
  }
  return probe.post(id === null ? body : text.replaceAll(id, probe.events.freshId()), { method });
};

/** Of a worker that takes one event after the other: the first accepted event without an effect. */
const firstUnprocessed = async (
  probe: Probe,
  list: readonly SeenExchange[],
): Promise<SeenExchange | null> => {
  const interests = await interestsOf(probe);
  for (const one of list.toReversed()) {
    const id = idOf(one.exchange);
    if (id === null || !isAccepted(one.exchange) || !isSigned(probe, one.exchange)) continue;
    if (!interests.types.has(typeOf(one.exchange))) continue;
    if ((await probe.effects!.count(id)) === 0) return one;
  }
  return null;
};

/** After a restart: sends the suspects one by one, until a plain event has no effect. */
const findCulprit = async (
  probe: Probe,
  list: readonly SeenExchange[],
): Promise<SeenExchange | null> => {
  if (probe.hooks.restart === undefined) return null;
  await restart(probe);
  if ((await processesPlain(probe)) !== true) return null;
  for (const one of list.slice(0, MAX_TRIED)) {
    await sendAgain(probe, one.exchange);
    if ((await processesPlain(probe)) === false) return one;
  }
  return null;
};

/** @param seen everything that the run has exchanged so far */
export const createEffectsWatch = (
  probe: Probe,
  seen: () => readonly SeenExchange[],
): EffectsWatch => {
  let stop: EffectsStop | null = null;
  return {
    get stop() {
      return stop;
    },
    look: async () => {
      if (stop !== null) return false;
      // Twice: one event can be lost on its own, which other checks are about.
      const plain = probe.event();
      if ((await processesPlain(probe, plain)) !== false) return true;
      if ((await processesPlain(probe)) !== false) return true;
      if ((await probe.effects!.count(plain.id)) > 0) {
        stop = { culprit: null, suspects: [], isHeldBack: true };
        return false;
      }
      const list = await suspects(probe, seen());
      const first = await firstUnprocessed(probe, list);
      const culprit = (await findCulprit(probe, list)) ?? first;
      stop = { culprit, suspects: list };
      return false;
    },
  };
};
