/**
 * Keys that are special in JavaScript, such as `__proto__`.
 *
 * @module
 */
import { judgeProcessed } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { fail, isAccepted, isRefused, describeReply } from '../../verdict.ts';

/** Properties that code commonly reads from objects without checking that they are their own. */
const POLLUTION = {
  status: 510,
  statusCode: 510,
  duplicate: true,
  processed: true,
  skip: true,
  ignored: true,
};

const HARMLESS = Object.fromEntries(Object.keys(POLLUTION).map((key) => [key, null]));

/** Add the members to the prototype of the event and of its data, through both known keys. */
const withPrototype = (text: string, members: object): string => {
  const written = JSON.stringify(members);
  const both = `"__proto__":${written},"constructor":{"prototype":${written}},`;
  return text.replace(/^\{/, `{${both}`).replace('"data":{', `"data":{${both}`);
};

export const check = defineCheck({
  id: 'content/proto-keys',
  level: 'SHOULD',
  title: 'Is not affected by __proto__ keys',
  requirement: {
    text: 'Whatever an event contains, the next one is processed as usual. Both 2xx and 400 are acceptable responses',
    source: 'guide, "Step 3: Handle retries": every later event would be lost',
  },
  cause:
    'The event is deep-merged into another object, so that __proto__ writes to the prototype of all objects.',
  fix: 'Do not deep-merge untrusted input: lodash.merge and qs-like parsers are the usual way in. Use structuredClone or copy known properties, or start Node with --disable-proto=delete.',
  catches: ['content-prototype-polluted', 'content-proto-key-fails'],
  stage: 'risky',
  run: async (probe) => {
    const exchange = await probe.post(withPrototype(probe.write(probe.event()), POLLUTION));
    const tolerated = isAccepted(exchange) || isRefused(exchange);
    const broken = fail({
      expected: ['a 2xx', 'a 400'],
      actual: describeReply(exchange.reply),
      diagnosis: 'The receiver fails on a __proto__ key.',
      exchanges: [exchange],
    });
    const after = await judgeProcessed(probe, [
      { name: 'a plain event after it', body: probe.event() },
    ]);
    if (after.status !== 'fail') return tolerated ? after : broken;
    // Undo the pollution in the same way, so that later checks give meaningful results.
    await probe.post(withPrototype(probe.write(probe.event()), HARMLESS));
    return {
      ...after,
      expected: ['the next plain event is processed'],
      diagnosis:
        'The __proto__ event polluted the process: plain events are no longer processed, and all are lost until a restart.',
      exchanges: [exchange, ...(after.exchanges ?? [])],
    };
  },
});
