/**
 * Whether what happens to one lead leaves another alone whose address is similar.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import { withDomain, withLocal } from '../explore/classes/addresses.ts';
import type { Probe } from '../probe/probe.ts';
import { fail, notTested, pass } from '../verdict.ts';
import { tellStory, type Story } from './lead-story.ts';
import { sideBySide } from './trial.ts';

interface Neighbour {
  readonly name: string;
  /** Completes "an address … is taken for the one without". */
  readonly phrase: string;
  readonly make: (address: string) => string;
}

const NEIGHBOURS: readonly Neighbour[] = [
  {
    name: 'plus-tag',
    phrase: 'with a tag behind a plus sign',
    make: (address) => withLocal(address, (local) => `${local}+news`),
  },
  {
    name: 'dots',
    phrase: 'with other dots before the @',
    make: (address) => withLocal(address, (local) => local.replaceAll('.', '')),
  },
  {
    name: 'wildcard',
    phrase: 'with an underscore, which SQL takes for any character,',
    make: (address) => withLocal(address, (local) => local.replace('.', '_')),
  },
  {
    name: 'longer-start',
    phrase: 'with more characters in front',
    make: (address) => `x${address}`,
  },
  {
    name: 'longer-end',
    phrase: 'with more characters at the end',
    make: (address) => `${address}s`,
  },
  {
    name: 'sub-domain',
    phrase: 'at a sub-domain',
    make: (address) => withDomain(address, (domain) => `mail.${domain}`),
  },
];

const OPENED: Story = { steps: [{ type: 'email.opened' }], expected: {} };
const NOTHING: Story = { steps: [], expected: {} };
const ENDED: Story = {
  steps: [
    { type: 'email.bounced', data: { bounce_type: 'hard' } },
    { type: 'email.unsubscribed', data: { suppressed_globally: true } },
  ],
  expected: { suppressed: true, unsubscribed: true },
};

const tryNeighbour = async (probe: Probe, one: Neighbour) => {
  const email = probe.events.freshEmail();
  await tellStory(probe, OPENED, email);
  const other = await tellStory(probe, ENDED, one.make(email));
  const { state } = await tellStory(probe, NOTHING, email);
  const isTouched = state.suppressed === true || state.unsubscribed === true;
  return { one, email, other, isMerged: isTouched && !other.isUnclear };
};

/** Suppress a lead for each kind of neighbour, and look at the lead beside it. */
export const judgeNeighbours = async (probe: Probe): Promise<Verdict> => {
  const plain = await tellStory(probe, OPENED);
  if (plain.isUnclear || !plain.state.known) return notTested('An ordinary lead is not known.');
  const results = await sideBySide(probe, NEIGHBOURS, (one) => tryNeighbour(probe, one));
  const merged = results.find(({ isMerged }) => isMerged);
  if (merged === undefined) return pass(`${results.length} pairs of similar addresses`);
  const { one, email, other } = merged;
  return fail({
    key: `state:merged:lead_email:${one.name}`,
    expected: [`${email} is neither suppressed nor unsubscribed`],
    actual: `it is, after events of ${other.email}`,
    diagnosis: `Takes two leads for one: a \`lead_email\` ${one.phrase} is treated as the one without it. A hard bounce and an unsubscribe of ${other.email} suppress ${email}, which never bounced.`,
    fix: 'Compare whole addresses, by equality: no LIKE, no prefix, and without taking off tags, dots or sub-domains.',
    exchanges: other.exchanges,
  });
};
