/**
 * Leads with addresses of every ordinary form.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeAddressStates } from '../../experiments/address-state.ts';

export const check = defineCheck({
  id: 'domain/address-forms',
  level: 'MUST',
  title: 'Keeps the state of a lead whatever its address looks like',
  requirement: {
    text: 'An unsubscribe, a hard bounce, an open and a reply change the state of the lead that they name',
    source:
      'guide, "Payload examples"; sent today: addresses with capitals, plus signs and apostrophes',
  },
  cause: 'The address is stored in one form and looked up in another.',
  fix: 'Bring the address into one form wherever it is stored and looked up.',
  catches: ['domain-unsubscribe-lower-case'],
  stage: 'effects',
  needs: ['state'],
  after: [
    'domain/open-monotonic',
    'domain/bounce-class',
    'domain/unsub-wins',
    'delivery/stale-overwrite',
  ],
  run: async (probe) => {
    const verdict = await judgeAddressStates(probe, 'MUST');
    if (verdict.status !== 'pass') return verdict;
    const rare = await judgeAddressStates(probe, 'SHOULD');
    return rare.status === 'fail' ? rare : verdict;
  },
});
