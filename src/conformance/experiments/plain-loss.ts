/**
 * The control for an event that was accepted and had no effect: plain events, one after the other. Where some of them are
 * lost as well, nothing in the event of the check is the cause.
 *
 * @module
 */
import { countLost, deliver } from '../judge/deliver.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { knowledgeOf } from './knowledge.ts';
import { knowsCause, rememberCause, type NamedCause } from './known-causes.ts';
import { explainInTurn } from './rhythm.ts';

const EVENTS = 16;

const experiment = async (probe: Probe): Promise<NamedCause | null> => {
  const taken: Event[] = [];
  let last: Exchange | null = null;
  for (let sent = 0; sent < EVENTS; sent += 1) {
    const event = probe.event();
    last = await deliver(probe, event);
    if (isAccepted(last)) taken.push(event);
  }
  if (last === null || taken.length === 0 || (await countLost(probe, taken)) === 0) return null;
  const cause = await explainInTurn(probe, 'lost', last);
  if (cause !== null) rememberCause(probe, 'lost', cause);
  return cause;
};

/** @returns null when each of them has its effect, or a cause of lost events is known; tried once in a run */
export const explainPlainLoss = async (probe: Probe): Promise<NamedCause | null> => {
  if (probe.effects === null || probe.isSlow()) return null;
  return probe.memory.once('plain loss', () =>
    knowledgeOf(probe).inTurn(async () =>
      knowsCause(probe, 'lost') ? null : probe.alone(() => experiment(probe)),
    ),
  );
};
