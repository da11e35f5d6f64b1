/**
 * Judges a receiver by whether it takes what the provider may rightly send.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import { describeBodyLimit } from '../diagnosis/body-limit.ts';
import { intermediaryOf, isHtml, type Finding } from '../diagnosis/evidence.ts';
import { expectEffects } from './interests.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Exchange } from '../net/exchange.ts';
import type { PostOptions, Probe } from '../probe/probe.ts';
import { fail, isAccepted, notTested, pass, describeReply, silenceOf } from '../verdict.ts';

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

/** More than these are counted, not told. */
const MAX_TOLD = 5;

const list = (names: readonly string[]): string => {
  const more = names.length - MAX_TOLD;
  return [...names.slice(0, MAX_TOLD), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
};

/** One after the other: the receiver's speed is for other checks. */
export const sendSamples = async (
  probe: Probe,
  samples: readonly Sample[],
): Promise<readonly Sent[]> => {
  const sent: Sent[] = [];
  for (const sample of samples) {
    sent.push({ sample, exchange: await probe.post(sample.body, sample.options) });
  }
  return sent;
};

export const isRefusedSample = ({ exchange }: Sent): boolean => !isAccepted(exchange);

type Blame = Pick<Finding, 'diagnosis'> & Partial<Pick<Finding, 'fix'>>;

/** What the check cannot know of it: a limit on bodies, or who refused it in the receiver's place. */
const blame = ({ request, reply }: Exchange): Blame | null => {
  const limit = describeBodyLimit(request.body.length, reply);
  if (limit !== null) return limit;
  const who = intermediaryOf(reply);
  return who !== null && isHtml(reply)
    ? {
        diagnosis: `The answer is a page of ${who}, not of the receiver: it was refused on the way.`,
      }
    : null;
};

/** @param refused not empty; when none was answered in time, nothing can be said */
export const failRefused = (refused: readonly Sent[]): Verdict => {
  const silence = silenceOf(refused.map(({ exchange }) => exchange));
  if (silence !== null) return silence;
  const blamed = refused.map(({ exchange }) => blame(exchange)).find((one) => one !== null);
  return fail({
    symptom: 'refused',
    expected: ['a 2xx'],
    actual: `refused: ${list(refused.map(({ sample, exchange }) => `${sample.name}: ${describeReply(exchange.reply)}`))}`,
    exchanges: refused.map(({ exchange }) => exchange).toReversed(),
    ...blamed,
  });
};

/** Each must get a 2xx. */
export const judgeAccepted = async (probe: Probe, samples: readonly Sample[]): Promise<Verdict> => {
  const refused = (await sendSamples(probe, samples)).filter(isRefusedSample);
  return refused.length > 0 ? failRefused(refused) : pass(`${samples.length} accepted`);
};

const isEvent = (body: Sample['body']): body is Event =>
  typeof body === 'object' && !(body instanceof Uint8Array);

/** Each must get a 2xx and take effect: without an effects hook a pass is not known. */
export const judgeProcessed = async (
  probe: Probe,
  samples: readonly Sample[],
): Promise<Verdict> => {
  const sent = await sendSamples(probe, samples);
  const refused = sent.filter(isRefusedSample);
  if (refused.length > 0) return failRefused(refused);
  const { effects } = probe;
  if (effects === null) {
    return notTested(
      'All were answered 2xx. Whether they took effect needs an effects hook: --effects-url http://…/effects/{id}, which answers {"count": n}.',
    );
  }
  const mayHaveEffect = await expectEffects(probe);
  const counts = await Promise.all(
    sent.map(async ({ sample: { body } }) =>
      isEvent(body) && mayHaveEffect(body) ? effects.settled(body.id, 1) : 1,
    ),
  );
  const lost = sent.filter((_, at) => counts[at] === 0);
  if (lost.length === 0) return pass(`${samples.length} accepted and processed`);
  return fail({
    symptom: 'lost',
    expected: ['a 2xx and one effect'],
    actual: `answered 2xx, but without effect: ${list(lost.map(({ sample }) => sample.name))}`,
    exchanges: lost.map(({ exchange }) => exchange),
  });
};
