/**
 * Callbacks by hook.
 *
 * @module
 */
import type { Hook } from '../needs.ts';
import type { Hooks } from '../hooks/hooks.ts';

export const HOOK_MEMBERS = {
  effects: 'effects',
  state: 'state',
  fault: 'fault',
  restart: 'restart',
  recovery: 'recover',
  campaign: 'campaign',
} as const satisfies Readonly<Record<Hook, keyof Hooks>>;

export const hasHook = (hooks: Hooks, hook: Hook): boolean =>
  hooks[HOOK_MEMBERS[hook]] !== undefined;

/** All hooks except the unreliable ones. */
export const hooksWithout = (hooks: Hooks, isUnreliable: (hook: Hook) => boolean): Hooks => {
  const trusted = { ...hooks };
  for (const hook of Object.keys(HOOK_MEMBERS) as Hook[]) {
    if (isUnreliable(hook)) delete trusted[HOOK_MEMBERS[hook]];
  }
  return trusted;
};
