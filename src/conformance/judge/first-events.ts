/**
 * The first plain events of a run, for repeats at its end.
 *
 * @module
 */
import type { Probe } from '../probe/probe.ts';
import { deliver } from './deliver.ts';
import { isAccepted } from '../verdict.ts';

export interface FirstEvent {
  readonly id: string;
  readonly body: string;
  /** By the run's clock. */
  readonly sentAt: number;
}

const EVENTS = 6;

/** By what a run has only one of. */
const first = new WeakMap<Probe['signing'], readonly FirstEvent[]>();

/** Sends some plain events and remembers those that were accepted: at the beginning of a run. */
export const sendFirst = async (probe: Probe): Promise<void> => {
  const sent: FirstEvent[] = [];
  for (let made = 0; made < EVENTS; made += 1) {
    const event = probe.event();
    const body = probe.write(event);
    if (isAccepted(await deliver(probe, body))) {
      sent.push({ id: event.id, body, sentAt: probe.wall.now() });
    }
  }
  first.set(probe.signing, sent);
};

/** Those of them that have exactly one effect by now. */
export const firstProcessed = async (probe: Probe): Promise<readonly FirstEvent[]> => {
  const { effects } = probe;
  if (effects === null) return [];
  const events = first.get(probe.signing) ?? [];
  const counts = await Promise.all(events.map(({ id }) => effects.count(id)));
  return events.filter((_, place) => counts[place] === 1);
};
