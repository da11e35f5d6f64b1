/**
 * Mutants that check signatures wrongly.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { ModelReceiver } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';

export const SIGNATURE_MUTANTS: readonly Mutant[] = [
  {
    name: 'signature-missing-accepted',
    fault: 'verifies only when there is a signature',
    make: (secret) =>
      new (class extends ModelReceiver {
        override verify(raw: Buffer, request: IncomingMessage): boolean {
          return this.headerOf(request) === undefined || super.verify(raw, request);
        }
      })(secret),
  },
];
