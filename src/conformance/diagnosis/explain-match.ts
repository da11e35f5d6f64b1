/**
 * Explanation of which signature a receiver expects, and the fix.
 *
 * @module
 */
import { RAW_PLACES } from '../../signature/remedies.ts';
import type { Cause } from '../../signature/cause.ts';
import type { Exchange, Reply } from '../net/exchange.ts';
import { describeReply } from '../verdict.ts';
import { firstDifference } from './difference.ts';
import { frameworkOf } from './frameworks.ts';
import type { Finding } from './evidence.ts';
import type { Match } from './search.ts';

/** In code, what a receiver hashes in place of the body; by the hypothesis’s id. */
const IN_CODE: Readonly<Record<string, string>> = {
  'body/json-compact': 'JSON.stringify(parsed)',
  'body/json-python': 'json.dumps(parsed)',
  'body/json-php': 'json_encode($parsed)',
  'body/json-html-safe': 'json.Marshal(parsed)',
  'body/empty': '""',
  'body/object-object': '"[object Object]"',
};

const difference = ({ request }: Exchange, hashed: Uint8Array): string => {
  const first = firstDifference(request.body, hashed);
  return first === null ? '' : `; ${first}`;
};

/** In place of how it is done everywhere, how it is done there, where the answer tells what it is. */
const inPlace = (remedies: readonly string[], reply: Reply): string => {
  const raw = frameworkOf(reply)?.raw;
  const told = [...new Set(remedies)].join(' ');
  return raw === undefined || !told.includes(RAW_PLACES)
    ? told
    : `${told.replaceAll(RAW_PLACES, '')} ${raw}`;
};

const ABOUT_BYTES = /^body\//;

/** It is accepted here, and not over another body: what is done to the body is something else, which comes to this. */
const explainUnproven = (
  { candidate: { hashed }, exchange }: Match,
  aboutBody: Cause,
): Finding => ({
  diagnosis: `It does not hash the raw bytes, but modified text${difference(exchange, hashed)}. The change is not a known one; for this body it is equivalent to a signature that ${aboutBody.says}.`,
  fix: inPlace([aboutBody.remedy], exchange.reply),
  actual: `rejected the valid signature and accepted one over a modified body (${describeReply(exchange.reply)})`,
  shownBy: [exchange],
});

export const explainMatch = (match: Match): Finding => {
  const { candidate, exchange, proven } = match;
  const { causes, hashed } = candidate;
  const aboutBody = causes.find(({ id }) => ABOUT_BYTES.test(id));
  if (aboutBody !== undefined && !proven) return explainUnproven(match, aboutBody);
  const what = causes.map(({ says }) => says).join(', and ');
  const code = aboutBody === undefined ? undefined : IN_CODE[aboutBody.id];
  const hmac = code === undefined ? '' : ` (the HMAC of ${code})`;
  const remedies = causes.map(({ remedy }) => remedy);
  return {
    actual: `rejected the valid signature and accepted one that ${what} (${describeReply(exchange.reply)})`,
    diagnosis: `It accepts a signature that ${what}${hmac}, and rejects the valid one${aboutBody === undefined ? '' : ` over the raw body${difference(exchange, hashed)}`}.`,
    fix: inPlace(remedies, exchange.reply),
    shownBy: [exchange],
  };
};
