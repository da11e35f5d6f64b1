/**
 * Bodies that are valid except for one thing, so that they get far into a handler.
 *
 * @module
 */
import type { Probe } from '../probe/probe.ts';

/** Without data, with a list of them, and a list of events. */
export const almostEvents = (probe: Probe): readonly string[] => {
  const { data, ...envelope } = probe.event();
  const bodies = [
    { ...envelope, data: null },
    envelope,
    { ...envelope, data: [data] },
    [probe.event()],
  ];
  return bodies.map((body) => JSON.stringify(body));
};
