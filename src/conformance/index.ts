/**
 * The conformance suite, in code.
 *
 * @module
 */
export type { Area, Check, Hook, Level, Requirement, Stage } from './check.ts';
export { CATALOGUE } from './catalogue.ts';
export { OptionsError, type Progress, type VerifyOptions } from './options.ts';
export { createHttpHooks, type HttpHookOptions } from './probe/http-hooks.ts';
export { HookError, type Hooks, type LeadState } from './probe/hooks.ts';
export type { CheckResult, CheckStatus, Report, RunVerdict, Summary } from './report.ts';
export { verify } from './verify.ts';
