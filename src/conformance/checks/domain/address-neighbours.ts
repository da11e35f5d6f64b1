/**
 * Leads whose addresses contain each other.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeNeighbours } from '../../experiments/address-neighbours.ts';

export const check = defineCheck({
  id: 'domain/address-neighbours',
  level: 'SHOULD',
  title: 'Does not take a lead for another whose address is similar',
  requirement: {
    text: 'An event is about the lead that it names, and about no other',
    source: 'guide, "Payload examples: email.unsubscribed"',
  },
  cause: 'Tags, dots or sub-domains are taken off before addresses are compared.',
  fix: 'Compare whole addresses.',
  catches: ['domain-strips-plus'],
  stage: 'effects',
  needs: ['state'],
  after: [
    'domain/suppress-scope',
    'domain/address-forms',
    'domain/open-monotonic',
    'domain/bounce-class',
    'domain/unsub-wins',
    'delivery/stale-overwrite',
  ],
  run: (probe) => judgeNeighbours(probe),
});
