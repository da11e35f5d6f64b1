/**
 * Members that are special to JavaScript.
 *
 * @module
 */
import { judgeProcessed } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { fail, isAccepted, isRefused, describeReply } from '../../verdict.ts';

/** What code reads from objects that may not have it, and what would change its ways. */
const POLLUTION = {
  status: 510,
  statusCode: 510,
  duplicate: true,
  processed: true,
  skip: true,
  ignored: true,
};

const HARMLESS = Object.fromEntries(Object.keys(POLLUTION).map((key) => [key, null]));

/** The members written into the prototype, by both ways, of the event and of its data. */
const withPrototype = (text: string, members: object): string => {
  const written = JSON.stringify(members);
  const both = `"__proto__":${written},"constructor":{"prototype":${written}},`;
  return text.replace(/^\{/, `{${both}`).replace('"data":{', `"data":{${both}`);
};

export const check = defineCheck({
  id: 'content/proto-keys',
  level: 'SHOULD',
  title: 'Is not changed by members named __proto__',
  requirement: {
    text: 'Whatever an event holds, the next one is processed as always; a 2xx and a 400 are both right answers to it',
    source: 'guide, "Step 3: Handle retries": every later event would be lost',
  },
  cause:
    'The event is merged into another object member by member: __proto__ then writes to the prototype of all objects.',
  fix: 'Do not deep-merge what was sent (JavaScript: structuredClone or a spread of named members; lodash.merge and qs-like parsers are the usual way in); or start Node with --disable-proto=delete.',
  catches: ['content-prototype-polluted', 'content-proto-key-fails'],
  stage: 'risky',
  run: async (probe) => {
    const exchange = await probe.post(withPrototype(probe.write(probe.event()), POLLUTION));
    const tolerated = isAccepted(exchange) || isRefused(exchange);
    const broken = fail({
      expected: ['a 2xx', 'a 400'],
      actual: describeReply(exchange.reply),
      diagnosis: 'The receiver fails over such a member.',
      exchanges: [exchange],
    });
    const after = await judgeProcessed(probe, [
      { name: 'a plain event after it', body: probe.event() },
    ]);
    if (after.status !== 'fail') return tolerated ? after : broken;
    // What was written is made harmless in the same way, so that the checks after this one can tell something.
    await probe.post(withPrototype(probe.write(probe.event()), HARMLESS));
    return {
      ...after,
      expected: ['the plain event after it is processed'],
      diagnosis:
        'The event with __proto__ has changed the process: a plain event after it is no longer processed. Until it is restarted, all are lost.',
      exchanges: [exchange, ...(after.exchanges ?? [])],
    };
  },
});
