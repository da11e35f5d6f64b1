/**
 * Matchers for deliveries, events and schemas. Matchers that wait advance the account's clock; they never sleep.
 *
 * @module
 */
import type { EventType } from '../../schemas/contract.ts';
import { SIGNATURE } from '../../schemas/contract.ts';
import type { DeliveryDetail } from '../../schemas/sandbox.ts';
import { explainSignature } from '../signature/explain.ts';
import { findRejections } from './accept-every.ts';
import { problemsOf } from './event-schema.ts';
import { MatcherError, settle, subjectOf, describeDelivery, thrown } from './subject.ts';
import { sandboxOf } from './sandbox.ts';

interface Result {
  readonly pass: boolean;
  readonly message: () => string;
  readonly actual?: unknown;
  readonly expected?: unknown;
}

/** The part of vitest's matcher state that is needed here. */
interface State {
  readonly isNot?: boolean;
  equals(a: unknown, b: unknown, testers?: unknown[]): boolean;
  readonly utils: {
    subsetEquality?: unknown;
    stringify?(value: unknown): string;
    diff?(a: unknown, b: unknown): string | undefined;
  };
}

const judgeStatus = async (
  received: unknown,
  matcher: string,
  expectedStatuses: readonly DeliveryDetail['status'][],
  description: string,
): Promise<Result> => {
  const subject = subjectOf(received, matcher);
  const settled = await settle(subject);
  const others = settled.filter(({ status }) => !expectedStatuses.includes(status));
  const pass = others.length === 0;
  const described = (pass ? settled : others).map(describeDelivery).join('\n\n');
  return {
    pass,
    message: () =>
      `expected every delivery ${pass ? 'not ' : ''}to be ${description}\n\n${described}${thrown(subject.sandbox)}`,
    actual: settled.map(({ status }) => status),
    expected: settled.map(() => expectedStatuses[0]),
  };
};

/** True if `actual` contains everything in `partial`, at any depth. */
const includes = (actual: unknown, partial: unknown, state: State): boolean => {
  if (typeof partial !== 'object' || partial === null || Array.isArray(partial)) {
    return state.equals(actual, partial);
  }
  // Asymmetric matchers such as expect.stringContaining() compare themselves.
  if ('asymmetricMatch' in partial) return state.equals(actual, partial);
  if (typeof actual !== 'object' || actual === null) return false;
  return Object.entries(partial).every(([key, value]) =>
    includes((actual as Record<string, unknown>)[key], value, state),
  );
};

interface Signed {
  readonly body: string | Uint8Array;
  readonly header: string | null;
}

const headerIn = (headers: unknown): string | null => {
  if (headers instanceof Headers) return headers.get(SIGNATURE.header);
  const entries = Array.isArray(headers)
    ? (headers as [string, unknown][])
    : Object.entries((headers ?? {}) as Record<string, unknown>);
  const found = entries.find(([name]) => name.toLowerCase() === SIGNATURE.header.toLowerCase());
  return found === undefined ? null : String(found[1]);
};

/** Body and signature of each attempt of a delivery, or of any `{body, headers}`. */
const signedIn = async (received: unknown): Promise<readonly Signed[]> => {
  if (sandboxOf(received) !== null) {
    const settled = await settle(subjectOf(received, 'toBeSignedWith'));
    return settled.flatMap(({ body, attempts }) =>
      attempts.map(({ request }) => ({ body, header: headerIn(request.headers) })),
    );
  }
  const { body, headers } = (received ?? {}) as { body?: unknown; headers?: unknown };
  if (typeof body === 'string' || body instanceof Uint8Array) {
    return [{ body, header: headerIn(headers) }];
  }
  throw new MatcherError(
    'toBeSignedWith() requires the result of sandbox.trigger(), or {body, headers} with the raw body as text or bytes. A parsed body has lost its bytes.',
  );
};

export const matchers = {
  toBeDelivered(this: State, received: unknown): Promise<Result> {
    return judgeStatus(received, 'toBeDelivered', ['delivered'], 'delivered');
  },

  toBeDeadLettered(this: State, received: unknown): Promise<Result> {
    return judgeStatus(received, 'toBeDeadLettered', ['dead', 'acknowledged'], 'a dead letter');
  },

  async toHaveAttempts(this: State, received: unknown, count: number): Promise<Result> {
    if (!Number.isInteger(count) || count < 0) {
      throw new MatcherError(
        `toHaveAttempts(${String(count)}): invalid count. Pass a whole number.`,
      );
    }
    const subject = subjectOf(received, 'toHaveAttempts');
    const settled = await settle(subject);
    const others = settled.filter(({ attempts_made }) => attempts_made !== count);
    const pass = others.length === 0;
    const described = (pass ? settled : others).map(describeDelivery).join('\n\n');
    return {
      pass,
      message: () =>
        `expected every delivery ${pass ? 'not ' : ''}to have ${count} attempts\n\n${described}${thrown(subject.sandbox)}`,
      actual: settled.map(({ attempts_made }) => attempts_made),
      expected: settled.map(() => count),
    };
  },

  async toHaveReceivedEvent(
    this: State,
    received: unknown,
    type: EventType,
    data: object = {},
  ): Promise<Result> {
    const sandbox = sandboxOf(received);
    if (sandbox === null) {
      throw new MatcherError(
        'toHaveReceivedEvent() requires a sandbox, or the result of sandbox.register().',
      );
    }
    await sandbox.untilSettled();
    const of = (received as { webhook?: { id: string } }).webhook?.id;
    const delivered = (await sandbox.deliveries()).filter(
      ({ status, webhook_id }) => status === 'delivered' && (of === undefined || webhook_id === of),
    );
    const events = delivered.map(({ body }) => JSON.parse(body) as { event: string; data: object });
    const ofType = events.filter(({ event }) => event === type);
    const pass = ofType.some((event) => includes(event.data, data, this));
    const types = events.map(({ event }) => event);
    return {
      pass,
      message: () =>
        pass
          ? `expected not to receive a ${type} with this data`
          : ofType.length > 0
            ? `expected a ${type} with this data; received ${ofType.length} of this type with other data${thrown(sandbox)}`
            : `expected a ${type}; received: ${types.length === 0 ? 'none' : types.join(', ')}${thrown(sandbox)}`,
      actual: ofType.length === 1 ? ofType[0]?.data : ofType.map((event) => event.data),
      expected: data,
    };
  },

  async toBeSignedWith(this: State, received: unknown, secret: string): Promise<Result> {
    const all = await signedIn(received);
    const reports = all.map(({ body, header }) => explainSignature({ body, header, secret }));
    const wrong = reports.find(({ matches }) => !matches);
    const pass = all.length > 0 && wrong === undefined;
    const causes = wrong?.causes.map(({ says, remedy }) => `  It ${says}. ${remedy}`) ?? [];
    return {
      pass,
      message: () =>
        pass
          ? 'expected the signature not to match this secret'
          : ['expected the signature to match this secret', ...causes].join('\n'),
    };
  },

  toMatchEventSchema(this: State, received: unknown, type?: EventType): Result {
    const problems = problemsOf(received, type);
    const pass = problems.length === 0;
    return {
      pass,
      message: () =>
        pass
          ? `expected not to be a valid ${type ?? 'event'}`
          : [`expected a valid ${type ?? 'event'}`, ...problems.map((one) => `  ${one}`)].join(
              '\n',
            ),
    };
  },

  async toAcceptEvery(this: State, received: unknown, type: EventType): Promise<Result> {
    const rejections = await findRejections(received, type);
    const pass = rejections.length === 0;
    return {
      pass,
      message: () =>
        pass
          ? `expected the schema to reject some legal ${type}`
          : [
              `expected the schema to accept every legal ${type}; it is stricter than the contract:`,
              ...rejections.map((one) => `  ${one}`),
            ].join('\n'),
    };
  },
};
