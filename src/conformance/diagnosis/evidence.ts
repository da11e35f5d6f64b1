/**
 * What a diagnosis looks at: the refused event, and what the receiver does with other requests to the same place.
 *
 * @module
 */
import type { Exchange, Reply } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { headerLines } from './frameworks.ts';

export interface Scene {
  readonly probe: Probe;
  /** Correctly signed, and rejected. */
  readonly valid: Exchange;
  /** The same bytes without a signature. */
  readonly unsigned: Exchange;
  /** The same bytes with 64 wrong digits. */
  readonly forged: Exchange;
  readonly get: Exchange;
}

export interface Finding {
  /** What is wrong, as a sentence to the developer. */
  readonly diagnosis: string;
  readonly fix: string;
  /** What an experiment has shown; see `Verdict`. */
  readonly key?: string;
  /** When more is to be said than the reply. */
  readonly actual?: string;
  /** What else shows it. */
  readonly shownBy?: readonly Exchange[];
}

/** One cause that can keep a valid event out; null when it is not this one. */
export type Cause = (scene: Scene) => Finding | null | Promise<Finding | null>;

const WRONG_DIGITS = `sha256=${'5f'.repeat(32)}`;

export const lookAround = async (probe: Probe, valid: Exchange): Promise<Scene> => {
  const { body } = valid.request;
  const [unsigned, forged, get] = await Promise.all([
    probe.post(body, { signature: null }),
    probe.post(body, { signature: WRONG_DIGITS }),
    probe.post('', { method: 'GET', signature: null, contentType: null }),
  ]);
  return { probe, valid, unsigned, forged, get };
};

export const statusOf = ({ reply }: Exchange): number | null =>
  reply.kind === 'answer' ? reply.status : null;

export const headerOf = (reply: Reply, wanted: string): string | null =>
  reply.kind === 'answer' ? (reply.headers.find(([name]) => name === wanted)?.[1] ?? null) : null;

export const bodyOf = (reply: Reply): string => (reply.kind === 'answer' ? reply.body : '');

export const isHtml = (reply: Reply): boolean =>
  /html/i.test(headerOf(reply, 'content-type') ?? '') ||
  /^\s*<(!doctype|html)/i.test(bodyOf(reply));

/** Status and text alike, whatever numbers and tokens are in them. */
export const isAlike = (one: Exchange, other: Exchange): boolean => {
  const gist = ({ reply }: Exchange): string =>
    bodyOf(reply)
      .replaceAll(/[\d\s]+/g, '')
      .slice(0, 500);
  return statusOf(one) !== null && statusOf(one) === statusOf(other) && gist(one) === gist(other);
};

const INTERMEDIARIES: readonly (readonly [RegExp, string])[] = [
  [/^(server: cloudflare|cf-ray:)/im, 'Cloudflare'],
  [/^server: awselb|^x-amzn-(waf|errortype)/im, 'a load balancer or gateway of AWS'],
  [/^x-amz-cf-id:/im, 'CloudFront'],
  [/^server: akamaighost/im, 'Akamai'],
  [/^x-iinfo:|^x-cdn: (incapsula|imperva)/im, 'Imperva'],
  [/^x-sucuri/im, 'Sucuri'],
  [/^x-azure-ref:|^server: microsoft-azure/im, 'Azure Front Door or Application Gateway'],
  [/^x-vercel-(id|mitigated|error)/im, 'Vercel'],
  [/^ngrok-error-code:/im, 'ngrok'],
  [
    /^server: (nginx|openresty|caddy|apache(?!-coyote)|traefik|envoy|varnish|haproxy|istio-envoy)/im,
    '',
  ],
];

/** Who stands in front and answers in the receiver's place; null where nothing tells. */
export const intermediaryOf = (reply: Reply): string | null => {
  const lines = headerLines(reply);
  const found = INTERMEDIARIES.find(([sign]) => sign.test(lines));
  return found === undefined ? null : found[1] || (headerOf(reply, 'server') ?? null);
};
