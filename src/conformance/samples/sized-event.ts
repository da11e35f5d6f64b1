/**
 * Events of a given size, and what says that they are too large.
 *
 * @module
 */
import type { Event } from '../probe/event-maker.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';

const WORDS = 'Thanks for reaching out, we will look at this on Thursday. ';

/** A valid event whose body has exactly this size in bytes. */
export const eventOfSize = (probe: Probe, bytes: number): Event => {
  const event = probe.event('email.replied', { reply_preview: '' });
  const room = bytes - Buffer.byteLength(probe.write(event));
  const reply_preview = WORDS.repeat(Math.ceil(room / WORDS.length)).slice(0, room);
  return { ...event, data: { ...event.data, reply_preview } };
};

/** Whatever limits bodies, in the framework or in front of it, says so. */
export const isTooLarge = ({ reply }: Exchange): boolean =>
  reply.kind === 'answer' && reply.status === 413;
