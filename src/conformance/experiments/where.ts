/**
 * Where in the receiver an event is refused: its answer compared with the answers to a wrong signature, a missing one and
 * a malformed body.
 *
 * @module
 */
import { readError } from '../diagnosis/error-text.ts';
import { bodyOf, intermediaryOf, isAlike, isHtml, statusOf } from '../diagnosis/evidence.ts';
import { wrongSignature } from '../judge/forgeries.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { answerText } from './answer-text.ts';

export type Place = 'verification' | 'in front' | 'parsing' | 'handler' | 'unknown';

export interface Where {
  readonly place: Place;
  /** One or two sentences: the comparison, and what the answer reveals. */
  readonly evidence: string;
}

const MAX_QUOTE = 160;

/** The first telling line of an answer's body, such as an exception's name or `Warning: … on line 22`. */
const quoteOf = (exchange: Exchange): string => {
  const body = bodyOf(exchange.reply);
  const { says } = readError(body);
  if (says !== '') return says;
  const warning = /^.*\b(?:warning|notice|fatal|invalid|failed)\b.*$/im.exec(
    isHtml(exchange.reply) ? '' : body,
  )?.[0];
  return warning === undefined ? '' : ` It says: ${warning.trim().slice(0, MAX_QUOTE)}`;
};

/** Compare the refusal of a valid event with how the receiver refuses what is wrong. */
export const locate = async (probe: Probe, refused: Exchange): Promise<Where> => {
  const status = statusOf(refused);
  if (status === null) {
    return { place: 'handler', evidence: 'The connection is cut without an answer.' };
  }
  const who = intermediaryOf(refused.reply);
  // One after the other: requests that disturb each other are what is looked for.
  const forged = await probe.post(probe.event(), { signature: wrongSignature(probe) });
  const malformed = await probe.post('{"event": ');
  const quote = quoteOf(refused);
  if (who !== null && isHtml(refused.reply) && !isAlike(refused, forged)) {
    return { place: 'in front', evidence: `The answer is a page of ${who}, not of the receiver.` };
  }
  if (isAlike(refused, forged) && !isAlike(malformed, forged)) {
    return {
      place: 'verification',
      evidence: `The answer is the one to a wrong signature (${status}), so it is refused before or in the verification: the bytes that are hashed are not those that were sent.${quote}`,
    };
  }
  if (isAlike(refused, forged)) {
    return {
      place: 'unknown',
      evidence: `The answer is the one to a wrong signature and to a malformed body (${status}).${quote}`,
    };
  }
  const passes = `A wrong signature gets ${answerText(forged.reply)}, so the signature passes`;
  if (isAlike(refused, malformed)) {
    return {
      place: 'parsing',
      evidence: `${passes}; the answer is the one to a malformed body (${status}), so a parser or a schema refuses it.${quote}`,
    };
  }
  return {
    place: 'handler',
    evidence: `${passes}, and ${status < 500 ? `the event is refused behind it (${status})` : `the handler fails behind it (${status})`}.${quote}`,
  };
};
