/**
 * Judge whether a receiver accepts what the provider may legitimately send.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import { describeBodyLimit } from '../diagnosis/body-limit.ts';
import { intermediaryOf, isHtml, type Finding } from '../diagnosis/evidence.ts';
import { learnedInterests, mayHaveEffect } from './interests.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Exchange } from '../net/exchange.ts';
import { inTurn } from '../probe/in-turn.ts';
import type { PostOptions, Probe } from '../probe/probe.ts';
import { fail, isAccepted, notTested, pass, describeReply, timeoutVerdictOf } from '../verdict.ts';

export interface Sample {
  /** "with a trailing newline", "email.bounced without bounce_message". */
  readonly name: string;
  readonly body: Event | Uint8Array | string;
  readonly options?: PostOptions;
}

export interface Sent {
  readonly sample: Sample;
  readonly exchange: Exchange;
}

/** Further names are only counted. */
const MAX_LISTED = 5;

const list = (names: readonly string[]): string => {
  const more = names.length - MAX_LISTED;
  return [...names.slice(0, MAX_LISTED), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
};

/** Send samples. Their speed is up to other checks. */
export const sendSamples = (probe: Probe, samples: readonly Sample[]): Promise<readonly Sent[]> =>
  inTurn(probe, samples, async (sample) => ({
    sample,
    exchange: await probe.post(sample.body, sample.options),
  }));

export const isRefusedSample = ({ exchange }: Sent): boolean => !isAccepted(exchange);

type Explanation = Pick<Finding, 'diagnosis'> & Partial<Pick<Finding, 'fix'>>;

/** A more specific explanation of a rejection: a body size limit, or an intermediary; null without one. */
const explainRefusal = ({ request, reply }: Exchange): Explanation | null => {
  const limit = describeBodyLimit(request.body.length, reply);
  if (limit !== null) return limit;
  const who = intermediaryOf(reply);
  return who !== null && isHtml(reply)
    ? {
        diagnosis: `The response is a page of ${who}, not of the receiver: the request was rejected before it got there.`,
      }
    : null;
};

/** @param refused not empty; not tested if all of them timed out */
export const failRefused = (refused: readonly Sent[]): Verdict => {
  const silence = timeoutVerdictOf(refused.map(({ exchange }) => exchange));
  if (silence !== null) return silence;
  const explanation = refused
    .map(({ exchange }) => explainRefusal(exchange))
    .find((one) => one !== null);
  return fail({
    symptom: 'refused',
    expected: ['a 2xx'],
    actual: `rejected: ${list(refused.map(({ sample, exchange }) => `${sample.name}: ${describeReply(exchange.reply)}`))}`,
    exchanges: refused.map(({ exchange }) => exchange).toReversed(),
    ...explanation,
  });
};

/** Require a 2xx for each sample. */
export const judgeAccepted = async (probe: Probe, samples: readonly Sample[]): Promise<Verdict> => {
  const refused = (await sendSamples(probe, samples)).filter(isRefusedSample);
  return refused.length > 0 ? failRefused(refused) : pass(`${samples.length} accepted`);
};

const isEvent = (body: Sample['body']): body is Event =>
  typeof body === 'object' && !(body instanceof Uint8Array);

/** Require a 2xx and an effect for each sample; not tested without an effects hook. */
export const judgeProcessed = async (
  probe: Probe,
  samples: readonly Sample[],
): Promise<Verdict> => {
  const sent = await sendSamples(probe, samples);
  const refused = sent.filter(isRefusedSample);
  if (refused.length > 0) return failRefused(refused);
  const { effects } = probe;
  if (effects === null) {
    return notTested({
      needs: 'effects',
      remark: 'All events were accepted with 2xx, but their effects cannot be verified.',
    });
  }
  const interests = await learnedInterests(probe);
  const counts = await Promise.all(
    sent.map(async ({ sample: { body } }) =>
      isEvent(body) && mayHaveEffect(interests, body) ? effects.settled(body.id, 1) : 1,
    ),
  );
  const lost = sent.filter((_, at) => counts[at] === 0);
  if (lost.length === 0) return pass(`${samples.length} accepted and processed`);
  return fail({
    symptom: 'lost',
    expected: ['a 2xx and one effect'],
    actual: `accepted with 2xx, but without effect: ${list(lost.map(({ sample }) => sample.name))}`,
    exchanges: lost.map(({ exchange }) => exchange),
  });
};
