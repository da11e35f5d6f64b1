/**
 * Mutants that verify the plain event, and hash something else when the body is written in another way.
 *
 * @module
 */
import { ModelReceiver, type Event } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';

const hashing = (
  name: string,
  fault: string,
  content: (raw: Buffer) => Buffer | string,
  also?: Mutant['also'],
): Mutant => ({
  name: `signature-body-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override signedContent(raw: Buffer): Buffer | string {
        return content(raw);
      }
    })(secret),
  ...(also === undefined ? {} : { also }),
});

const reserialized = (raw: Buffer): Buffer | string => {
  try {
    return JSON.stringify(JSON.parse(raw.toString()));
  } catch {
    return raw;
  }
};

export const SIGNATURE_BODY_MUTANTS: readonly Mutant[] = [
  {
    name: 'signature-order-of-members',
    fault: 'reads member by member, and needs the type before the data',
    make: (secret) =>
      new (class extends ModelReceiver {
        override parse(raw: Buffer): Event {
          const event = super.parse(raw);
          const members = Object.keys(event ?? {});
          if (members.indexOf('data') < members.indexOf('event')) throw new Error('no type yet');
          return event;
        }
      })(secret),
  },
  {
    name: 'signature-escapes-unread',
    fault: 'a parser that knows neither \\/ nor pairs of surrogates',
    make: (secret) =>
      new (class extends ModelReceiver {
        override parse(raw: Buffer): Event {
          if (/\\\/|\\u[dD][89abAB]/.test(raw.toString())) throw new Error('unknown escape');
          return super.parse(raw);
        }
      })(secret),
  },
  hashing('reserialized', 'hashes JSON.stringify of the parsed body', reserialized),
  hashing('unescaped', 'a gateway writes \\/ as /', (raw) =>
    raw.toString().replaceAll(String.raw`\/`, '/'),
  ),
  hashing('minified', 'a gateway takes the spaces out', (raw) =>
    raw.toString().replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1'),
  ),
  hashing('latin-1', 'writes the text as Latin-1', (raw) => Buffer.from(raw.toString(), 'latin1')),
  hashing('mojibake', 'reads the bytes as Latin-1', (raw) => raw.toString('latin1')),
  hashing('question-marks', 'encodes the text as ASCII', (raw) =>
    raw.toString().replaceAll(/[^\0-\u007F]/g, '?'),
  ),
  hashing('trimmed', 'trims the body', (raw) =>
    Buffer.from(raw.toString('latin1').trim(), 'latin1'),
  ),
  hashing('newline-cut', 'reads the body as a line, without its end', (raw) =>
    Buffer.from(raw.toString('latin1').replace(/\r?\n$/, ''), 'latin1'),
  ),
  hashing('lf', 'reads the body in text mode', (raw) =>
    Buffer.from(raw.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'),
  ),
  hashing('bom-dropped', 'decodes with utf-8-sig', (raw) =>
    raw.subarray(0, 3).equals(Buffer.from('\uFEFF')) ? raw.subarray(3) : raw,
  ),
  hashing('decoded', 'hashes text, not bytes', (raw) => raw.toString()),
];
