/**
 * Mutants that refuse the plain valid event, because they compute or look for another signature.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ModelReceiver } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';

const withKey = (
  name: string,
  fault: string,
  key: (secret: string) => string | Buffer,
): Mutant => ({
  name: `signature-key-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override key(): string | Buffer {
        return key(secret);
      }
    })(secret),
});

const withContent = (name: string, fault: string, content: (raw: Buffer) => string): Mutant => ({
  name: `signature-content-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override signedContent(raw: Buffer): string {
        return content(raw);
      }
    })(secret),
});

const withValue = (
  name: string,
  fault: string,
  value: (secret: string, raw: Buffer) => string,
  header = 'x-sendemall-signature',
): Mutant => ({
  name: `signature-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override expected(raw: Buffer): string {
        return value(secret, raw);
      }

      override headerOf(request: IncomingMessage): string | undefined {
        return request.headers[header]?.toString();
      }
    })(secret),
});

const hmac = (secret: string, raw: Buffer, algorithm = 'sha256') =>
  createHmac(algorithm, secret).update(raw);

/** `json.dumps(json.loads(body))`, for text without numbers that are not whole. */
const pythonDumps = (raw: Buffer): string =>
  JSON.stringify(JSON.parse(raw.toString()), null, 1)
    .replaceAll(/\n */g, ' ')
    .replaceAll('{ ', '{')
    .replaceAll(' }', '}')
    .replaceAll(
      /[\u007F-\uFFFF]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );

export const PREFLIGHT_SIGNATURE_MUTANTS: readonly Mutant[] = [
  withKey('newline', 'the secret is read from a file with its newline', (secret) => `${secret}\n`),
  withKey('quoted', 'the quotes of the .env file are in the secret', (secret) => `"${secret}"`),
  withKey('prefix-stripped', 'takes whsec_ off the secret', (secret) => secret.slice(6)),
  withKey('base64-decoded', 'decodes the secret as Standard Webhooks does', (secret) =>
    Buffer.from(secret.slice(6), 'base64'),
  ),
  withKey('unset', 'the secret is not set', () => ''),
  withKey('other', 'has another secret', () => 'whsec_of-another-webhook'),
  withContent('empty', 'the stream had been read before: hashes nothing', () => ''),
  withContent('object-object', 'hashes the parsed object as text', () => '[object Object]'),
  withContent('python-dumps', 'hashes json.dumps of the parsed body', pythonDumps),
  withContent('base64', 'hashes the base64 form that the gateway hands on', (raw) =>
    raw.toString('base64'),
  ),
  withContent('data-only', 'hashes the event’s data alone', (raw) =>
    JSON.stringify((JSON.parse(raw.toString()) as { data: unknown }).data),
  ),
  withContent('timestamped', 'hashes timestamp.body, as Stripe signs', (raw) => {
    const { timestamp } = JSON.parse(raw.toString()) as { timestamp: string };
    return `${Date.parse(timestamp) / 1000}.${raw.toString()}`;
  }),
  withValue(
    'base64',
    'expects base64',
    (secret, raw) => `sha256=${hmac(secret, raw).digest('base64')}`,
  ),
  withValue('bare-hex', 'expects the digits without sha256=', (secret, raw) =>
    hmac(secret, raw).digest('hex'),
  ),
  withValue(
    'upper-case',
    'expects upper-case digits',
    (secret, raw) => `sha256=${hmac(secret, raw).digest('hex').toUpperCase()}`,
  ),
  withValue(
    'sha1',
    'expects SHA-1',
    (secret, raw) => `sha1=${hmac(secret, raw, 'sha1').digest('hex')}`,
  ),
  withValue(
    'sha512',
    'expects SHA-512',
    (secret, raw) => `sha256=${hmac(secret, raw, 'sha512').digest('hex')}`,
  ),
  withValue(
    'github-header',
    'looks for GitHub’s header',
    (secret, raw) => `sha256=${hmac(secret, raw).digest('hex')}`,
    'x-hub-signature-256',
  ),
  withValue(
    'other-header-base64',
    'looks for base64 in X-Signature',
    (secret, raw) => hmac(secret, raw).digest('base64'),
    'x-signature',
  ),
  withValue(
    'dumps-and-prefix',
    'hashes json.dumps, with whsec_ off the secret',
    (secret, raw) => `sha256=${hmac(secret.slice(6), Buffer.from(pythonDumps(raw))).digest('hex')}`,
  ),
  {
    name: 'signature-header-lower-case',
    fault: 'looks for the header in lower case, in headers as they came',
    make: (secret) =>
      new (class extends ModelReceiver {
        override headerOf({ rawHeaders }: IncomingMessage): string | undefined {
          const at = rawHeaders.indexOf('x-sendemall-signature');
          return at < 0 ? undefined : rawHeaders[at + 1];
        }
      })(secret),
  },
  {
    name: 'signature-inverted',
    fault: 'refuses what is right and takes what is not',
    make: (secret) =>
      new (class extends ModelReceiver {
        override verify(raw: Buffer, request: IncomingMessage): boolean {
          return this.headerOf(request) !== undefined && !super.verify(raw, request);
        }
      })(secret),
  },
];
