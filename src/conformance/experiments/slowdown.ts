/**
 * Whether forged requests make the responses to valid events slower and slower, as a delay that grows with each failed
 * attempt does. The control: as many valid events, after which responses are as fast as before.
 *
 * @module
 */
import { wrongSignature } from '../judge/forgeries.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

const FORGERIES = 8;
const SAMPLES = 2;
/** Less may be chance. Milliseconds. */
const MIN_GROWTH_MS = 120;
/** A response is slow from here on, and as many times slower than the fastest one. */
const SLOW_MS = 1000;
const MIN_RATIO = 20;

/** Whether a response took so long that it is worth an experiment. */
export const isSlowedDown = ({ memory }: Probe, exchanges: readonly Exchange[]): boolean =>
  exchanges.some(
    ({ reply }) =>
      reply.kind === 'answer' &&
      reply.durationMs > Math.max(SLOW_MS, MIN_RATIO * memory.fastestAcceptedMs),
  );

/** The fastest of a few, in milliseconds; null if one is not accepted. */
const responseMs = async (probe: Probe): Promise<number | null> => {
  let fastest = Infinity;
  for (let sent = 0; sent < SAMPLES; sent += 1) {
    const exchange = await probe.post(probe.event());
    if (!isAccepted(exchange)) return null;
    fastest = Math.min(fastest, exchange.reply.durationMs);
  }
  return fastest;
};

/** At the same time: each may take seconds. */
const sendMany = async (probe: Probe, areForged: boolean): Promise<void> => {
  const sent = Array.from({ length: FORGERIES }, () =>
    probe.post(probe.event(), areForged ? { signature: wrongSignature(probe) } : {}),
  );
  await Promise.all(sent);
};

const experiment = async (probe: Probe): Promise<NamedCause | null> => {
  const first = await responseMs(probe);
  if (first === null) return null;
  await sendMany(probe, true);
  const second = await responseMs(probe);
  if (second === null || second - first < MIN_GROWTH_MS) return null;
  // The control: valid events leave it as it is.
  await sendMany(probe, false);
  const third = await responseMs(probe);
  if (third === null || third - second > (second - first) / 3) return null;
  await sendMany(probe, true);
  const fourth = await responseMs(probe);
  if (fourth === null || fourth - third < MIN_GROWTH_MS) return null;
  const round = Math.round;
  return {
    key: 'slow:after-forgeries',
    sentence: `Each forged request delays every later response, those to valid events too: after ${FORGERIES} more with a wrong signature a valid event takes ${round(second)} ms instead of ${round(first)} ms, after ${FORGERIES} valid events no longer than before, and after ${FORGERIES} more forgeries ${round(fourth)} ms.`,
    fix: 'Refuse a wrong signature at once, and delay nothing else because of it: all events come from the addresses of the provider or a proxy, anyone can send forgeries, and a response that takes longer than 10 seconds counts as failed.',
  };
};

/** @returns the cause; null when forgeries do not delay valid events; tried once in a run */
export const explainSlowdown = (probe: Probe): Promise<NamedCause | null> =>
  probe.memory.once('slowdown', () => probe.alone(() => experiment(probe)));
