/**
 * Why checks are skipped: the run was stopped, a hook is missing or unreliable, or a prerequisite did not pass.
 *
 * @module
 */
import type { ActiveCheck } from '../check.ts';
import type { Hook, Reason } from '../needs.ts';
import { hasHook } from './hook-members.ts';
import type { RunPlan } from './plan.ts';
import { blockedBy } from '../verdict.ts';
import type { Results } from './results.ts';

export interface SkipReasons {
  /** Why a check cannot be tested now; null if it can. */
  of(check: ActiveCheck): Reason | null;
  /** Why a hook is unreliable; null if it is reliable or not validated yet. */
  unreliable(hook: Hook): string | null;
  /** Skip all further active checks. The first reason stays. */
  stop(reason: string): void;
  /** Whether the run was stopped. */
  isStopped(): boolean;
  /** Skip everything that follows, passive checks too, because a prerequisite did not pass. */
  closeGate(id: string): void;
  /** Why passive checks are skipped; null if they are not. */
  ofPassive(): string | null;
}

export const createSkipReasons = (
  { validators, context }: Pick<RunPlan, 'validators' | 'context'>,
  results: Pick<Results, 'get'>,
): SkipReasons => {
  let stopped: string | null = null;
  let closed: string | null = null;

  const unreliable = (hook: Hook): string | null => {
    const validated = results.get(validators.get(hook) ?? '');
    if (validated === undefined || validated.status === 'pass') return null;
    const why = validated.actual ?? validated.reason ?? validated.status;
    return `The ${hook} hook is unreliable, see ${validated.id}: ${why}`;
  };

  const missing = ({ needs = [] }: ActiveCheck): Reason | null => {
    const hook = needs.find((one) => !hasHook(context.hooks, one));
    if (hook !== undefined) return { needs: hook };
    return needs.includes('recovery') && context.sandbox === undefined
      ? { needs: 'sandbox' }
      : null;
  };

  const notPassed = (id: string): boolean => {
    const result = results.get(id);
    if (result === undefined || result.status === 'pass') return false;
    return result.status !== 'fail' || result.level === 'MUST';
  };

  return {
    unreliable,
    of: (check) => {
      const { needs = [], after = [] } = check;
      const reason = stopped ?? missing(check) ?? needs.map(unreliable).find((one) => one !== null);
      if (reason !== undefined && reason !== null) return reason;
      const failed = after.find(notPassed);
      return failed === undefined ? null : blockedBy(failed);
    },
    stop: (reason) => {
      stopped ??= reason;
    },
    isStopped: () => stopped !== null,
    closeGate: (id) => {
      closed ??= blockedBy(id);
      stopped ??= closed;
    },
    ofPassive: () => closed,
  };
};
