/**
 * vitest: a sandbox in every test, matchers, and the conformance suite as tests.
 *
 * @module
 */
// First, so that it speaks before anything else fails.
import './supported.ts';
import './types.ts';

export {
  describeReceiver,
  NotConformantError,
  NotReachedError,
  type DescribeOptions,
} from './describe-receiver.ts';
export { createSandboxTest, test, type SandboxFixtures, type SandboxOptions } from './fixtures.ts';
export { matchers } from './matchers.ts';
export { ReceiverError, type Receiver } from './mount.ts';
export type { RegisterOptions, Registered, Sandbox, Triggered } from './sandbox.ts';
export { MatcherError } from './subject.ts';
