/**
 * The difference between two bodies as text, and which bodies to compare.
 *
 * @module
 */
import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { DeliveryDetail } from '../../../schemas/sandbox.ts';
import type { Client } from '../../client/create-client.ts';
import type { BodyDiff, Part } from '../../deliveries/body-diff.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { harmless } from './table.ts';

type Two = readonly [first: number, second: number];

/** Parse `1,4`. */
export const twoNumbers = (value: string): Two => {
  const [, first, second] = /^([1-9]\d*),([1-9]\d*)$/.exec(value) ?? [];
  if (first === undefined || second === undefined) {
    throw new InvalidArgumentError('Pass the numbers of two attempts, e.g. 1,2.');
  }
  return [Number(first), Number(second)];
};

export interface Compared {
  readonly names: readonly [before: string, after: string];
  readonly before: string;
  readonly after: string;
}

const responseTo = ({ id, attempts }: DeliveryDetail, number: number): string => {
  const attempt = attempts.find((one) => one.number === number);
  if (attempt === undefined) {
    throw new UsageError(
      `${id} has no attempt ${number}. Attempts made: ${attempts.map((one) => one.number).join(', ') || 'none'}.`,
    );
  }
  if (attempt.response === null) {
    throw new UsageError(`Attempt ${number} of ${id} got no response. Choose another attempt.`);
  }
  return attempt.response.body;
};

/** @throws {UsageError} if there is nothing to compare with */
export const textsToCompare = async (
  client: Client,
  id: string,
  other: string | undefined,
  attempts: Two | undefined,
  { signal }: Terminal,
): Promise<Compared> => {
  const delivery = await client.deliveries.get(id, { signal });
  if (attempts !== undefined) {
    const [first, second] = attempts;
    return {
      names: [`response to attempt ${first}`, `response to attempt ${second}`],
      before: responseTo(delivery, first),
      after: responseTo(delivery, second),
    };
  }
  if (other === undefined && delivery.redelivery_of === null) {
    throw new UsageError(
      `${id} repeats no other delivery. Pass the delivery to compare it with, or --attempts 1,2 to compare responses.`,
    );
  }
  // A redelivery comes after the one that it repeats.
  const [before, after] = other === undefined ? [delivery.redelivery_of ?? '', id] : [id, other];
  const bodyOf = async (one: string): Promise<string> =>
    one === id ? delivery.body : (await client.deliveries.get(one, { signal })).body;
  return {
    names: [`body of ${before}`, `body of ${after}`],
    before: await bodyOf(before),
    after: await bodyOf(after),
  };
};

/** `[-removed-]` and `{+added+}`, as other tools write differences within lines; coloured where that is possible. */
const marked = ({ text, kind }: Part, terminal: Terminal): string => {
  const shown = harmless(text);
  if (kind === 'same') return shown;
  return kind === 'removed'
    ? terminal.style('red', `[-${shown}-]`)
    : terminal.style('green', `{+${shown}+}`);
};

const bytes = (count: number): string => `${count} ${count === 1 ? 'byte' : 'bytes'}`;

export const differenceLines = (
  { parts, isEqual, sizes }: BodyDiff,
  { names }: Compared,
  terminal: Terminal,
): string[] => {
  if (isEqual) return [`Equal: ${names.join(' and ')}, ${bytes(sizes[0])}.`];
  return [
    `--- ${names[0]}, ${bytes(sizes[0])}`,
    `+++ ${names[1]}, ${bytes(sizes[1])}`,
    ...parts
      .map((part) => marked(part, terminal))
      .join('')
      .split('\n'),
  ];
};
