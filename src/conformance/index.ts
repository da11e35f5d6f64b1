/**
 * The conformance suite, in code.
 *
 * @module
 */
export type { Area, Check, Level, Requirement, Stage } from './check.ts';
export type { DescribeNeed, Hook, Need } from './needs.ts';
export { readBaseline } from './run/baseline.ts';
export { CATALOGUE } from './catalogue.ts';
export type { VerifyConfig } from './config.ts';

export { OptionsError, type NameOption, type Progress, type VerifyOptions } from './options.ts';
export { createHttpHooks, type HttpHookOptions } from './hooks/http-hooks.ts';
export { readExamples } from './explore/examples.ts';
export { HookError, type Hooks, type LeadState } from './hooks/hooks.ts';
export type {
  BaselineResult,
  CheckResult,
  CheckStatus,
  KnownFailure,
  Report,
  RunVerdict,
  Summary,
} from './report.ts';
export { REPORTERS, type Reporter } from './reporters.ts';
export { verify } from './verify.ts';
