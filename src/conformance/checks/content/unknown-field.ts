/**
 * Fields that do not exist yet.
 *
 * @module
 */
import { judgeProcessed } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';

const NEW = { a_new_field: { nested: [1, 'two', null] }, another_new_field: null };

export const check = defineCheck({
  id: 'content/unknown-field',
  level: 'SHOULD',
  title: 'Processes events with unknown fields',
  requirement: {
    text: 'The provider can add fields to an event and to its data at any time',
    source: 'spec/asyncapi.yaml: no additionalProperties: false',
  },
  cause: 'A strict schema rejects unknown fields.',
  fix: 'Ignore unknown fields (zod: z.looseObject or z.object, not z.strictObject; pydantic: extra="ignore"; Jackson: FAIL_ON_UNKNOWN_PROPERTIES=false; Go: no DisallowUnknownFields; class-validator: no forbidNonWhitelisted).',
  catches: ['content-strict-data', 'content-strict-envelope', 'content-unknown-field-dropped'],
  stage: 'valid',
  after: ['signature/body-reserialized'],
  run: (probe) =>
    judgeProcessed(probe, [
      { name: 'new fields in data', body: probe.event('email.replied', NEW) },
      { name: 'new fields in the event', body: { ...probe.event('email.opened'), ...NEW } },
    ]),
});
