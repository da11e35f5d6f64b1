/**
 * The generated constants: event types, signature, delivery policy and limits.
 *
 * @module
 */
import type { EventSpec } from './asyncapi.ts';
import { literal } from './data-modules.ts';
import { type Found, type Members, membersAt } from './documents.ts';
import { generatedHeader } from './header.ts';
import { type Doc, group, render } from './layout.ts';
import { type Place, SpecProblem, inside } from './spec-problem.ts';
import { print } from './source-text.ts';

/** `contract.ts`, which imports nothing: engines read it at start-up. */
export function printContract(
  spec: EventSpec,
  extensions: ReadonlyMap<string, readonly Found[]>,
): string {
  const types = spec.events.map(({ type }) => print(type));
  const find = (name: string): Found => {
    const [found] = extensions.get(name) ?? [];
    if (found) return found;
    throw new SpecProblem({ file: 'asyncapi.yaml', pointer: '' }, `there is no "${name}".`);
  };
  const constant = (name: string, value: unknown): string => {
    const start = `export const ${name} = `;
    return `${start}${render(broken(value))} as const;`;
  };
  return `${generatedHeader('What the provider promises, as constants: nothing of this is decided in code.')}

/** Every event type, in the order of the provider's table. */
export const EVENT_TYPES = ${render(group('[', types, ']'))} as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** The media type of an event's body. */
export const CONTENT_TYPE = ${print(spec.contentType)};

/** How an event is signed: the header is \`prefix\` and the keyed hash of \`signedContent\`, encoded. */
${constant('SIGNATURE', readSignature(find('x-webhook-signature')))}

/** When an event counts as delivered and when it is tried again, counted from the failed attempt. */
${constant('DELIVERY_POLICY', readPolicy(find('x-delivery-policy')))}

/** Limits that no schema says. */
${constant('LIMITS', readLimits(extensions.get('x-limits') ?? []))}
`;
}

/** An object that always takes a line for each member. */
function broken(value: unknown): Doc {
  return literal(value, 1);
}

function readSignature({ value, place }: Found): Members {
  const members = reader(membersAt(value, place), place);
  return members.done({
    header: members.text('header'),
    scheme: members.oneOf('scheme', ['hmac']),
    algorithm: members.text('algorithm'),
    encoding: members.oneOf('encoding', ['hex', 'base64']),
    prefix: members.text('prefix'),
    signedContent: members.oneOf('signedContent', ['body']),
    key: members.oneOf('key', ['secret']),
  });
}

function readPolicy({ value, place }: Found): Members {
  const members = reader(membersAt(value, place), place);
  const at = (name: string): Reader => {
    const from = inside(place, name);
    return reader(membersAt(members.take(name), from), from);
  };
  const success = at('success');
  const delays = members.take('retryDelays');
  if (!Array.isArray(delays))
    throw new SpecProblem(inside(place, 'retryDelays'), 'expected a list.');
  const policy = {
    timeoutMs: parseDuration(members.take('timeout'), inside(place, 'timeout')),
    retryDelaysMs: delays.map((delay, index) =>
      parseDuration(delay, inside(place, 'retryDelays', index)),
    ),
    ...success.done({ successFrom: success.number('from'), successTo: success.number('to') }),
    afterLastRetry: members.oneOf('afterLastRetry', ['dead-letter']),
    delayCountsFrom: at('delayCountsFrom').only('moment', ['attempt-failed']),
    sameBytes: at('sameBytes').only('every', ['attempt']),
    redirects: at('redirects').only('follow', [false]),
  };
  // These three are what the engine does; another value is refused above, so there is nothing to tell.
  const { delayCountsFrom: _moment, sameBytes: _every, redirects: _follow, ...told } = policy;
  return members.done(told);
}

function readLimits(found: readonly Found[]): Members {
  const limits: Record<string, number> = {};
  for (const { value, place } of found) {
    for (const [name, limit] of Object.entries(membersAt(value, place))) {
      if (name.startsWith('x-')) continue;
      const constant = name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
      if (constant in limits)
        throw new SpecProblem(inside(place, name), 'stands twice. Say it once.');
      if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) {
        throw new SpecProblem(inside(place, name), 'expected a whole number from 1.');
      }
      limits[constant] = limit;
    }
  }
  return limits;
}

/** Reads the members of an object, and rejects members that were not read. */
interface Reader {
  take(name: string): unknown;
  text(name: string): string;
  number(name: string): number;
  oneOf<T>(name: string, known: readonly T[]): T;
  /** Its one member. */
  only<T>(name: string, known: readonly T[]): T;
  done<T>(result: T): T;
}

function reader(members: Members, place: Place): Reader {
  const taken = new Set<string>();
  const refuse = (name: string, expected: string): never => {
    throw new SpecProblem(inside(place, name), `expected ${expected}.`);
  };
  const self: Reader = {
    take(name) {
      taken.add(name);
      return members[name];
    },
    text(name) {
      const value = self.take(name);
      return typeof value === 'string' ? value : refuse(name, 'a text');
    },
    number(name) {
      const value = self.take(name);
      return typeof value === 'number' ? value : refuse(name, 'a number');
    },
    oneOf<T>(name: string, known: readonly T[]): T {
      const value = self.take(name) as T;
      return known.includes(value)
        ? value
        : refuse(name, known.map((one) => JSON.stringify(one)).join(' or '));
    },
    only(name, known) {
      return self.done(self.oneOf(name, known));
    },
    done(result) {
      const left = Object.keys(members).find((name) => !taken.has(name) && !name.startsWith('x-'));
      return left === undefined
        ? result
        : refuse(left, 'nothing of this name: the engine knows no such rule');
    },
  };
  return self;
}

/** Milliseconds of an ISO 8601 duration without months and years, such as `PT5M`. */
function parseDuration(value: unknown, place: Place): number {
  const found = /^P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/.exec(
    String(value),
  );
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = (found ?? [])
    .slice(1)
    .map((part) => Number(part ?? 0));
  if (!found || value === 'P')
    throw new SpecProblem(place, 'expected a duration such as PT10S, PT5M or PT1H30M.');
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
}
