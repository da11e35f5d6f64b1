/**
 * Headers of a sink's response. A sink stands in for another service but responds from the sandbox's origin. Programs do
 * not care, but in a browser a page there would have the sandbox's origin. Therefore every response carries
 * {@link ISOLATION}, and headers that make a browser store something for this host, ask for credentials or grant access
 * to other pages are rejected.
 *
 * @module
 */
import { validationFailed } from '../../domain/problems.ts';

/**
 * Make any response inert in a browser: no scripts, forms or subresources, an opaque origin, no framing, no use by other
 * pages, and no token in the `Referer` of a link.
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

/** Headers that the sandbox sets: another value would break the response. */
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

/** Headers that a browser applies to the whole host, or to pages of other sites. */
const BROWSER_HEADERS =
  /^(?:set-cookie2?|clear-site-data|strict-transport-security|public-key-pins.*|expect-ct|alt-svc|service-worker-allowed|refresh|report-to|reporting-endpoints|nel|speculation-rules|accept-ch|critical-ch|proxy-authenticate|timing-allow-origin|origin-agent-cluster|permissions-policy|document-policy|content-security-policy-report-only|access-control-.*|cross-origin-.*)$/;

/** Browsers ask for a password for other schemes. Programs read the parameters, such as `error="invalid_token"`. */
const BEARER_CHALLENGE =
  /^Bearer(?: +[\w-]+=(?:"[^"]*"|[\w.-]+)(?: *, *[\w-]+=(?:"[^"]*"|[\w.-]+))*)?$/i;

/** Why the header cannot be set, and the remedy; null if it can. */
const objectionTo = (name: string, value: string): string | null => {
  const lower = name.toLowerCase();
  if (CONNECTION_HEADERS.has(lower)) return 'which the sandbox sets itself. Remove it.';
  if (BROWSER_HEADERS.test(lower)) {
    return 'which browsers apply to the whole host. Remove it.';
  }
  if (lower === 'www-authenticate' && !BEARER_CHALLENGE.test(value)) {
    return 'for which browsers would ask for a password. Pass one Bearer challenge, such as Bearer error="invalid_token", or remove it.';
  }
  return null;
};

/**
 * Check the headers for a sink's response.
 *
 * @param headers as parsed
 * @param sent the raw request: parsing drops `__proto__`, which must be reported rather than silently ignored
 * @throws {Problem} for a header that cannot be set
 */
export const checkHeaders = (headers: Readonly<Record<string, string>>, sent: unknown): void => {
  const names = Object.keys((sent as { readonly headers?: object }).headers ?? {});
  if (names.length > MAX_HEADERS) {
    throw validationFailed(`"headers" has ${names.length} entries. Pass at most ${MAX_HEADERS}.`);
  }
  for (const name of names) {
    const shown = JSON.stringify(name);
    const objection = objectionTo(name, headers[name] ?? '');
    if (objection !== null) throw validationFailed(`"headers" has ${shown}, ${objection}`);
    try {
      if (!Object.hasOwn(headers, name)) throw new TypeError('not a header name');
      new Headers().set(name, headers[name]!);
    } catch {
      throw validationFailed(
        `"headers" has ${shown}, which is not a valid header. Use letters, digits and "-" in the name, and one line of Latin-1 text as the value.`,
      );
    }
  }
};
