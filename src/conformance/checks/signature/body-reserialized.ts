/**
 * The same event as other serialisers write it.
 *
 * @module
 */
import { JSON_DIALECTS } from '../../../signature/json-dialects.ts';
import type { Sample } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { judgeRawBodies } from '../../judge/raw-body.ts';
import type { Probe } from '../../probe/probe.ts';
import { pass } from '../../verdict.ts';

/** Shows every habit of a writer, and is ASCII: text beyond it is for another check. */
const ASCII_TEXT = { lead_company: 'Tom & <Jerry>/Sons', reply_preview: 'a/b "ok" it\'s\n+1\t' };
/** For writers that escape it; their bytes are ASCII too. */
const WIDE_TEXT = { lead_name: 'Zoë Ødegård', reply_preview: 'Ça marche 👍 <now>/"later"' };

const WHOLE_FRACTION = 'a whole number written as 1.0';

const samplesFor = (probe: Probe): readonly Sample[] => {
  const written = JSON_DIALECTS.flatMap(({ id, writer, write }) => {
    const wide = write(probe.event('email.replied', WIDE_TEXT));
    const body = /^[\0-\u007F]*$/.test(wide)
      ? wide
      : write(probe.event('email.replied', ASCII_TEXT));
    return id === 'compact' ? [] : [{ name: `as ${writer} writes it`, body }];
  });
  // As what was accepted before: a handler or a schema that fails over another type is for other checks.
  const plain = probe.write(probe.event());
  return [
    ...written,
    {
      name: 'with white space where JSON allows it',
      body: plain.replaceAll(/([{}:,]) ?(?=")/g, '$1 '),
    },
    { name: WHOLE_FRACTION, body: plain.replace(/("sequence_step":\d+)/, '$1.0') },
  ];
};

export const check = defineCheck({
  id: 'signature/body-reserialized',
  level: 'MUST',
  title: 'Verifies the bytes as they came, whoever wrote the JSON',
  requirement: {
    text: 'The signature is over the raw body; which serialiser writes it is not documented, so any JSON text of the event may come',
    source: 'guide, "Step 2: Verify the signature": request.get_data(), express.raw()',
  },
  cause:
    'The body is parsed and written again before it is hashed: compact ASCII JSON hides it, any other writer’s does not.',
  fix: 'Hash the bytes of the request as they came, before anything parses them (Express: express.raw({ type: "application/json" }) on this route; Flask: request.get_data(); Rails: request.raw_post; Laravel: $request->getContent(); Next.js: await request.text()).',
  catches: ['signature-body-reserialized', 'signature-body-unescaped', 'signature-body-minified'],
  stage: 'valid',
  run: (probe) =>
    judgeRawBodies(probe, samplesFor(probe), (refused) =>
      // No failure: other checks wait for this one, and the signature passes.
      refused.every(({ name }) => name === WHOLE_FRACTION)
        ? pass(
            `${WHOLE_FRACTION} is refused after the signature has passed; to JSON Schema they are one, and whether the provider ever writes so is not documented. Read whole numbers leniently, if that is easy`,
          )
        : null,
    ),
});
