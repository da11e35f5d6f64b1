/**
 * The same event in the output of other JSON serializers.
 *
 * @module
 */
import { JSON_DIALECTS } from '../../../signature/json-dialects.ts';
import type { Sample } from '../../judge/acceptance.ts';
import { defineCheck, type Verdict } from '../../check.ts';
import { explainWriting, spaced } from '../../experiments/explain-writing.ts';
import { judgeRawBodies } from '../../judge/raw-body.ts';
import type { Probe } from '../../probe/probe.ts';
import { fail, pass } from '../../verdict.ts';

/** Triggers every serializer-specific escape, within ASCII: signature/body-charset covers other text. */
const ASCII_TEXT = { lead_company: 'Tom & <Jerry>/Sons', reply_preview: 'a/b "ok" it\'s\n+1\t' };
/** For serializers that escape non-ASCII text, so that their output is ASCII as well. */
const WIDE_TEXT = { lead_name: 'Zoë Ødegård', reply_preview: 'Ça marche 👍 <now>/"later"' };

const INTEGER_WITH_FRACTION = 'an integer written as 1.0';

const samplesFor = (probe: Probe): readonly Sample[] => {
  const written = JSON_DIALECTS.flatMap(({ id, writer, write }) => {
    const wide = write(probe.event('email.replied', WIDE_TEXT));
    const body = /^[\0-\u007F]*$/.test(wide)
      ? wide
      : write(probe.event('email.replied', ASCII_TEXT));
    return id === 'compact' ? [] : [{ name: `as written by ${writer}`, body }];
  });
  // The default event type, which is known to be accepted: failures on other types belong to other checks.
  const plain = probe.write(probe.event());
  return [
    ...written,
    {
      name: 'with whitespace between tokens',
      body: spaced(plain),
    },
    { name: INTEGER_WITH_FRACTION, body: plain.replace(/("sequence_step":\d+)/, '$1.0') },
  ];
};

/** Whether the type of the event stands behind its data, as after a serializer that sorts members. */
const isReordered = ({ body }: Sample): boolean => {
  if (typeof body !== 'string') return false;
  const members = Object.keys(JSON.parse(body) as object);
  return members.indexOf('data') < members.indexOf('event');
};

/** All that keep the order are accepted, so that the serialization as such is not the matter. */
const OTHER_ORDER: Verdict = fail({
  key: 'refused:order-of-members',
  expected: ['a 2xx'],
  actual:
    'rejected: every event whose "data" stands before its "event"; accepted: other serializations',
  diagnosis:
    'An event whose member "data" comes before "event" is refused: the order of the members matters to the receiver, and JSON gives it no meaning.',
  fix: 'Parse the whole event before its type is looked at; a parser that reads member by member must keep "data" until it knows the type.',
});

export const check = defineCheck({
  id: 'signature/body-reserialized',
  level: 'MUST',
  title: 'Verifies the raw bytes, whatever serializer wrote the JSON',
  requirement: {
    text: 'The signature covers the raw body. The serializer is not documented, so expect any JSON representation of the event',
    source: 'guide, "Step 2: Verify the signature": request.get_data(), express.raw()',
  },
  cause:
    'The body is parsed and re-serialized before hashing, which only works for the serializer’s own format.',
  fix: 'Hash the raw request bytes before anything parses them (Express: express.raw({ type: "application/json" }) on this route; Flask: request.get_data(); Rails: request.raw_post; Laravel: $request->getContent(); Next.js: await request.text()).',
  catches: [
    'signature-body-reserialized',
    'signature-body-unescaped',
    'signature-body-minified',
    'signature-order-of-members',
    'signature-escapes-unread',
  ],
  stage: 'valid',
  run: (probe) =>
    judgeRawBodies(probe, samplesFor(probe), async (refused) => {
      if (refused.every(({ sample }) => isReordered(sample))) return OTHER_ORDER;
      // Not a failure: the signature was accepted, and other checks depend on this one.
      return refused.every(({ sample }) => sample.name === INTEGER_WITH_FRACTION)
        ? pass(
            `${INTEGER_WITH_FRACTION} is rejected after the signature was accepted. JSON Schema treats both as integers, and whether the provider ever writes them this way is not documented. Accept it if that is easy`,
          )
        : explainWriting(probe, refused[0]!.exchange);
    }),
});
