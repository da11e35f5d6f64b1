/**
 * New members whose names differ from known ones by their case only.
 *
 * @module
 */
import { judgeProcessed, type Sample } from '../../judge/acceptance.ts';
import { defineCheck, type Verdict } from '../../check.ts';
import type { Event } from '../../probe/event-maker.ts';
import type { Probe } from '../../probe/probe.ts';
import { notTested } from '../../verdict.ts';

/** Behind the known members, so that a parser that ignores case takes the later one. */
const samplesOf = (probe: Probe): readonly Sample[] => {
  const other = probe.event('email.opened');
  const additions: Readonly<Record<string, unknown>> = {
    ID: other.id,
    Event: 'email.something_new',
    DATA: null,
  };
  return Object.entries(additions).map(([name, value]) => ({
    name: `"${name}" beside "${name.toLowerCase()}"`,
    body: { ...probe.event(), [name]: value } as Event,
  }));
};

const withCause = (verdict: Verdict): Verdict => {
  if (verdict.status !== 'fail') return verdict;
  return {
    ...verdict,
    key: 'content:member-case',
    diagnosis:
      'Names of members are compared without regard to case: a new member `ID` or `Event` replaces `id` or `event`.',
  };
};

export const check = defineCheck({
  id: 'content/member-case',
  level: 'SHOULD',
  title: 'Tells members apart whose names differ by case only',
  requirement: {
    text: 'The provider can add fields to an event and to its data at any time; JSON compares names exactly',
    source: 'spec/asyncapi.yaml: no additionalProperties: false; RFC 8259, section 8.3',
  },
  cause: 'The JSON library matches names without regard to case, and the last one wins.',
  fix: 'Go: decode into a map first, or use encoding/json/v2; .NET: PropertyNameCaseInsensitive = false; Jackson: no ACCEPT_CASE_INSENSITIVE_PROPERTIES.',
  catches: ['content-names-without-case'],
  stage: 'valid',
  after: ['content/unknown-field'],
  run: async (probe) => {
    const verdict = await judgeProcessed(probe, samplesOf(probe));
    if (verdict.status !== 'fail') return verdict;
    // Plain events sent in the same way, and the same ones again: it is the member, and no accident.
    const plain = samplesOf(probe).map(({ name }) => ({ name, body: probe.event() }));
    const isOfMember =
      (await judgeProcessed(probe, plain)).status !== 'fail' &&
      (await judgeProcessed(probe, samplesOf(probe))).status === 'fail';
    return isOfMember ? withCause(verdict) : notTested('Plain events fail in the same way.');
  },
});
