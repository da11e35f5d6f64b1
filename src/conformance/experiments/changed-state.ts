/**
 * A receiver that refuses even plain events by now: since which request, and whether a fresh connection helps.
 *
 * @module
 */
import { inDigitGroups } from '../../domain/digit-groups.ts';
import { EVENT_TYPES, SIGNATURE } from '../../../schemas/contract.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { postRaw } from '../probe/raw-post.ts';
import { isAccepted } from '../verdict.ts';
import type { Intermittence } from './intermittence.ts';
import { answerText } from './answer-text.ts';
import type { NamedCause } from './known-causes.ts';
import { explainOutage } from './outage.ts';

/** A body that is read as an event of a known type. */
const isEvent = (body: Uint8Array): boolean => {
  try {
    const { event, data } = JSON.parse(Buffer.from(body).toString('utf8')) as Record<
      string,
      unknown
    >;
    return (EVENT_TYPES as readonly unknown[]).includes(event) && typeof data === 'object';
  } catch {
    return false;
  }
};

/** What a request was, in a few words: "forged event", "malformed body". */
const kindOf = (probe: Probe, { request }: Exchange): string => {
  const { headers, body, method } = request;
  if (method !== 'POST') return `${method} request`;
  const name = SIGNATURE.header.toLowerCase();
  const signature = headers.find(([header]) => header.toLowerCase() === name)?.[1];
  if (signature === undefined) return 'event without a signature';
  if (signature !== probe.signing.valid(body)) return 'forged event';
  return isEvent(body) ? 'valid event' : 'malformed body';
};

const byOutage = ({ key, sentence, fix }: NamedCause): Omit<Intermittence, 'exchanges'> => ({
  name: key.slice('state:'.length),
  cause: sentence,
  evidence: 'Since then, plain events are refused, too.',
  fix,
});

/**
 * @param refused a plain event that is refused now
 * @returns since when, as far as the run's own requests show it
 */
export const explainChangedState = async (
  probe: Probe,
  refused: Exchange,
): Promise<Intermittence> => {
  const { sinceAccepted, accepted } = probe.memory;
  const outage = await explainOutage(probe, null);
  if (outage !== null) return { ...byOutage(outage), exchanges: [refused] };
  const [first] = sinceAccepted;
  const kind = first === undefined ? 'valid event' : kindOf(probe, first);
  const body = probe.write(probe.event());
  const fresh = await postRaw(probe, body, probe.headersFor(body), null);
  const onConnection = isAccepted(fresh);
  const since =
    kind === 'valid event'
      ? `after about ${inDigitGroups(accepted)} events were accepted`
      : `since the first ${kind}`;
  const where = onConnection ? ' on the same connection' : '';
  const slug = kind.replaceAll(' ', '-');
  return {
    name: `since-${kind === 'valid event' ? 'many-requests' : slug}${onConnection ? '-on-same-connection' : ''}`,
    cause: `Refuses every event ${since}${where}, plain ones too.`,
    evidence: `A plain event is answered ${answerText(refused.reply)}${onConnection ? `, and over a fresh connection ${answerText(fresh.reply)}` : ', over a fresh connection as well'}. The last ${sinceAccepted.length} requests were all refused; the first of them was a ${kind}.`,
    exchanges: [...(onConnection ? [fresh] : []), ...(first === undefined ? [] : [first]), refused],
  };
};
