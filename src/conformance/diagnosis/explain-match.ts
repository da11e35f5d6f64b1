/**
 * Says what a receiver takes for the right signature, and how to mend it.
 *
 * @module
 */
import { tell } from '../verdict.ts';
import { firstDifference } from './difference.ts';
import { remedyFor } from './frameworks.ts';
import type { Finding } from './scene.ts';
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

const ABOUT_BYTES = /^body\//;

export const explainMatch = ({ guess, exchange }: Match): Finding => {
  const { causes, hashed } = guess;
  const sent = exchange.request.body;
  const aboutBody = causes.find(({ id }) => ABOUT_BYTES.test(id));
  const what = causes.map(({ says }) => says).join(', and ');
  const code = aboutBody === undefined ? undefined : IN_CODE[aboutBody.id];
  const hmac = code === undefined ? '' : ` (the HMAC of ${code})`;
  const difference = aboutBody === undefined ? null : firstDifference(sent, hashed);
  const parts = [
    `It accepts a signature that ${what}${hmac}, and rejects the right one over the raw body`,
    ...(difference === null ? [] : [difference]),
  ];
  const remedies = [
    ...new Set(causes.map(({ remedy }) => remedy)),
    ...(aboutBody === undefined ? [] : [remedyFor('raw', exchange.reply)]),
  ];
  return {
    actual: `the right signature refused, and one that ${what} accepted (${tell(exchange.reply)})`,
    diagnosis: `${parts.join('; ')}.`,
    fix: remedies.join(' '),
    shownBy: [exchange],
  };
};
