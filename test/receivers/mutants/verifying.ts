/**
 * Makes mutants that verify signatures incorrectly.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { ModelReceiver, type Answer } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';

export interface Seen {
  readonly secret: string;
  readonly raw: Buffer;
  readonly request: IncomingMessage;
  /** The value of the signature header. */
  readonly given: string | undefined;
  /** The value that is due. */
  readonly expected: string;
  /** Whether it is correctly signed. */
  readonly right: boolean;
}

export type Rest = Pick<Mutant, 'also' | 'without'>;

/** @param verify created for each receiver, so that it can remember */
export const remembering = (
  name: string,
  fault: string,
  verify: () => (seen: Seen) => boolean,
  rest: Rest = {},
): Mutant => ({
  name: `signature-${name}`,
  fault,
  ...rest,
  make: (secret) => {
    const decide = verify();
    return new (class extends ModelReceiver {
      override verify(raw: Buffer, request: IncomingMessage): boolean {
        const given = this.headerOf(request);
        const right = super.verify(raw, request);
        return decide({ secret, raw, request, given, expected: this.expected(raw), right });
      }
    })(secret);
  },
});

export const verifying = (
  name: string,
  fault: string,
  verify: (seen: Seen) => boolean,
  rest: Rest = {},
): Mutant => remembering(name, fault, () => verify, rest);

/** Verifies as it should, and answers otherwise. @param reply undefined: as the model does */
export const answering = (
  name: string,
  fault: string,
  reply: (seen: Seen) => Answer | Promise<Answer> | undefined,
  rest: Rest = {},
): Mutant => ({
  name: `signature-${name}`,
  fault,
  ...rest,
  make: (secret) =>
    new (class extends ModelReceiver {
      override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
        const given = this.headerOf(request);
        const right = this.verify(raw, request);
        const seen = { secret, raw, request, given, expected: this.expected(raw), right };
        return (await reply(seen)) ?? super.receive(raw, request);
      }
    })(secret),
});
