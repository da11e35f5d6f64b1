/**
 * Mutants that refuse forgeries and do harm all the same: by failing, dying, hanging, or by what they answer.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelReceiver, type Answer } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';
import { answering, type Seen } from './verifying.ts';

const ok: Answer = { status: 200 };
const error: Answer = { status: 500, body: 'Internal Server Error' };

const depth = (raw: Buffer): number => /\[+/.exec(raw.toString('latin1'))?.[0].length ?? 0;

const isMalformed = ({ given }: Seen): boolean =>
  given !== undefined && !/^sha256=[0-9a-f]{64}$/.test(given);

/** Ends over a malformed signature, as an uncaught error does. */
const crashing = (name: string, fault: string, recoveredAfterMs: number | null): Mutant => ({
  name: `signature-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override verify(raw: Buffer, request: IncomingMessage): boolean {
        const given = this.headerOf(request);
        if (given !== undefined && given.length !== this.expected(raw).length) {
          void this.crash();
        }
        return super.verify(raw, request);
      }
      async crash(): Promise<void> {
        if (!this.server.listening) return;
        await this.stop();
        if (recoveredAfterMs === null) return;
        await sleep(recoveredAfterMs);
        await this.start();
      }
    })(secret),
});

/** Header names as they came over the wire. */
const spelledAs = (name: string, fault: string, spellings: readonly string[]): Mutant => ({
  name: `signature-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override headerOf({ rawHeaders }: IncomingMessage): string | undefined {
        const at = rawHeaders.findIndex((one, place) => place % 2 === 0 && spellings.includes(one));
        return at < 0 ? undefined : rawHeaders[at + 1];
      }
    })(secret),
});

/** Rejects the first correctly signed request after a forgery. */
const afterForgery = (name: string, fault: string, status: number): Mutant => ({
  name: `signature-${name}`,
  fault,
  // Which of the checks that run side by side comes next after a forgery is chance.
  without: ['effects', 'state', 'fault', 'restart', 'recover'],
  also: { 'delivery/aftermath': 'a forgery and a valid event are a short sequence, too' },
  make: (secret) =>
    new (class extends ModelReceiver {
      locked = false;
      override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
        const right = this.verify(raw, request);
        const away = this.locked && right;
        this.locked = !right;
        return away ? { status } : super.receive(raw, request);
      }
    })(secret),
});

export const SIGNATURE_FAILING_MUTANTS: readonly Mutant[] = [
  answering('forgery-answered-200', 'drops a forgery and answers 200', ({ right }) =>
    right ? undefined : ok,
  ),
  answering(
    'forgery-answered-200-unseen',
    'answers 200 to a forgery, whose effects cannot be observed',
    ({ right }) => (right ? undefined : ok),
    { without: ['effects'] },
  ),
  answering('forgery-answered-500', 'the error of verification ends as 500', ({ right }) =>
    right ? undefined : error,
  ),
  answering('forgery-redirected', 'redirects to the login', ({ right }) =>
    right ? undefined : { status: 302, headers: { location: '/login' } },
  ),
  answering('missing-throws', 'Buffer.from(undefined) throws', ({ given }) =>
    given === undefined ? error : undefined,
  ),
  answering('length-throws', 'timingSafeEqual throws on different lengths', ({ given, expected }) =>
    given !== undefined && given.length !== expected.length ? error : undefined,
  ),
  answering('non-ascii-throws', 'compare_digest throws beyond ASCII', ({ given = '' }) =>
    /[^\u0000-\u007F]/.test(given) ? error : undefined,
  ),
  answering('two-headers-throw', 'a list has no startsWith', ({ request }) =>
    (request.headersDistinct['x-sendemall-signature']?.length ?? 0) > 1 ? error : undefined,
  ),
  answering('parses-first', 'parses the body before it verifies', ({ raw, right }) => {
    if (right) return undefined;
    try {
      JSON.parse(raw.toString());
      return undefined;
    } catch {
      return error;
    }
  }),
  answering('reads-first', 'looks at event.data before it verifies', ({ raw, right }) => {
    if (right) return undefined;
    const event = /^null$|"data":null/.test(raw.toString());
    return event ? error : undefined;
  }),
  answering('nesting-throws', 'the parser in front runs out of stack', ({ raw }) =>
    depth(raw) > 10_000 ? error : undefined,
  ),
  crashing('crash-for-good', 'an uncaught error ends the process', null),
  crashing('crash-supervised', 'an error ends the process, and a supervisor starts it again', 500),
  spelledAs('header-spelled-exactly', 'looks the header up by its exact spelling', [
    'X-SendEmAll-Signature',
  ]),
  spelledAs('header-lower-case-only', 'knows the header in two spellings', [
    'X-SendEmAll-Signature',
    'x-sendemall-signature',
  ]),
  afterForgery('locks-out', 'refuses the next event, too', 403),
  afterForgery('fails-after-forgery', 'trips over what a forgery has left behind', 500),
  afterForgery('limits-after-forgery', 'counts forgeries against everybody', 429),
  answering('leaks-expected', 'says what would have been right', ({ right, expected }) =>
    right ? undefined : { status: 401, body: `expected ${expected}` },
  ),
  answering('leaks-expected-header', 'says it in a debug header', ({ right, expected }) =>
    right ? undefined : { status: 401, headers: { 'x-expected': expected.slice(7) } },
  ),
  answering('leaks-secret', 'its debug page shows the settings', ({ secret, right }) =>
    right ? undefined : { status: 403, body: `<pre>WEBHOOK_SECRET=${secret}</pre>` },
  ),
  answering('leaks-stack', 'the default page shows the stack', ({ right }) =>
    right ? undefined : { status: 401, body: new Error('Invalid signature').stack ?? '' },
  ),
  answering('leaks-traceback', 'the debugger’s page shows the traceback', (seen) =>
    isMalformed(seen)
      ? { status: 400, body: 'Traceback (most recent call last):\n  File "app.py", line 7' }
      : undefined,
  ),
];
