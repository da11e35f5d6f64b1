/**
 * A legal event written as no writer of the usual ones would: whatever a receiver does to a body before it hashes it
 * shows somewhere.
 *
 * @module
 */
import type { Probe } from '../probe/probe.ts';

/** Non-canonical in every way that is legal JSON, with white space around it. @param step a whole number, which some do not take as 1.0 */
export const trickyBody = (probe: Probe, step: '1.0' | '1'): Buffer => {
  const { event, id, timestamp, data } = probe.event('email.replied', {
    lead_name: 'Zoë <O’Hara>',
    lead_company: 'A/B & Söhne',
    reply_preview: `Ça marche 👍 – "jeudi" à 14\u202Fh?\n\tOk+`,
    sequence_step: undefined,
  });
  const spaced = Object.entries(data).map(
    ([key, value]) => `  ${JSON.stringify(key)} :${JSON.stringify(value)}`,
  );
  const written = `{"timestamp":"${timestamp}", "event":"${event}",\n"id": "${id}","data":{\n${spaced.join(',\n')},\n  "sequence_step":${step}}} \n`;
  return Buffer.from(
    written.replace('A/B', 'A\\/B').replace('Söhne', String.raw`S\u00f6hne`),
    'utf8',
  );
};
