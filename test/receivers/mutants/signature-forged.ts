/**
 * Mutants of the area `signature` that process what they refuse, verify some types only, or accept what needs no secret.
 *
 * @module
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ModelReceiver, type Answer } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';

/** Processes what it refuses, at once or some milliseconds later. */
class ProcessesRefused extends ModelReceiver {
  readonly delayMs: number;
  constructor(secret: string, delayMs: number) {
    super(secret);
    this.delayMs = delayMs;
  }
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    const answer = await super.receive(raw, request);
    if (answer.status === 401) setTimeout(() => void this.processQuietly(raw), this.delayMs);
    return answer;
  }
  async processQuietly(raw: Buffer): Promise<void> {
    try {
      const event = this.parse(raw);
      if (typeof event?.id === 'string') await this.process(event);
    } catch {
      // It is no event.
    }
  }
}

class VerifiesOthersOnly extends ModelReceiver {
  readonly unverified: RegExp;
  constructor(secret: string, unverified: RegExp) {
    super(secret);
    this.unverified = unverified;
  }
  override verify(raw: Buffer, request: IncomingMessage): boolean {
    const type = /"event":"([^"]+)"/.exec(raw.toString('utf8'))?.[1] ?? '';
    return this.unverified.test(type) || super.verify(raw, request);
  }
}

/** A middleware that compares the path, before a router that is lenient. */
class VerifiesExactPath extends ModelReceiver {
  override async answer(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    const { url = '' } = request;
    const pathOf = (target: string): string =>
      target.toLowerCase().replace(/\?.*$/, '').replace(/\/$/, '');
    const isRouted = pathOf(url) === pathOf(this.path);
    if (request.method !== 'POST' || !isRouted) return super.answer(raw, request);
    return this.receive(raw, request);
  }
  override verify(raw: Buffer, request: IncomingMessage): boolean {
    return request.url !== this.path || super.verify(raw, request);
  }
}

class VerifiesOnceAConnection extends ModelReceiver {
  readonly verified = new WeakSet<object>();
  override verify(raw: Buffer, request: IncomingMessage): boolean {
    if (this.verified.has(request.socket)) return true;
    const isValid = super.verify(raw, request);
    if (isValid) this.verified.add(request.socket);
    return isValid;
  }
}

class AcceptsKeyless extends ModelReceiver {
  readonly other: (raw: Buffer) => string;
  constructor(secret: string, other: (raw: Buffer) => string) {
    super(secret);
    this.other = other;
  }
  override verify(raw: Buffer, request: IncomingMessage): boolean {
    return this.headerOf(request) === this.other(raw) || super.verify(raw, request);
  }
}

const sha256 = (raw: Buffer): string => `sha256=${createHash('sha256').update(raw).digest('hex')}`;
const ownKey = (raw: Buffer): string =>
  `sha256=${createHmac('sha256', raw).update(raw).digest('hex')}`;
const md5 = (raw: Buffer): string => `sha256=${createHash('md5').update(raw).digest('base64')}`;

const PROCESSED = 'a forgery that is processed marks its id';

export const FORGED_MUTANTS: readonly Mutant[] = [
  {
    name: 'signature-refuses-and-processes',
    fault: 'answers 401 and goes on',
    also: { 'delivery/id-poisoning': PROCESSED },
    make: (secret) => new ProcessesRefused(secret, 0),
  },
  {
    name: 'signature-queues-before-verify',
    fault: 'puts every request into its queue before it verifies the signature',
    also: { 'delivery/id-poisoning': PROCESSED },
    make: (secret) => new ProcessesRefused(secret, 15),
  },
  {
    name: 'signature-once-a-connection',
    fault: 'verifies the first valid event of a connection, and nothing that follows on it',
    make: (secret) => new VerifiesOnceAConnection(secret),
  },
  {
    name: 'signature-some-types-unverified',
    fault: 'verifies the signature of some event types only',
    make: (secret) => new VerifiesOthersOnly(secret, /^email\.(opened|clicked)$/),
  },
  {
    name: 'signature-completed-unverified',
    fault: 'does not verify the signature of campaign events',
    make: (secret) => new VerifiesOthersOnly(secret, /^campaign\./),
  },
  {
    name: 'signature-verifies-exact-path',
    fault: 'verifies at the exact path, and routes other spellings of it',
    make: (secret) => new VerifiesExactPath(secret),
  },
  {
    name: 'signature-plain-hash',
    fault: 'accepts the SHA-256 of the body',
    make: (secret) => new AcceptsKeyless(secret, sha256),
  },
  {
    name: 'signature-body-as-key',
    fault: 'accepts an HMAC whose key is the body',
    make: (secret) => new AcceptsKeyless(secret, ownKey),
  },
  {
    name: 'signature-md5-base64',
    fault: 'accepts the MD5 of the body in base64',
    make: (secret) => new AcceptsKeyless(secret, md5),
  },
];
