/**
 * Headers of a sink's answer. A sink stands in for another service, but answers under the sandbox's own origin. For a
 * program that makes no difference; in a browser, a page there would be one of the sandbox's own. So every answer
 * carries {@link ISOLATION}, and headers by which a browser would store something for this host, ask for credentials,
 * or grant other pages access cannot be set.
 *
 * @module
 */
import { validationFailed } from '../../domain/problems.ts';

/**
 * Makes whatever is answered inert in a browser: no script, no form, no subresource, an origin of its own, no frame, no
 * use by other pages, and no token in the `Referer` of a link.
 */
export const ISOLATION: readonly (readonly [string, string])[] = [
  [
    'content-security-policy',
    "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['referrer-policy', 'no-referrer'],
];

const MAX_HEADERS = 20;

/** Another value would break the answer. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'trailer',
  'x-request-id',
  ...ISOLATION.map(([name]) => name),
]);

/** What a browser would act on for the whole host, or for pages of other sites. */
const BROWSER_HEADERS =
  /^(?:set-cookie2?|clear-site-data|strict-transport-security|public-key-pins.*|expect-ct|alt-svc|service-worker-allowed|refresh|report-to|reporting-endpoints|nel|speculation-rules|accept-ch|critical-ch|proxy-authenticate|timing-allow-origin|origin-agent-cluster|permissions-policy|document-policy|content-security-policy-report-only|access-control-.*|cross-origin-.*)$/;

/** Browsers ask for a password on other schemes. Programs read the parameters, e.g. `error="invalid_token"`. */
const BEARER_CHALLENGE =
  /^Bearer(?: +[\w-]+=(?:"[^"]*"|[\w.-]+)(?: *, *[\w-]+=(?:"[^"]*"|[\w.-]+))*)?$/i;

/** @returns why the header cannot be set, and the remedy; null when it can */
const objectionTo = (name: string, value: string): string | null => {
  const lower = name.toLowerCase();
  if (CONNECTION_HEADERS.has(lower)) return 'which the sandbox sets itself. Leave it out.';
  if (BROWSER_HEADERS.test(lower)) {
    return 'which browsers act on for everything on this host. A sink cannot answer with it: leave it out.';
  }
  if (lower === 'www-authenticate' && !BEARER_CHALLENGE.test(value)) {
    return 'for which browsers would ask for a password. Use one Bearer challenge, e.g. Bearer error="invalid_token", or leave it out.';
  }
  return null;
};

/** @param sent the whole request: what is read of it lacks a `__proto__`, which must not be dropped in silence */
export const checkHeaders = (headers: Readonly<Record<string, string>>, sent: unknown): void => {
  const names = Object.keys((sent as { readonly headers?: object }).headers ?? {});
  if (names.length > MAX_HEADERS) {
    throw validationFailed(`"headers" has ${names.length} names. Give at most ${MAX_HEADERS}.`);
  }
  for (const name of names) {
    const shown = JSON.stringify(name);
    const objection = objectionTo(name, headers[name] ?? '');
    if (objection !== null) throw validationFailed(`"headers" has ${shown}, ${objection}`);
    try {
      if (!Object.hasOwn(headers, name)) throw new TypeError('no name of a header');
      new Headers().set(name, headers[name]!);
    } catch {
      throw validationFailed(
        `"headers" has ${shown}, whose name or value no header can have. Use letters, digits and "-" in the name, and one line of Latin text as the value.`,
      );
    }
  }
};
