/**
 * A line of a report, made by hand.
 *
 * @module
 */
import type { CheckResult } from '../../src/conformance/report.ts';

/** One that has nothing to tell but what is given. */
export const blankResult = (
  given: Partial<CheckResult> & Pick<CheckResult, 'id' | 'status'>,
): CheckResult => ({
  area: given.id.slice(0, given.id.indexOf('/')) as CheckResult['area'],
  level: 'MUST',
  title: `Does ${given.id}`,
  requirement: 'It does (guide, "Step 1")',
  duration_ms: 12,
  reason: null,
  cut_off: null,
  expected: [],
  actual: null,
  diagnosis: null,
  fix: null,
  needs: null,
  reproduce: null,
  rerun: null,
  explain: null,
  decides: [],
  forgery_took_effect: false,
  log: null,
  exchanges: [],
  ...given,
});
